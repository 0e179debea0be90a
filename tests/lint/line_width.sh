#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# No line of C is wider than 100 columns, with tabs of 8; but a message that is
# searched for in the source is not broken, so a string may run over at the end.
. "$(dirname "$0")/lint.bash"

while IFS= read -r f; do
	while IFS=: read -r number text; do
		finding "$f:$number: ${#text} columns"
	done < <(expand "$f" | grep -nE '^.{101}' | grep -vE '^[0-9]+: *[^"]{,40}"([^"\\]|\\.)*"[,;)]*$' || :)
done < <(files '*.c' '*.h' '*.cpp')
conclude
