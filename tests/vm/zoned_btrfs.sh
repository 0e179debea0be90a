# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: btrfs in zoned mode: its life on a zoned disk, and a SIGKILL of the server while it writes
# timeout: 300
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/zoned.sh"
. "$UBLK_TESTS/vm/filesystem.sh"

requires ublk ublk-zoned jq blkzone mkfs.btrfs
# One zone has to be enough for all metadata. When btrfs of 6.1 gives up a block group of metadata
# that is not full, it calls its zone full, forgets to move the group's own write pointer there, and
# then warns of metadata never written (btrfs_remove_block_group). It does so on any device, a
# null_blk too: `btrfs balance start -m`. With small zones, or a tree log, there is such a group.
new_zoned 0 --size 2G --zone-size 128M --queues 2 --depth 32 --supervise --restarts 100
mkfs.btrfs -f -q -d single -m single /dev/ublkb0 >mkfs.out 2>&1 || fail "mkfs: $(cat mkfs.out)"
mkdir mnt
cleanup umount -q mnt
mount -t btrfs -o notreelog /dev/ublkb0 mnt
fs_fill mnt
umount mnt
btrfs check --readonly /dev/ublkb0 >check.out 2>&1 || fail "check: $(cat check.out)"
mount -t btrfs -o notreelog /dev/ublkb0 mnt
fs_compare mnt

note "the server dies while it writes"
fill()
{
	dd if=/dev/urandom of=mnt/more bs=256K count=160 conv=fsync status=none
	sha256sum mnt/more >more.sum
}
run_bg fill fill
for _ in 1 2 3; do
	sleep 0.5
	kill -KILL "$(server_of 0)" 2>/dev/null || true
	wait_for 30 eval '[ "$(server_of 0)" -gt 0 ]'
done
wait_bg fill
sha256sum --quiet -c more.sum || fail "what was written is not what is read"
umount mnt
mount -t btrfs -o notreelog /dev/ublkb0 mnt
sha256sum --quiet -c more.sum || fail "it has changed"
fs_compare mnt
btrfs scrub start -B mnt >scrub.out || fail "scrub: $(cat scrub.out)"
grep -q 'no errors found' scrub.out || fail "scrub: $(cat scrub.out)"
umount mnt
btrfs check --readonly /dev/ublkb0 >check.out 2>&1 || fail "check: $(cat check.out)"
ublk del 0
