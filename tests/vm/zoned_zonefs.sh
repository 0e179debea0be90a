# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: zonefs on a zoned disk: files are zones, their sizes survive the server's death
# timeout: 180
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/zoned.sh"

requires ublk ublk-zoned jq blkzone xxd

# le32 N: little endian, in hex
le32()
{
	printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) \
		$(($1 >> 24 & 255))
}

# zonefs_super CRC: the block that mkzonefs of zonefs-tools writes, which Debian 12 does not have:
# magic, checksum, 64 bytes of label, 16 of UUID, features, owner, permissions
zonefs_super()
{
	{
		le32 0x5a4f4653
		le32 "$1"
		printf '%0128d' 0
		printf '%032d' 1
		printf '%016d' 0
		le32 0
		le32 0
		le32 $((0640))
	} | xxd -r -p
	head -c $((4096 - 4 - 4 - 64 - 16 - 8 - 12)) /dev/zero
}

# of the block with 0 for it; gzip says the complement
zonefs_crc()
{
	local sum
	sum=$(zonefs_super 0 | gzip -c | tail -c 8 | head -c 4 | od -An -tu4)
	echo $((~sum & 0xffffffff))
}

new_zoned 0 --size 64M --zone-size 4M --zone-capacity 3M --conventional 1 --queues 2 \
	--supervise --restarts 100
zonefs_super "$(zonefs_crc)" >super
[ "$(stat -c %s super)" = 4096 ] || fail "the super block has $(stat -c %s super) bytes"
zone_write 0 0 0 super
mkdir mnt
cleanup umount -q mnt
modprobe zonefs || fail "no zonefs in this kernel"
mount -t zonefs /dev/ublkb0 mnt
[ "$(find mnt/seq -type f | wc -l)" = 15 ] || fail "files: $(ls mnt/seq)"
head -c 1M /dev/urandom >data

# append FILE: direct writes at its end
append()
{
	bounded 60 dd if=data of="$1" bs=64K oflag=direct,append conv=notrunc status=none
}
note "writes, in order only"
append mnt/seq/0
append mnt/seq/0
[ "$(stat -c %s mnt/seq/0)" = $((2 << 20)) ] || fail "size $(stat -c %s mnt/seq/0)"
! dd if=data of=mnt/seq/0 bs=64K count=1 oflag=direct conv=notrunc status=none 2>/dev/null ||
	fail "written at the start again"
zone_is 0 1 wptr 4096
note "the server dies: no error, sizes kept"
for i in 1 2 3 4 5; do
	run_bg "w$i" append "mnt/seq/$i"
	kill -KILL "$(server_of 0)"
	wait_bg "w$i"
	wait_for 30 eval '[ "$(server_of 0)" -gt 0 ]'
	cmp data "mnt/seq/$i"
done
note "a file cut to nothing is a zone reset, one made as large as it gets a zone finished"
truncate -s 0 mnt/seq/0
zone_is 0 1 zcond 1
truncate -s 3M mnt/seq/6
zone_is 0 7 zcond 14
umount mnt
kill -KILL "$(server_of 0)"
mount -t zonefs /dev/ublkb0 mnt
for i in 1 2 3 4 5; do cmp data "mnt/seq/$i"; done
append mnt/seq/0
cmp data mnt/seq/0
umount mnt
ublk del 0
