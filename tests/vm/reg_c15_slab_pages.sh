# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: pages of a request that belong to a slab (jbd2's frozen buffers) are copied like any other
# covers: C15
# timeout: 120
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

# jbd2 copies a journalled block that begins with its own magic number to memory of its own slab,
# before it goes to the disk. A checked copy takes that for a leak, and HARDENED_USERCOPY is a BUG.
requires mkfs.ext4
unwatched
serve srv --id 0 --depth 8 --size 32M --file "$PWD/f"
mkfs.ext4 -q -b 1024 -J size=4 /dev/ublkb0
mkdir -p mnt
mount -o data=journal /dev/ublkb0 mnt
cleanup umount mnt
for ((i = 0; i < 64; i++)); do
	printf '\xc0\x3b\x39\x98'
	head -c 1020 /dev/zero | tr '\0' "$(printf '\%03o' $((65 + i % 26)))"
done >data
cp data mnt/magic
sync -f mnt/magic
umount mnt
mount /dev/ublkb0 mnt
cmp data mnt/magic
umount mnt
ctl OK stop --id 0
wait_bg srv
ctl OK del --id 0
ok C15
