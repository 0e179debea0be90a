# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the server dies while mkfs, mount, fsync, umount and fstrim run: each succeeds, data whole
# timeout: 240
# cpus: 4
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/during.sh"

img=$SCRATCH/fs.img dir=$PWD/mnt
truncate -s 64M "$img"
cleanup rm -f "$img"
mkdir "$dir"
cleanup umount -q "$dir"
server_is ublk-loop --file "$img" --queues 2 --depth 16

# files SUM: what is under the mount, path and contents
files() { (cd "$dir" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$1"; }

# 400 small files, each synced: the acknowledged ones are in synced.list, written elsewhere
fsyncs()
{
	local i
	for ((i = 0; i < 400; i++)); do
		head -c 3000 /dev/urandom >"$dir/f$i"
		sync -d "$dir/f$i"
		sha256sum <"$dir/f$i" >"sum.$i"
		echo "$i" >>synced.list
		[ ! -e enough ] || return 0
	done
}

note "mkfs"
during mkfs mkfs.ext4 -q -F /dev/ublkb0
e2fsck -fn /dev/ublkb0 >fsck.out 2>&1 || fail "after mkfs: $(cat fsck.out)"

note "mount"
during mount mount /dev/ublkb0 "$dir"

note "fsync"
: >synced.list
during fsync fsyncs
[ -s synced.list ] || fail "nothing was synced"
while read -r i; do
	[ "$(sha256sum <"$dir/f$i")" = "$(cat "sum.$i")" ] || fail "file $i is not what was synced"
done <synced.list

note "discards, as fstrim sends them"
rm -f "$dir"/f[1-9]*
sync -f "$dir"
during fstrim fstrim "$dir"
files before

note "umount"
during umount umount "$dir"
e2fsck -fn /dev/ublkb0 >fsck.out 2>&1 || fail "at the end: $(cat fsck.out)"
mount /dev/ublkb0 "$dir"
files after
cmp before after || fail "the files have changed"
umount "$dir"
server_ends
during_report
