#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The table of docs/features.md: a row for each feature that the library has a name for, a column for
# each tests/features/KERNEL.txt, which ./run features --update writes.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

# features: "BIT NAME FLAG" of each, as the library has them
features()
{
	sed -n 's/^\t{ .*\(UBLK_F_[A-Z_]*\),[[:space:]]*"\([A-Z_]*\)" },$/\2 \1/p' "$here/../../lib/names.c" |
		awk '{ print NR - 1, $0 }'
}

mapfile -t kernels < <(cd "$here" && printf '%s\n' *.txt | sort -V | sed 's/\.txt$//')
printf '| bit | feature | flag |'
printf ' %s |' "${kernels[@]}"
printf '\n|---|---|---|'
printf -- '---|%.0s' "${kernels[@]}"
printf '\n'
while read -r bit name flag; do
	printf '| %s | `%s` | `%s` |' "$bit" "$name" "$flag"
	for kernel in "${kernels[@]}"; do
		grep -qx "$bit $name" "$here/$kernel.txt" && printf ' yes |' || printf ' - |'
	done
	printf '\n'
done < <(features)
