#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# check_symbols.sh LIBRARY MAP HEADER: the three name the same functions, and nothing else leaks.
set -eu -o pipefail
export LC_ALL=C
library=$1 map=$2 header=$3
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
	sort -u > "$out/library"
sed -n 's/^\t\(ublk_[a-z_0-9]*\);$/\1/p' "$map" | sort -u > "$out/map"
# Functions declared at the start of a line; comments, macros and callbacks are not.
sed -e 's@/\*.*\*/@@' "$header" |
	sed -n '/^typedef/d; s/^[a-z][a-z_0-9 *]*[ *]\(ublk_[a-z_0-9]*\)(.*/\1/p' | sort -u > "$out/header"

[ -s "$out/header" ] || { echo "no function found in $header"; exit 1; }
status=0
diff -u "$out/map" "$out/library" || status=1
diff -u "$out/map" "$out/header" || status=1
# Every exported symbol has a version.
if nm -D --defined-only "$library" | awk '$2 != "A" && $3 !~ /@@LIBUBLK_[0-9]+\.[0-9]+$/' |
	grep .; then
	echo "symbols without a version"
	status=1
fi
[ $status != 0 ] || echo "$(wc -l < "$out/map") functions"
exit $status
