#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# No white space at the end of a line, no blank lines at the end of a file, and
# a newline there.
. "$(dirname "$0")/lint.bash"

while IFS= read -r f; do
	[ -s "$f" ] || continue
	while IFS= read -r hit; do
		finding "$f:$hit: white space at the end of the line"
	done < <(grep -nE '[[:blank:]]+$' "$f" | cut -d: -f1 || :)
	[ -z "$(tail -c 1 "$f")" ] || finding "$f: no newline at the end"
	[ -n "$(tail -n 1 "$f")" ] || finding "$f: blank lines at the end"
done < <(files '*.c' '*.h' '*.cpp' '*.sh' '*.bash' '*.awk' '*.cmake' '*CMakeLists.txt' \
	'*Kbuild*' '*Makefile' run '*.conf' '*.map')
conclude
