#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The guard sees what it is there for: figures made worse on purpose, rows that are gone.
set -u
here=$(dirname "$(readlink -f "$0")")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

no() { echo "FAILED: $*"; exit 1; }

# judge STATUS TEXT NEW [-v ..]: of the recorded figures and NEW.
judge()
{
	local wanted=$1 text=$2 new=$3 status=0 output
	shift 3
	output=$(awk -v floor=3 "$@" -f "$here/judge.awk" "$dir/recorded" "$new") || status=$?
	[ "$status" = "$wanted" ] || no "$new $*: status $status, not $wanted: $output"
	[[ $output == *"$text"* ]] || no "$new $*: does not say '$text': $output"
}

# Of each boot the least, of the boots the least; 100 to 102 is 2 %, and three times that the limit.
cat >"$dir/points" <<'END'
a null_blk 1 150 1.0
a null_blk 1 102 1.0
b null_blk 1 100 1.0
b null_blk 1 900 1.0
a null_blk 32 1000 1.0
b null_blk 32 1000 1.0
a ublk-null 1 no number
END
awk -f "$here/figures.awk" "$dir/points" >"$dir/figures"
printf '%s\n' 'null_blk 1 100 2.00 6.0' 'null_blk 32 1000 0.00 3.0' >"$dir/wanted"
diff "$dir/wanted" "$dir/figures" || no "figures.awk"

{
	echo "# a comment"
	echo "ublk-null 1 20000 0.10 3.0"
	echo "ublk-null 32 6000 3.00 9.0"
} >"$dir/recorded"
cp "$dir/recorded" "$dir/same"
sed 's/ 20000 / 20500 /; s/ 6000 / 6500 /' "$dir/recorded" >"$dir/within"
sed 's/ 20000 / 20700 /' "$dir/recorded" >"$dir/worse1"
sed 's/ 6000 / 6600 /' "$dir/recorded" >"$dir/worse32"
sed 's/ 20000 / 10000 /' "$dir/recorded" >"$dir/better"
sed '/ 32 /d' "$dir/recorded" >"$dir/gone"
: >"$dir/empty"

judge 0 'ok        ublk-null QD1 ' "$dir/same"
judge 0 'ok        ublk-null QD32 ' "$dir/within"
judge 1 'WORSE     ublk-null QD1 ' "$dir/worse1"
judge 1 'WORSE     ublk-null QD32 ' "$dir/worse32"
judge 0 'ok        ublk-null QD32 ' "$dir/worse32" -v floor=15
judge 0 'better    ublk-null QD1 ' "$dir/better"
judge 1 'MISSING   ublk-null QD32 ' "$dir/gone"
judge 0 'ok        ublk-null QD1 ' "$dir/gone" -v partial=1
judge 2 'nothing to compare' "$dir/empty" -v partial=1

# What stands in the tree can be judged, and would be seen to be worse.
for f in "$here"/instructions-*.txt; do
	[ -f "$f" ] || continue
	cp "$f" "$dir/recorded"
	judge 0 'ok ' "$f"
	awk '/^#/ { print; next } { $3 = int($3 * (1.01 + $5 / 100)) + 1; print }' "$f" \
		>"$dir/doctored"
	judge 1 'WORSE ' "$dir/doctored"
done
echo "the judge sees what it has to"
