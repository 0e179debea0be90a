#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# edges.sh DIR..: which edges of the driver's tables did no search take? And which took one that
# the tables do not have (pan would not compile, or C would warn; so never)? Prints what differs.
set -eu -o pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

gcc -I"$here/../../module" -o "$work/tables" "$here/tables.c"
"$work/tables" | sort -u >"$work/legal"
for dir; do
	sed -n 's/^edge: //p' "$dir/out"
done | sort -u >"$work/taken"
sed -n 's/^edge \([a-z]* [A-Z_]* [A-Z_]*\):.*/\1/p' "$here/exceptions" | sort -u >"$work/excused"

comm -23 "$work/legal" "$work/taken" | comm -23 - "$work/excused" |
	sed 's/^/in the driver, but no search takes it: /'
comm -13 "$work/legal" "$work/taken" | sed 's/^/taken by the model, but illegal in the driver: /'
comm -12 "$work/excused" "$work/taken" | sed 's/^/excused in exceptions, but taken: /'
