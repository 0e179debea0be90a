#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# No line of C is wider than 100 columns, with tabs of 8.
. "$(dirname "$0")/lint.bash"

while IFS= read -r f; do
	while IFS=: read -r number text; do
		finding "$f:$number: ${#text} columns"
	done < <(expand "$f" | grep -nE '^.{101}' || :)
done < <(files '*.c' '*.h' '*.cpp')
conclude
