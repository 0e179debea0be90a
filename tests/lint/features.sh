#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The table in docs/features.md is the one that is made of tests/features, where each kernel of the
# matrix has a file, with features that the library has a name for.
. "$(dirname "$0")/lint.bash"

doc=docs/features.md dir=tests/features

table_of() { sed '1,/^<!-- table -->$/d; /^<!-- end of table -->$/,$d' "$1" | sed '/^$/d'; }

table=$(bash "$dir/table.sh")
[ "$(grep -c '^| [0-9]' <<<"$table")" -ge 21 ] || finding "$dir/table.sh: not all features are found in lib/names.c"
[ "$(table_of "$doc")" = "$table" ] || finding "$doc: not the table of $dir: ./run features --update"

read -ra kernels < <(sed -n 's/^KERNELS=(\(.*\))$/\1/p' tests/vm/harness/kernels.sh)
for kernel in "${kernels[@]}"; do
	file=$dir/$kernel.txt
	[ -s "$file" ] || { finding "$file is missing: ./run features --update --kernel $kernel"; continue; }
	while read -r bit name; do
		grep -q "^| $bit | \`$name\` |" <<<"$table" || finding "$file: nobody knows \"$bit $name\""
	done < <(sed '/^#/d' "$file")
done

# a cell that is wrong is seen
tmp=$(mktemp)
sed '0,/| yes |/s//| - |/' "$doc" >"$tmp"
[ "$(table_of "$tmp")" != "$table" ] || finding "a wrong cell is not seen"
rm -f "$tmp"
conclude
