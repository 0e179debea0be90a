# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# A file system's life on a raw server. Sourced after raw.sh.

fs_check()
{
	case $1 in
	ext4)	e2fsck -fn "$2" ;;
	xfs)	xfs_repair -n "$2" ;;
	esac >check.out 2>&1 || {
		cat check.out
		fail "$1 on $2 is damaged"
	}
}

# fs_fill DIR: files of all sorts, some deleted again, and their sums in "sums"
fs_fill()
{
	local i
	for i in $(seq 1 40); do
		mkdir -p "$1/d$((i % 5))"
		head -c $((i * 7919)) /dev/urandom >"$1/d$((i % 5))/f$i"
	done
	dd if=/dev/urandom of="$1/big" bs=1M count=12 conv=fsync status=none
	rm "$1"/d[12]/f*
	ln -s big "$1/link"
	sync -f "$1"
	(cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >sums
}

fs_compare() { (cd "$1" && sha256sum --quiet -c) <sums || fail "a file changed on $1"; }

# fs_life TYPE SIZE MKFS..
fs_life()
{
	local type=$1 size=$2
	shift 2
	requires "$1"
	mkdir mnt
	cleanup umount -q mnt
	# with a cache that has to be flushed, and discards
	serve srv --id 0 --queues 2 --depth 32 --size "$size" --file "$PWD/f" --attrs 12 --discard
	"$@" /dev/ublkb0
	mount -t "$type" -o discard /dev/ublkb0 mnt
	fs_fill mnt
	umount mnt
	fs_check "$type" /dev/ublkb0
	mount -t "$type" /dev/ublkb0 mnt
	fs_compare mnt
	umount mnt
	stop_ends 0
	wait_bg srv
	# what is in the file is what was written; served in another way it looks the same
	fs_check "$type" f
	serve srv --id 0 --depth 8 --size "$size" --file "$PWD/f" --mode user-copy
	mount -t "$type" -o ro /dev/ublkb0 mnt
	fs_compare mnt
	umount mnt
	stop_ends 0
	wait_bg srv
}
