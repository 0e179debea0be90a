# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server with SQPOLL rings is killed under load, its thread in the kernel notwithstanding
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"

ARGS=(--sqpoll --depth 16 --size 16M --file "$SCRATCH/crash_sqpoll" --recovery reissue)
rm -f "$SCRATCH/crash_sqpoll"
cleanup rm -f "$SCRATCH/crash_sqpoll"

KINDS=('' '--commit-delay-ms 2')
SLICE=5
trace_on "${ALL_EVENTS[@]}"
serve srv --id 0 "${ARGS[@]}"
start_load /dev/ublkb0 --depth 16 --size 8M
while [ "$COUNTED" -lt 3 ] && [ "$KILLS" -lt 25 ]; do
	moment 50 200
	# the kernel's thread goes on for a moment and answers what it has, unless that takes time
	# shellcheck disable=SC2086 # options, or none
	kill_and_take_over 0 "${ARGS[@]}" ${KINDS[KILLS % 2]}
done
stop_load
load_says errors 0
load_says wrong 0
stop_ends 0
wait_bg srv
kills_report
[ "$COUNTED" -ge 3 ] || fail "only $COUNTED of $KILLS kills count"

note "idle, and with hints off: the period finds it"
param hints 0
param monitor_period_ms 300
serve srv --id 0 "${ARGS[@]}"
kill_server srv
wait_state 0 QUIESCED
stop_ends 0
