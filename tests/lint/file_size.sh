#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# One noun per file: more than 500 lines are two nouns.  Not the public header of
# the library, which is one file for the sake of those who include it.
. "$(dirname "$0")/lint.bash"

while IFS= read -r f; do
	[ "$f" != include/ublk.h ] || continue
	n=$(wc -l < "$f")
	[ "$n" -le 500 ] || finding "$f: $n lines"
done < <({ files '*.c' '*.h' '*.cpp' '*.awk' '*CMakeLists.txt'; shell_files; } | sort -u)
conclude
