# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server in a mount namespace in which its own device is mounted: its death unmounts it
# timeout: 180
# cpus: 4
# tier: full
#
# Such a server's end closes the namespace, and that unmounts the file system: a dying process waits
# for I/O that only its successor, or a STOP, can end. Neither may hang.
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
for next in second third; do
	inside mount /dev/ublkb0 "$dir"
	! mountpoint -q "$dir" || fail "it is mounted here, too"
	fill $next
	note "SIGKILL: the last process of the namespace, so the mount goes, too"
	dead=$NOW
	kill_bg "$dead" KILL
	wait_state 0 QUIESCED
	start $next unshare -m --propagation private
	wait_bg "$dead" 137
	# what the unmount wrote back went to the new server
	inside mount /dev/ublkb0 "$dir"
	for file in synced cached; do
		cmp data.$next <(inside cat "$dir/$file.$next") || fail "$file.$next is damaged"
	done
	inside umount "$dir"
	e2fsck -fn /dev/ublkb0 >fsck.out 2>&1 || fail "after $next: $(cat fsck.out)"
done

note "and with STOP instead of a successor"
inside mount /dev/ublkb0 "$dir"
fill last
kill_bg third KILL
wait_state 0 QUIESCED
ctl OK stop --id 0 --timeout 60
wait_bg third 137
ctl OK del --id 0 --timeout 60
start fourth env
mount /dev/ublkb0 "$dir"
cmp data.last "$dir/synced.last" || fail "what was synced is lost"
umount "$dir"
kill_bg fourth TERM
wait_bg fourth
