# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the memory cgroup's OOM killer takes the server while it is written to: no error, data whole
# timeout: 180
# cpus: 4
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"

group=/sys/fs/cgroup/ublk-oom
mkdir "$group"
cleanup rmdir "$group"
grep -qw memory /sys/fs/cgroup/cgroup.subtree_control ||
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
echo 24M >"$group/memory.max"
echo 0 >"$group/memory.swap.max" 2>/dev/null || true
UUID=$(cat /proc/sys/kernel/random/uuid)
rm -f /dev/shm/oom
exec 7<>/dev/shm/oom
cleanup rm -f /dev/shm/oom
ours=$(sed -n 's/^0:://p' /proc/self/cgroup)

# in_group DIR CMD..: the memory that it touches counts there. In the foreground a server is not
# kept from the OOM killer; in the background (ublk add) it is, as far as that goes.
in_group()
{
	local dir=$1
	shift
	echo "$BASHPID" >"$dir/cgroup.procs"
	become_server srv.out "$@"
}

start()
{
	rm -f srv.out
	run_bg srv in_group "$1" ublk-mem --id 0 --uuid "$UUID" --size 64M --memory-fd 7 --depth 16 \
		--recovery reissue
	saw srv '^ublk 0 is' 60
}

ooms() { sed -n 's/^oom_kill //p' "$group/memory.events"; }
dies() { ! is_running srv; }

start "$group"
start_load /dev/ublkb0 --size 48M --depth 16 --bs 64K --writes 100
wait_for 60 dies
wait_bg srv 137
[ "$(ooms)" -ge 1 ] || fail "it did not die of the memory limit"
wait_state 0 QUIESCED
note "killed by the OOM killer; the next server has the memory that it needs"
start "/sys/fs/cgroup$ours"
stop_load
load_says errors 0
kill_bg srv TERM
wait_bg srv
exec 7<&-

# The kernel tells of an OOM kill with a call trace, which would count as a dirty log: that report
# is taken out, if there is nothing else.
dmesg | sed -n '/ublk-test: begin killat_oom/,$p' | sed '/invoked oom-killer/,/Killed process/d' >log
! grep -E 'BUG|WARNING|Oops|Call Trace|hung task|blocked for more' log || fail "the log is dirty"
dmesg --clear
echo "ublk-test: begin killat_oom" >/dev/kmsg
