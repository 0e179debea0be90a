# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: recovery off, plain, reissue, fail-io: what becomes of I/O at and after a kill (ABI 2.2)
# covers: B22
# timeout: 200
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"

ARGS=(--depth 8 --size 8M --file "$PWD/f" --flags no-part-scan)

slots_are() { [ "$(slots 0 "$1")" = "$2" ]; }
parked_are() { [ "$(counter 0 parked_now)" = "$1" ]; }
is_stopped() { [ -z "$(grep -h '^State:' "/proc/$1"/task/*/status | grep -v stopped)" ]; }

# writer NAME BLOCK: its complaint goes to NAME.out
writer()
{
	run_bg "$1" become_server "$1.out" dd if=/dev/zero of=/dev/ublkb0 bs=4k count=1 seek="$2" \
		oflag=direct status=none
}

# got NAME OK|TEXT: what a writer got
got()
{
	local status=0
	wait "${BG_PID[$1]}" || status=$?
	BG_DONE[$1]=1
	case $2 in
	OK)	[ "$status" = 0 ] || fail "the write '$1' failed: $(cat "$1.out")" ;;
	*)	[ "$status" != 0 ] || fail "the write '$1' succeeded"
		grep -q "$2" "$1.out" || fail "the write '$1' got $(cat "$1.out"), not $2" ;;
	esac
}

# crash RECOVERY: one request with the server, one on its way (a stopped thread does not take it)
crash()
{
	serve srv --id 0 "${ARGS[@]}" --recovery "$1" --do stall@usr1
	usr1 srv
	writer served 0
	wait_for 20 slots_are SERVER 1
	kill_bg srv STOP
	wait_for 20 is_stopped "$BG_srv"
	writer queued 1
	wait_for 20 slots_are QUEUED 1
	kill_server srv
}

take_over()
{
	serve srv --id 0 --takeover "${ARGS[@]}"
	state_is 0 LIVE || fail "$(state_of 0) after a takeover"
}

finish()
{
	writer last 3
	got last OK
	stop_ends 0
	wait_bg srv
}

unwatched
EIO='Input/output error'
note "off: all fails, the disk goes"
crash off
got served "$EIO"
got queued "$EIO"
wait_state 0 DEAD
wait_for 20 test ! -e /sys/block/ublkb0
stop_ends 0

note "plain: what the server had fails, the rest waits"
crash plain
got served "$EIO"
wait_state 0 QUIESCED
writer new 2
wait_for 20 parked_are 2
is_running queued && is_running new || fail "a request did not wait"
take_over
got queued OK
got new OK
finish

note "reissue: all waits"
crash reissue
wait_state 0 QUIESCED
writer new 2
wait_for 20 parked_are 3
is_running served && is_running queued && is_running new || fail "a request did not wait"
take_over
got served OK
got queued OK
got new OK
finish

note "fail-io: all fails, and at once, but the device can be taken over"
crash fail-io
got served "$EIO"
got queued "$EIO"
wait_state 0 FAIL_IO
writer new 2
got new 'Remote I/O error'
take_over
finish

# under load: the errors are those, and none of them makes a wrong byte
# (slow servers have something when they are killed)
ARGS+=(--commit-delay-ms 5)
for recovery in off plain reissue fail-io; do
	note "under load: $recovery"
	serve srv --id 0 "${ARGS[@]}" --recovery "$recovery"
	start_load /dev/ublkb0 --depth 16 --size 4M --allow-errors
	for i in 1 2 3; do
		moment 50 150
		kill_server srv
		case $recovery in
		off)		wait_state 0 DEAD; break ;;
		fail-io)	wait_state 0 FAIL_IO ;;
		*)		wait_state 0 QUIESCED ;;
		esac
		take_over
	done
	case $recovery in
	off)	stop_load any ;;
	*)	stop_load; load_says wrong 0 ;;
	esac
	case $recovery in
	reissue)	load_says errors 0 ;;
	off | plain)	load_says first_error EIO ;;
	fail-io)	load_says first_error '(EIO|EREMOTEIO)' ;;
	esac
	stop_ends 0
	[ "$recovery" = off ] || wait_bg srv
done
