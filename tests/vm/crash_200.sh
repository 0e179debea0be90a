# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: 200 SIGKILLs that count, under fio verify, REISSUE: no error, no wrong byte
# timeout: 900
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"
. "$UBLK_TESTS/vm/fio.sh"

ARGS=(--queues 2 --depth 16 --size 64M --file "$SCRATCH/crash_200" --recovery reissue)
KINDS=('' '--defer-taskrun' '--commit-delay-ms 1')
rm -f "$SCRATCH/crash_200"
cleanup rm -f "$SCRATCH/crash_200"

# Reads back what it wrote a moment ago, for as long as it takes.
verify()
{
	exec fio --name=verify --filename=/dev/ublkb0 --rw=randwrite --size=16M --bs=4k --direct=1 \
		--ioengine=io_uring --iodepth=64 --numjobs=2 --offset_increment=16M \
		--verify=crc32c --verify_fatal=1 --verify_backlog=512 --verify_async=0 \
		--loops=1000000 --output-format=json --output=fio.json
}

ORDER=(--no-order)
trace_on "${KILL_EVENTS[@]}"
serve srv --id 0 "${ARGS[@]}"
run_bg fio verify
wait_for 60 grep -q '^SERVER: *[1-9]' "$DEBUG/0/slots"
while [ "$COUNTED" -lt 200 ] && [ "$KILLS" -lt 300 ]; do
	moment 5 80
	is_running fio || fail "fio ended: $(cat fio.json)"
	# shellcheck disable=SC2086 # options, or none
	kill_and_take_over 0 "${ARGS[@]}" ${KINDS[KILLS % 3]}
done
# 128 is how fio ends when told to
kill_bg fio INT
wait_bg fio 128
[ "$(fio_says '[.jobs[].error] | add')" = 0 ] || fail "fio saw errors: $(cat fio.json)"
read_back=$(fio_says '[.jobs[].read.total_ios] | add')
[ "$read_back" -ge 10000 ] || fail "fio verified $read_back blocks only"
stop_ends 0
wait_bg srv
kills_report
result "fio wrote $(fio_says '[.jobs[].write.total_ios] | add') blocks, verified $read_back"
[ "$COUNTED" -ge 200 ] || fail "only $COUNTED of $KILLS kills count"
[ $((FULL * 5)) -ge "$COUNTED" ] || fail "$FULL of $COUNTED kills at full depth is less than 20 %"
[ "$WITH_QUEUED" -ge 10 ] || fail "$WITH_QUEUED kills with a QUEUED slot"
