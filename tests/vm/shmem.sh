# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts about shared memory share. Sourced after raw.sh.

# shared FILE SIZE: memory to be shared, anew
shared()
{
	[ -d shm ] || { mkdir shm && mount -t tmpfs -o size=64M none shm && cleanup umount -l shm; }
	rm -f "shm/$1"
	truncate -s "$2" "shm/$1"
	ln -sf "shm/$1" "$1"
}

info_has_shmem() { ublk-ctl info --id "$1" | grep -q '^dev_flags_names=.*shmem-zc'; }

# pinned ID N: pages of the device's buffers; those of one that goes are given back in a moment
pinned() { wait_for 10 is_pinned "$1" "$2"; }
is_pinned() { [ "$(sed -n 's/^shared_pages: *//p' "$DEBUG/$1/device")" = "$2" ]; }

# of_server NAME KEY: from a new line of statistics (not by SIGUSR1, which may stall it); matched NAME: requests in its buffers
of_server()
{
	usr2 "$1"
	sed -n "s/^STATS .* $2=\([0-9]*\).*/\1/p" "$1.out" | tail -n 1
}
matched() { of_server "$1" matched; }

# waits_in PID FUNCTION: a thread of the process, of io_uring's for it, is there
waits_in() { grep -qs "$2" /proc/"$1"/task/*/stack; }

# same_disk read|write FILE PLACE ARG..: at byte 1M of disk 0
same_disk()
{
	local verb=$1 file=$2 place=$3
	shift 3
	ublk-shm "$verb" --disk /dev/ublkb0 --file "$file" --at "$place" --pos 1M --seed 3 "$@"
}

# io_matched N: so many requests more have matched than when it was asked last
io_matched()
{
	local now
	now=$(matched srv)
	[ "$((now - matched_now))" = "$1" ] ||
		fail "$((now - matched_now)) requests matched, not $1 (${BASH_LINENO[*]})"
	matched_now=$now
}

# io_matches N FILE PLACE ARG..: a write and a read there keep the data, and each matches so often
io_matches()
{
	local n=$1
	shift
	same_disk write "$@"
	io_matched "$n"
	# the other way first: what is read is what was written, not what the memory had anyway
	same_disk read "$1" private "${@:3}"
	io_matched 0
	same_disk read "$@"
	io_matched "$n"
}
