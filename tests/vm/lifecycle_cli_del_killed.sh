# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: `ublk del` killed at random moments: it can be repeated, and nothing is left behind
# timeout: 200
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

truncate -s 16M f
early=0
for ((i = 0; i < 12; i++)); do
	expect 0 '"id":' ublk add loop --file "$PWD/f" --id 0 --json
	run_bg del ublk del 0
	sleep "0.$(printf %03d $((RANDOM % 300)))"
	! kill -KILL "$BG_del" 2>/dev/null || early=$((early + 1))
	wait_bg del any
	# whatever is left of it goes now (0), or nothing is (3)
	status=0
	bounded 60 ublk del 0 >del.out 2>&1 || status=$?
	[ "$status" = 0 ] || [ "$status" = 3 ] ||
		fail "del after a killed del: status $status: $(cat del.out)"
	[ ! -e /dev/ublkc0 ] || fail "/dev/ublkc0 is still there"
done
[ "$early" -gt 0 ] || fail "no del was killed"
note "$early of $i were killed"
