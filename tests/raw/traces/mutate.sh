#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# Make the traces that have to be rejected out of the good ones, each by moving or repeating
# lines. Run in this directory after a good trace was changed; the results are kept in git.
set -eu
cd "$(dirname "$0")"

# move FROM BEFORE: the first line that matches FROM goes before the first that matches BEFORE
move()
{
	awk -v from="$1" -v before="$2" '
		NR == FNR { if (!moved && $0 ~ from) { moved = $0; at = FNR } next }
		FNR == 1 && !moved { exit 1 }
		!done && $0 ~ before { print moved; done = 1 }
		FNR != at { print }
		END { exit !done }' "$3" "$3"
}

# again LINE AFTER: the first line that matches LINE once more, after the last that matches AFTER
again()
{
	awk -v line="$1" -v after="$2" '
		NR == FNR { if (!text && $0 ~ line) text = $0; if ($0 ~ after) at = FNR; next }
		{ print }
		FNR == at { print text; done = 1 }
		END { exit !done }' "$3" "$3"
}

monitor='actor=monitor step='
again "${monitor}run" 'step=monitor_cancelled' recovery_off.trace >bad_monitor_after_stop.trace
move 'q=0 tag=2 from=READY to=REAPING' "${monitor}quiesced" recovery_on.trace \
	>bad_completed_before_check.trace
move 'from=LIVE to=QUIESCED' 'from=SERVER action=requeue' recovery_on.trace \
	>bad_state_before_requeue.trace
move "${monitor}retired" 'from=READY to=REAPING' recovery_on.trace >bad_retired_before_done.trace
again 'ublk_cmd_done: .* tag=2' 'from=REAPING to=CLOSED' recovery_on.trace >bad_done_twice.trace
sed '/tag=1 from=QUEUED to=HANDING/d' recovery_on.trace >bad_illegal_change.trace
sed '/tag=1 from=HANDING to=FREE/d; /tag=1 from=FREE to=CLOSED/d' recovery_on.trace \
	>bad_busy_slot.trace
move 'step=del_disk' 'step=monitor_cancelled' recovery_off.trace >bad_del_before_cancel.trace
sed '/step=force_abort/d' recovery_off.trace >bad_no_force_abort.trace
# the three that are asked for, from a trace of the real thing
again "${monitor}run" 'step=monitor_cancelled' real_off.trace >bad_real_monitor_after_stop.trace
move 'q=0 tag=0 from=READY to=REAPING' "${monitor}inflight" real_on.trace \
	>bad_real_completed_before_check.trace
move 'from=LIVE to=QUIESCED' 'from=SERVER action=requeue' real_on.trace \
	>bad_real_state_before_requeue.trace
sed '/step=abort_off/a CPU:0 [LOST 12 EVENTS]' recovery_off.trace >bad_lost.trace
