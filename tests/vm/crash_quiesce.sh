# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: QUIESCE_DEV that does not get what it wants: time-out, death, STOP meanwhile (B20)
# covers: B20
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

ARGS=(--depth 4 --size 8M --file "$PWD/f")

slots_are() { [ "$(slots 0 "$1")" = "$2" ]; }
is_quiescing() { grep -qx 'quiescing: 1' "$DEBUG/0/device"; }
parked_are() { [ "$(counter 0 parked_now)" = "$1" ]; }

# a server that holds one request and does not give it back
stuck_server()
{
	serve srv --id 0 "${ARGS[@]}" "$@" --do stall@usr1 --do resume@usr2
	usr1 srv
	run_bg held write_block 0 0
	wait_for 20 slots_are SERVER 1
}

# QUIESCE in the background, and one more request, which waits
quiesce_waits()
{
	run_bg quiesce become_server quiesce.out ublk-ctl quiesce --id 0 --wait-ms 0 --timeout 100
	wait_for 20 is_quiescing
	run_bg new write_block 0 1
	wait_for 20 parked_are 1
}

note "not asked for at ADD_DEV; not started; nobody there"
ctl ENODEV quiesce --id 0
serve srv --id 0 "${ARGS[@]}" --recovery plain
ctl EOPNOTSUPP quiesce --id 0
stop_ends 0
wait_bg srv
ctl OK add --id 0 --flags recovery,quiesce
ctl ENODEV quiesce --id 0
ctl OK del --id 0

note "time-out: everything is as before"
stuck_server --recovery plain --flags quiesce
trace_on ublk_dispatch
ctl EBUSY quiesce --id 0 --wait-ms 300
state_is 0 LIVE || fail "$(state_of 0) after the time-out"
# a request that came meanwhile and one that comes now reach the server that was there all along
run_bg new write_block 0 1
wait_for 20 slots_are SERVER 2
usr2 srv
wait_bg held
wait_bg new
trace_off
info_is 0 pid "$BG_srv" || fail "another server"
parked_are 0 || fail "$(counter 0 parked_now) requests still wait"
# and the second try succeeds
ctl OK quiesce --id 0 --wait-ms 20000
wait_bg srv
state_is 0 QUIESCED || fail "$(state_of 0) after QUIESCE"
stop_ends 0

note "time-out with a request parked: it goes on"
stuck_server --recovery plain --flags quiesce
run_bg quiesce become_server quiesce.out ublk-ctl quiesce --id 0 --wait-ms 3000 --timeout 100
wait_for 20 is_quiescing
run_bg new write_block 0 1
wait_for 20 parked_are 1
ctl EBUSY quiesce --id 0 --wait-ms 100
wait_bg quiesce 1
grep -qx errno=EBUSY quiesce.out || fail "$(cat quiesce.out)"
wait_for 20 slots_are SERVER 2
usr2 srv
wait_bg held
wait_bg new
stop_ends 0
wait_bg srv

note "given up by a signal: the same"
stuck_server --recovery plain --flags quiesce
status=0
ublk-ctl quiesce --id 0 --wait-ms 0 --timeout 1 >quiesce.out 2>&1 || status=$?
[ "$status" = 124 ] && grep -qE '^errno=(EINTR|ECANCELED)' quiesce.out ||
	fail "status $status: $(cat quiesce.out)"
wait_for 20 grep -qx 'quiescing: 0' "$DEBUG/0/device"
state_is 0 LIVE || fail "$(state_of 0)"
usr2 srv
wait_bg held
(write_block 0 1)
stop_ends 0
wait_bg srv

unwatched
for recovery in plain reissue fail-io; do
	note "the server dies while QUIESCE waits for it, recovery $recovery"
	stuck_server --recovery "$recovery" --flags quiesce
	quiesce_waits
	kill_server srv
	wait_bg quiesce
	case $recovery in
	fail-io)	wait_state 0 FAIL_IO; fails held; fails new ;;
	plain)		wait_state 0 QUIESCED; fails held; is_running new || fail "new" ;;
	reissue)	wait_state 0 QUIESCED; is_running held && is_running new || fail "new" ;;
	esac
	serve srv --id 0 --takeover "${ARGS[@]}"
	[ "$recovery" != reissue ] || wait_bg held
	[ "$recovery" = fail-io ] || wait_bg new
	(write_block 0 2)
	stop_ends 0
	wait_bg srv
done

note "STOP while QUIESCE waits: STOP wins"
param stop_timeout_ms 1000
stuck_server --recovery plain --flags quiesce
quiesce_waits
ctl OK stop --id 0 --timeout 40
wait_bg quiesce 1
grep -qx errno=EBUSY quiesce.out || fail "$(cat quiesce.out)"
fails held
fails new
stop_ends 0
kill_bg srv TERM
wait_bg srv any
