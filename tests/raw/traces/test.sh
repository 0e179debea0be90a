#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# usage: test.sh PATH-OF-ublk-trace-check
# Good traces pass, and each bad one is rejected for the reason it was made for.
set -u
check=$1
dir=$(dirname "$0")
failures=0

no() { echo "FAILED: $*"; failures=$((failures + 1)); }

# good TRACE OPTION..: accepted; the output is left in $out
good()
{
	local trace=$1
	shift
	out=$("$check" "$@" "$dir/$trace.trace") || no "$trace is rejected: $out"
}

# bad RULE TRACE OPTION..: rejected with status 1, and RULE is among the reasons
bad()
{
	local rule=$1 trace=$2 status=0
	shift 2
	out=$("$check" "$@" "$dir/$trace.trace") || status=$?
	[ "$status" = 1 ] || no "$trace: exit status $status instead of 1"
	[[ $out == *"reject: $rule:"* ]] || no "$trace: not rejected for $rule: $out"
}

says() { [[ $out == *"$1"* ]] || no "expected '$1' in: $out"; }

good recovery_on --need recovery --count-kills --pid 100 --min-counted 1
says 'kills=1 counted=1 full_depth=0 with_queued=1'
says 'queued=1 handing=0 server=1'
says 'kill_to_settled_us nr=1 min=888'
good recovery_on --count-kills --full 2
says 'full_depth=1'
good recovery_off --need crash-stop --need stop --count-kills
says 'counted=1'
good idle_kill --count-kills --pid 100
says 'kills=1 counted=0 full_depth=0 with_queued=0'

good real_on --need recovery --need stop --count-kills --min-counted 1
says 'kills=1 counted=1 full_depth=0 with_queued=0'
good real_off --need crash-stop --count-kills --min-counted 1

# a kill of somebody else, or of an idle server, does not count
good recovery_on --count-kills --pid 999
says 'kills=0 counted=0'
"$check" --count-kills --min-counted 1 "$dir/idle_kill.trace" >/dev/null && no "idle kill counted"
# what the trace does not show cannot be claimed
"$check" --need crash-stop "$dir/recovery_on.trace" >/dev/null && no "no STOP in recovery_on"
"$check" --need recovery /dev/null >/dev/null && no "an empty trace shows nothing"
"$check" --no-such-option /dev/null >/dev/null 2>&1
[ $? = 2 ] || no "usage errors must exit with 2"

bad monitor-after-stop bad_monitor_after_stop
bad completed-before-check bad_completed_before_check
bad state-before-requeue bad_state_before_requeue
bad monitor-after-stop bad_real_monitor_after_stop
bad completed-before-check bad_real_completed_before_check
bad state-before-requeue bad_real_state_before_requeue
bad slot-left-over bad_retired_before_done
bad done-twice bad_done_twice
bad broken-chain bad_illegal_change
bad busy-slot bad_busy_slot
bad step-order bad_del_before_cancel
bad step-order bad_no_force_abort
bad lost-events bad_lost

[ "$failures" = 0 ] && echo "trace checker: all as expected"
exit $((failures > 0))
