# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: FUA writes that are parked and sent again leave no trace in mq-deadline (6.1 lost count)
# timeout: 120
#
# The kernel warns when the disk goes, if its scheduler still counts requests as waiting; the
# harness sees that in its log.
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

# attributes: a volatile cache, and FUA
ARGS=(--depth 16 --size 8M --attrs 12 --file "$PWD/backing" --recovery reissue)
unwatched
serve srv --id 0 "${ARGS[@]}" --do stall@usr1
[ "$(cat /sys/block/ublkb0/queue/fua)" = 1 ] || fail "the disk takes no FUA"
echo mq-deadline >/sys/block/ublkb0/queue/scheduler
usr1 srv
for n in 0 1 2 3; do
	run_bg "fua$n" dd if=/dev/zero of=/dev/ublkb0 bs=4k count=1 seek=$((16 * n)) \
		oflag=direct,dsync conv=nocreat status=none
done
saw_lines srv 4 '^HELD'
kill_server srv
wait_state 0 QUIESCED
serve srv --id 0 --takeover "${ARGS[@]}"
for n in 0 1 2 3; do
	wait_bg "fua$n"
done
stop_ends 0
wait_bg srv
