#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# Every compat probe says since when and why, somebody uses its answer, and no
# answer is used that nobody asks for; README lists them all.
. "$(dirname "$0")/lint.bash"

dir=module/compat
asked=$(for f in "$dir"/probes/*.c; do basename "$f" .c; done)
used=$(grep -hoE 'HAVE_[A-Z0-9_]+' "$dir"/*.h | sed 's/^HAVE_//' | tr '[:upper:]' '[:lower:]' |
	sort -u)

for name in $asked; do
	sed -n 2p "$dir/probes/$name.c" | grep -qE '^// since: .+\.' ||
		finding "$dir/probes/$name.c: line 2 must be \"// since: RELEASE.  Why.\""
	case $name in sane_*) continue ;; esac
	grep -qx "$name" <<<"$used" || finding "$dir/probes/$name.c: nobody uses the answer"
	grep -qE "^  $name " "$dir/README" || finding "$dir/README: does not list $name"
done
for name in $used; do
	grep -qx "$name" <<<"$asked" || finding "HAVE_${name^^}: used, but there is no probe"
done
conclude
