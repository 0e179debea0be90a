# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: one commit a second is progress: STOP waits for such a server, stop_timeout_ms or not
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

echo 0 >/proc/sys/vm/dirty_writeback_centisecs
cleanup sh -c 'echo 500 >/proc/sys/vm/dirty_writeback_centisecs'
param stop_timeout_ms 2500

head -c $((4 << 20)) /dev/urandom >data
serve srv --id 0 --depth 1 --size 4M --file "$PWD/f" --commit-delay-ms 1000 --flags no-part-scan
udev_settled
exec 5<>/dev/ublkb0
cat data >&5
commits=$(counter 0 committed)
trace_on ublk_commit ublk_step
ctl OK stop --id 0 --timeout 100
trace_off
trace_save trace
exec 5>&-
cmp data f || fail "STOP did not wait for what was buffered"
# it was slower than the limit: else nothing was tested
[ "$(grep -c ublk_commit: trace)" -ge 6 ] ||
	fail "STOP took $(grep -c ublk_commit: trace) commits after $commits: not slow enough"
! grep -q 'step=force_abort' trace || fail "force_abort in spite of progress"
[ "$(counter 0 failed)" = 0 ] || fail "$(counter 0 failed) requests failed"
stop_ends 0
wait_bg srv
