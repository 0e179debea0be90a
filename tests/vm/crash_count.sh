# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: 16 SIGKILLs that count under verified load, REISSUE; each one's order is judged
# covers: A1
# timeout: 240
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"

# Every third server has a DEFER_TASKRUN ring: it takes requests when it asks for them, so that
# they are QUEUED for longer. Every third is slow, so that it has many.
ARGS=(--queues 2 --depth 16 --size 32M --file "$SCRATCH/crash_count" --recovery reissue)
KINDS=('' '--defer-taskrun' '--commit-delay-ms 1')
rm -f "$SCRATCH/crash_count"
cleanup rm -f "$SCRATCH/crash_count"

SLICE=8
trace_on "${ALL_EVENTS[@]}"
serve srv --id 0 "${ARGS[@]}"
start_load /dev/ublkb0 --depth 32 --jobs 2 --bs 16K --size 16M
enough() { [ "$COUNTED" -ge 16 ] && [ "$WITH_QUEUED" -ge 2 ]; }
while ! enough && [ "$KILLS" -lt 50 ]; do
	moment 5 80
	# shellcheck disable=SC2086 # options, or none
	kill_and_take_over 0 "${ARGS[@]}" ${KINDS[KILLS % 3]}
done
stop_load
load_says errors 0
load_says wrong 0
stop_ends 0
wait_bg srv
kills_report
[ "$COUNTED" -ge 16 ] || fail "only $COUNTED of $KILLS kills count"
[ $((FULL * 5)) -ge "$COUNTED" ] || fail "$FULL of $COUNTED kills at full depth is less than 20 %"
[ "$WITH_QUEUED" -ge 2 ] || fail "$WITH_QUEUED kills with a QUEUED slot"
