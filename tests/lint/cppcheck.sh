#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# cppcheck has nothing to say about user space. Not asked for: style, of which
# the tree has its own, and missing includes, which it does not need.
. "$(dirname "$0")/lint.bash"

command -v cppcheck > /dev/null || need cppcheck
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

check()
{
	cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 --template='{file}:{line}: {severity}: {message} [{id}]' \
		-D_GNU_SOURCE -D__linux__ -D__x86_64__ -I include -I lib -I examples/common "$@" 2>&1
}

# The planted is found, or silence means nothing.
printf '%s\n' 'int planted(int i);' 'int planted(int i)' \
	'{ int a[4] = { 0 }; return i == 7 ? a[i] : 0; }' > "$tmp/planted.c"
check "$tmp/planted.c" > "$tmp/planted" && finding "cppcheck does not see an overrun"
grep -q arrayIndexOutOfBounds "$tmp/planted" || finding "cppcheck says: $(cat "$tmp/planted")"

files 'lib/*.c' 'examples/*.c' 'tests/*.c' > "$tmp/files"
check --file-list="$tmp/files" || finding "cppcheck has something to say"
conclude
