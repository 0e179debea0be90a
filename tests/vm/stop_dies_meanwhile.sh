# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the server dies while STOP has it write back: STOP ends, and not after stop_timeout_ms
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

# nothing is written back before STOP does it
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
cleanup sh -c 'echo 500 >/proc/sys/vm/dirty_writeback_centisecs'
# STOP alone would give such a server longer than this test has
param stop_timeout_ms 600000
head -c $((16 << 20)) /dev/zero >data

for recovery in off plain reissue fail-io; do
	note "recovery $recovery"
	# a request of 512 KiB at a time, five in a second: it is not done soon
	serve srv --id 0 --depth 1 --size 16M --recovery "$recovery" --commit-delay-ms 200 \
		--flags no-part-scan
	udev_settled
	exec 5<>/dev/ublkb0
	cat data >&5
	commits=$(counter 0 committed)
	run_bg stop become_server stop.out ublk-ctl stop --id 0 --timeout 60
	wait_for 30 committed_more 0 $((commits + 1))
	is_running stop || fail "STOP was over before the server died: nothing is tested"
	kill_server srv
	wait_bg stop
	[ "$(counter 0 failed)" -gt 0 ] || fail "nothing was left to be written"
	exec 5>&-
	del_ends 0
done
