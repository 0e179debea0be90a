# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server under SIGSTOP with requests: STOP and DEL end
# covers: A1
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 2000
for recovery in off reissue; do
	serve srv --id 0 --depth 4 --recovery "$recovery"
	trace_on ublk_cmd_done
	kill_bg srv STOP
	run_bg one write_block 0 1
	run_bg two read_block 0 2
	wait_for 20 in_flight 0 2
	stop_ends 0
	fails one
	fails two
	# it finds that its device is gone, and leaves
	kill_bg srv CONT
	wait_bg srv
	trace_off
	trace_save trace
	# A1: commands that were task work are completed by that, and by nobody else
	twice=$(sed -n 's/.*ublk_cmd_done: .*\(q=[0-9]* tag=[0-9]*\) .*/\1/p' trace | sort | uniq -d)
	[ -z "$twice" ] || fail "completed twice: $twice"
done
