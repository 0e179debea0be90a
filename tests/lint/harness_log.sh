#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# The harness's eye for the kernel log: the headline of each detector is dirt, other code's data race
# and what a script expects are not. On recorded lines, so that no debug kernel is needed.
. "$(dirname "$0")/lint.bash"

# as in the guest, where a grep that has seen enough is no failure of what writes to it
set +o pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# from the first pattern up to what runs a script
sed -n "/^DIRTY=/,/^# ---- one script/p" tests/vm/harness/guest/runner.sh >"$tmp/eye"
out() { :; }
dmesg() { echo "[    1.0] ublk-test: begin t"; cat "$tmp/log"; }
# shellcheck source=/dev/null
. "$tmp/eye"

# is WANTED LINE
is()
{
	local got=clean
	printf '[    2.000000] %s\n' "$2" >"$tmp/log"
	! log_is_dirty t "$tmp" || got=dirty
	[ "$got" = "$1" ] || finding "seen as $got: $2"
}

is dirty "BUG: KASAN: slab-use-after-free in t_uaf+0xd5/0x100 [ublk_lab]"
is dirty "BUG: scheduling while atomic: modprobe/300/0x00000002"
is dirty "BUG: sleeping function called from invalid context at mm/slab.h:274"
is dirty "WARNING: possible circular locking dependency detected"
is dirty "WARNING: possible recursive locking detected"
is dirty "WARNING: suspicious RCU usage"
is dirty "WARNING: bad unlock balance detected!"
is dirty "[ BUG: Invalid wait context ]"
is dirty "ODEBUG: free active (active state 0) object type: timer_list hint: tfn+0x0/0x10"
is dirty "UBSAN: shift-out-of-bounds in ublk_lab.c:99:11"
is dirty "kmemleak: 10 new suspected memory leaks (see /sys/kernel/debug/kmemleak)"
is dirty "BUG: KCSAN: data-race in racer [ublk_lab] / racer [ublk_lab]"
is dirty "BUG: KCSAN: data-race in blk_mq_get_tag / ublk_queue_rq [ublk_drv]"
is dirty "list_add double add: new=0000, prev=0000, next=0000."
is dirty "INFO: task dd:200 blocked for more than 120 seconds."
is clean "BUG: KCSAN: data-race in tick_sched_do_timer / tick_sched_do_timer"
is clean "BUG: KCSAN: data-race in ext4_mark_iloc_dirty / jbd2_journal_commit [jbd2]"
is clean "ublk_drv: loading out-of-tree module taints kernel."
is clean "kmemleak: Kernel memory leak detector disabled"
is dirty "kobject_add_internal failed for ublkb0 (error: -12 parent: block)"
# a whole report, of which a part is no excuse for another
report()
{
	printf '%s\n' "------------[ cut here ]------------" "$1" "Call Trace:" "---[ end trace ]---"
}
rsrc='UBSAN: array-index-out-of-bounds in /build/x/linux-7.2.12/io_uring/rsrc.c:1070:12'
is clean "$(report "$rsrc")"
is dirty "$(report "${rsrc/7.2.12/7.3.4}")"
is dirty "$(report "${rsrc/rsrc.c/rw.c}")"
is dirty "$(report "$rsrc")"$'\n'"$(report "WARNING: CPU: 0")"
is dirty "$(report "WARNING: CPU: 0")"$'\n'"$(report "$rsrc")"
is dirty "$(report "$rsrc")"$'\n'"Oops: general protection fault"
is dirty "------------[ cut here ]------------"$'\n'"$rsrc"
echo 'kobject_add_internal failed for .*error: -12' >"$tmp/expected.log"
is clean "kobject_add_internal failed for ublkb0 (error: -12 parent: block)"
is dirty "kobject_add_internal failed for ublkb0 (error: -17 parent: block)"
is dirty "BUG: KASAN: null-ptr-deref in ublk_disk_add+0x10/0x20 [ublk_drv]"
# an overrun log cannot be called clean
dmesg() { echo "[    9.0] something else"; }
is dirty "nothing"
conclude
