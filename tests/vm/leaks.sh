# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What kmemleak has to say. Sourced after lib.sh.

KMEMLEAK=/sys/kernel/debug/kmemleak

# no_leaks: twice, for what a first scan finds may have been on its way from one place to another;
# and objects of less than 5 s are not looked at.
no_leaks()
{
	local i
	for i in 1 2; do
		sleep 6
		echo scan >"$KMEMLEAK"
	done
	[ -z "$(cat "$KMEMLEAK")" ] || {
		cat "$KMEMLEAK"
		fail "kmemleak: $(grep -c '^unreferenced object' "$KMEMLEAK") objects"
	}
}
