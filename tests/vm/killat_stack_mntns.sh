# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server whose death unmounts its own device: no fenced takeover, and STOP ends it
# timeout: 180
# cpus: 4
# tier: full
#
# Such a server's end closes the namespace, and that unmounts the file system: the dying process
# waits for I/O that only its successor, or a STOP, can end. A task closes its files after that, so
# the lock on the backing file is still held, and a fenced successor cannot come: it has to say so,
# and STOP has to end it all.
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"

img=$SCRATCH/mntns.img dir=$PWD/mnt
truncate -s 64M "$img"
cleanup rm -f "$img"
mkdir "$dir"
UUID=$(cat /proc/sys/kernel/random/uuid)
SERVER=(ublk-loop --file "$img" --id 0 --depth 16 --uuid "$UUID")

# start NAME WRAPPER..
start()
{
	NOW=$1
	shift
	run_bg "$NOW" become_server "$NOW.out" "$@" "${SERVER[@]}"
	saw "$NOW" '^ublk 0 is' 60
}

inside() { nsenter -t "${BG_PID[$NOW]}" -m -- "$@"; }

# fill N: files that are synced, and one that is only in the page cache of the mount
fill()
{
	head -c 1M /dev/urandom >"data.$1"
	inside cp "$PWD/data.$1" "$dir/synced.$1"
	inside sync -f "$dir/synced.$1"
	inside cp "$PWD/data.$1" "$dir/cached.$1"
}

start first unshare -m --propagation private
settle_disk 0
mkfs.ext4 -q /dev/ublkb0
inside mount /dev/ublkb0 "$dir"
! mountpoint -q "$dir" || fail "it is mounted here, too"
fill last
note "SIGKILL: the last process of the namespace, so the mount goes, too"
kill_bg first KILL
wait_state 0 QUIESCED
status=0
bounded 100 "${SERVER[@]}" >second.out 2>&1 || status=$?
grep -q 'its backing is still locked' second.out || fail "status $status: $(cat second.out)"
wait_state 0 QUIESCED

note "STOP"
ctl OK stop --id 0 --timeout 60
wait_bg first 137
ctl OK del --id 0 --timeout 60
start second env
mount /dev/ublkb0 "$dir"
cmp data.last "$dir/synced.last" || fail "what was synced is lost"
umount "$dir"
kill_bg second TERM
wait_bg second
