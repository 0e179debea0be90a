# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the oracle on a file in ext4 on a device whose server is killed: direct and buffered
# timeout: 200
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/torture.sh"

requires ublk ublk-torture ublk-loop mkfs.ext4 jq
img=$SCRATCH/torture_fs.img
cleanup rm -f "$img"
truncate -s 64M "$img"
ublk add loop --recovery reissue --file "$img" --id 0 --queues 2 --depth 32
mkfs.ext4 -q -E nodiscard /dev/ublkb0
mkdir mnt
mount /dev/ublkb0 mnt
cleanup umount mnt

torture 0 --rounds 4 --area 8M --bs 4K-64K --after 150 --file mnt
json verdict.json '.kills == 4 and .counted >= 3'
tally ext4
[ ! -e mnt/ublk-torture.data ] || fail "the file was left behind"

umount mnt
e2fsck -fn /dev/ublkb0 >fsck.out 2>&1 || fail "e2fsck: $(cat fsck.out)"
ublk del 0
