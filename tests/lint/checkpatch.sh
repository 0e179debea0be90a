#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# checkpatch.pl --strict of Linux has nothing to say about the module, but for
# the exceptions of checkpatch.exceptions: each a type, a file, and a reason.
. "$(dirname "$0")/lint.bash"

package=linux-source-6.1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ublk/reference/$package
exceptions=$LINT/checkpatch.exceptions
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

linux_files "$cache" "$package" scripts/checkpatch.pl scripts/spelling.txt \
	scripts/const_structs.checkpatch || skip "$package cannot be had"

mapfile -t sources < <(files 'module/*.c' 'module/*.h' ':!module/compat/probes')
# one that has something to be said of, so that silence means something
printf 'int x;\n\n\n\nint\ty( void );  \n' > "$tmp/bad.c"
perl "$cache/scripts/checkpatch.pl" --no-tree --terse --strict --show-types \
	--max-line-length=100 -f "${sources[@]}" "$tmp/bad.c" > "$tmp/out" 2> "$tmp/err" || :
grep -q 'bad\.c:[0-9]*: ERROR:TRAILING_WHITESPACE:' "$tmp/out" || {
	cat "$tmp/err"
	finding "checkpatch.pl does not work"
}

touch "$tmp/used"
while IFS= read -r line; do
	[[ $line =~ ^([^:]+):[0-9]+:\ [A-Z]+:([A-Z_]+): ]] || continue
	file=${BASH_REMATCH[1]} type=${BASH_REMATCH[2]}
	[ "$file" != "$tmp/bad.c" ] || continue
	if grep -qE "^$type ($file|\*) " "$exceptions"; then
		echo "$type" >> "$tmp/used"
	else
		finding "$line"
	fi
done < "$tmp/out"
# an exception for what is no more only hides the next one
while read -r type _; do
	grep -qx "$type" "$tmp/used" || finding "checkpatch.exceptions: nothing has $type any more"
done < <(grep -v '^#' "$exceptions")
conclude
