# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: `ublk del` killed at random moments: it can be repeated, and nothing is left behind
# timeout: 200
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

truncate -s 16M f
add() { expect 0 '"id":' ublk add loop --file "$PWD/f" --id 0 --json; }

# how long one takes here and now: a moment later than that kills nothing
add
begin=${EPOCHREALTIME/./}
ublk del 0
took=$((${EPOCHREALTIME/./} - begin))
early=0
for ((i = 0; i < 60 && early < 8; i++)); do
	add
	run_bg del ublk del 0
	sleep "$(awk -v us=$((SRANDOM % took)) 'BEGIN { printf "%.6f", us / 1e6 }')"
	kill -KILL "$BG_del" 2>/dev/null || true
	status=0
	wait "$BG_del" || status=$?
	BG_DONE[del]=1
	[ "$status" != 137 ] || early=$((early + 1))
	# whatever is left of it goes now (0), or nothing is (3)
	status=0
	bounded 60 ublk del 0 >del.out 2>&1 || status=$?
	[ "$status" = 0 ] || [ "$status" = 3 ] ||
		fail "del after a killed del: status $status: $(cat del.out)"
	[ ! -e /dev/ublkc0 ] || fail "/dev/ublkc0 is still there"
done
[ "$early" -gt 0 ] || fail "no del was killed, one takes $took us"
note "$early of $i were killed"
