# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: QUIESCE_DEV hands over from server to server under load, without an error (B18, B19)
# covers: B18 B19
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"

# plain recovery: a request that the old server lost would be an I/O error
ARGS=(--queues 2 --depth 8 --size 16M --file "$SCRATCH/takeover_quiesce")
rm -f "$SCRATCH/takeover_quiesce"
cleanup rm -f "$SCRATCH/takeover_quiesce"


trace_on "${ALL_EVENTS[@]}"
serve srv --id 0 "${ARGS[@]}" --recovery plain --flags quiesce
start_load /dev/ublkb0 --depth 16 --jobs 2 --bs 16K --size 8M
for ((i = 0; i < 6; i++)); do
	moment 5 60
	ctl OK quiesce --id 0 --wait-ms 30000
	state_is 0 QUIESCED || fail "$(state_of 0) after QUIESCE"
	# every command has come back, none was forgotten (B18)
	wait_bg srv
	has_line srv '^ENDED .*held=0 aborted=16 errors=0' || fail "$(cat srv.out)"
	wait_for 20 parked_some 0
	# once more is nothing more
	ctl OK quiesce --id 0 --wait-ms 1000
	serve srv --id 0 --takeover "${ARGS[@]}"
done

note "repeated during the next one's bring-up: it is left alone (B19)"
ctl OK quiesce --id 0 --wait-ms 30000
wait_bg srv
serve_until '^FETCHED ' srv --id 0 --takeover "${ARGS[@]}" --no-start
ctl OK quiesce --id 0 --wait-ms 1000
[ "$(slots 0 READY)" = 16 ] || fail "commands of the new server were taken: $(cat "$DEBUG/0/slots")"
ctl OK end-recovery --id 0 --pid "$BG_srv"
moment 50 100
trace_off
trace_save trace
stop_load
load_says errors 0
load_says wrong 0
[ "$(counter 0 failed)" = 0 ] || fail "$(counter 0 failed) requests failed"
[ "$(counter 0 reissued)" = 0 ] || fail "$(counter 0 reissued) requests taken from a server"
stop_ends 0
wait_bg srv
ublk-trace-check --need recovery=7 trace

note "to FAIL_IO, when that is what was asked for"
serve srv --id 0 "${ARGS[@]}" --recovery fail-io --flags quiesce
ctl OK quiesce --id 0 --wait-ms 30000
state_is 0 FAIL_IO || fail "$(state_of 0) after QUIESCE"
wait_bg srv
run_bg refused write_block 0 0
fails refused
serve srv --id 0 --takeover "${ARGS[@]}"
(write_block 0 0)
stop_ends 0
wait_bg srv
