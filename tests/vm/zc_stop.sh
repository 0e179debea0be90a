# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: STOP of a device whose living server has the pages of requests registered
# timeout: 200
# tier: full
# kernels: 7.2 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/zc.sh"
needs_zero_copy
param stop_timeout_ms 1000

ended() { state_is 0 DEAD && [ ! -e /sys/block/ublkb0 ]; }

for mode in registered auto; do
	note "$mode: a server that is stopped holds them; it is gone, they are free, STOP ends"
	serve srv --id 0 --depth 4 --mode "$mode" --recovery reissue --flags no-part-scan \
		--do stall@usr1
	usr1 srv
	run_bg one write_block 0 1
	saw srv '^HELD'
	kill_bg srv STOP
	ublk-ctl stop --id 0 --timeout 4 >stop.out 2>&1 || true
	grep -q '^errno=EINTR' stop.out || fail "STOP was not interrupted: $(cat stop.out)"
	wait_for 20 detained 0 1
	is_running one || fail "the request ended with its pages registered"
	ctl OK add --id 7
	ctl OK del --id 7
	kill_server srv
	fails one
	wait_for 20 ended
	ctl OK del --id 0 --timeout 20

	note "$mode: a server that answers late is waited for"
	param stop_timeout_ms 20000
	serve srv --id 0 --depth 4 --mode "$mode" --flags no-part-scan --do stall@usr1 \
		--do resume@usr2
	usr1 srv
	run_bg one write_block 0 1
	saw srv '^HELD'
	run_bg stop ublk-ctl stop --id 0 --timeout 60
	wait_for 20 grep -qx 'stoppers: 1' "$DEBUG/0/device"
	usr2 srv
	wait_bg stop
	wait_bg one
	ended || fail "STOP returned too early"
	wait_bg srv
	ctl OK del --id 0
	param stop_timeout_ms 1000
done

note "COMMIT came, UNREGISTER did not: the request ends by its result when the ring is gone"
serve srv --id 0 --depth 4 --mode registered --flags no-part-scan --file f --do keep@usr1
usr1 srv
run_bg one write_block 0 1
wait_for 20 detained 0 1
is_running one || fail "the request ended with its pages registered"
[ "$(slots 0 READY)" = 4 ] || fail "$(cat "$DEBUG/0/slots")"
ublk-ctl stop --id 0 --timeout 4 >stop.out 2>&1 || true
grep -q '^errno=EINTR' stop.out || fail "STOP was not interrupted: $(cat stop.out)"
kill_server srv
wait_bg one
wait_for 20 ended
ctl OK del --id 0 --timeout 20
