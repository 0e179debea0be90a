# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk-loop --integrity: every block's tuple in a second file, a file system, takeover, errors
# timeout: 240
# tier: full
# kernels: 7.2 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/integrity.sh"

requires ublk ublk-loop jq fio
needs_integrity
unwatched
IMG=$SCRATCH/pi.img
PI=$SCRATCH/pi.tuples
cleanup rm -f "$IMG" "$PI"
head -c 4M /dev/urandom >data

# new ARG..: an empty disk
new()
{
	rm -f "$IMG" "$PI"
	truncate -s 64M "$IMG"
	ublk add loop --file "$IMG" --integrity "$PI" --id 3 "$@" >add.out
	udev_settled
}

# kept SHAPE LEAST: what is stored is right, and so many tuples at least are there
kept()
{
	local fits
	sync "$IMG" "$PI"
	ublk-pi "$IMG" "$PI" "$1" | tee pi.out || fail "the stored tuples do not fit"
	fits=$(sed -n 's/^fits=\([0-9]*\) .*/\1/p' pi.out)
	[ "$fits" -ge "$2" ] || fail "only $fits tuples"
}

note "the defaults: T10's checksum, reference tags, a tuple for each block; without a copy of the data"
new --queues 2
[ "$(ublk info 3 --json | jq -r .data)" = auto-registered ] || fail "$(cat add.out)"
integrity_shows ublkb3 format T10-DIF-TYPE1-CRC
integrity_shows ublkb3 device_is_integrity_capable 1
dd if=data of=/dev/ublkb3 bs=256k oflag=direct status=none
cmp data <(dd if=/dev/ublkb3 bs=64k count=64 iflag=direct status=none)
shift_of_block=$(awk '{ for (s = 9; 2 ^ s < $1; s++); print s }' \
	/sys/block/ublkb3/queue/logical_block_size)
SHAPE=2:8:0:$shift_of_block:3
kept "$SHAPE" $((4 << (20 - shift_of_block)))
fio --name=f --filename=/dev/ublkb3 --direct=1 --rw=randwrite --bsrange=4k-128k --ioengine=libaio \
	--iodepth=16 --numjobs=1 --offset=16M --size=32M --io_size=24M --verify=crc32c \
	--output=fio.out || { cat fio.out; fail "fio saw errors"; }
kept "$SHAPE" $((8 << (20 - shift_of_block)))

note "what was flipped is found, in data and tuples"
tuple=$((5 * 4096 >> shift_of_block << 3))
flip "$PI" "$tuple"
unreadable /dev/ublkb3 5
flip "$PI" "$tuple"
read_4k /dev/ublkb3 5
flip "$PI" $((tuple + 6))
unreadable /dev/ublkb3 5
flip "$PI" $((tuple + 6))
flip "$IMG" $((5 * 4096 + 9))
sync "$IMG"
unreadable /dev/ublkb3 5
cmp -n 20480 data <(dd if=/dev/ublkb3 bs=4k count=5 iflag=direct status=none)

note "a new write makes it good; what is discarded or zeroed is not compared"
dd if=data of=/dev/ublkb3 bs=4k skip=5 seek=5 count=1 oflag=direct conv=nocreat status=none
read_4k /dev/ublkb3 5
blkdiscard --offset 0 --length 1M /dev/ublkb3
blkdiscard --zeroout --offset 1M --length 1M /dev/ublkb3
cmp -n 2097152 /dev/zero <(dd if=/dev/ublkb3 bs=1M count=2 iflag=direct status=none)
cmp <(dd if=data bs=1M skip=2 count=2 status=none) <(dd if=/dev/ublkb3 bs=1M skip=2 count=2 iflag=direct status=none)

note "written with the tuples switched off, it is not compared either"
echo 0 >/sys/block/ublkb3/integrity/write_generate
dd if=data of=/dev/ublkb3 bs=4k skip=9 seek=600 count=8 oflag=direct conv=nocreat status=none
echo 1 >/sys/block/ublkb3/integrity/write_generate
cmp <(dd if=data bs=4k skip=9 count=8 status=none) <(dd if=/dev/ublkb3 bs=4k skip=600 count=8 iflag=direct status=none)

note "a file system; its partition-less and its partitioned disk: reference tags count from the disk"
echo 'start=2048, type=83' | sfdisk -q /dev/ublkb3
wait_for 20 test -b /dev/ublkb3p1
mkfs.ext4 -q /dev/ublkb3p1
mkdir -p mnt
mount /dev/ublkb3p1 mnt
cp data mnt/one
sync -f mnt

note "kill -9 in the middle, a new server: nothing is lost, everything fits"
run_bg copy cp data mnt/two
kill -KILL "$(server_of 3)"
ublk wait 3 quiesced --timeout 30
ublk recover 3
wait_bg copy
sync -f mnt
echo 3 >/proc/sys/vm/drop_caches
cmp data mnt/one
cmp data mnt/two
umount mnt
e2fsck -fn /dev/ublkb3p1 >fsck.out 2>&1 || fail "$(cat fsck.out)"
kept "$SHAPE" $((8 << (20 - shift_of_block)))

note "the device's metadata are not to be changed by a takeover"
kill -KILL "$(server_of 3)"
ublk wait 3 quiesced --timeout 30
UUID=$(ublk info 3 --json | jq -r .uuid)
expect 1 "other metadata" ublk add loop --file "$IMG" --id 3 --uuid "$UUID"
expect 1 "other metadata" ublk add loop --file "$IMG" --integrity "$PI" --integrity-csum crc64 \
	--id 3 --uuid "$UUID"
ublk recover 3
ublk del 3

for shape in 'crc64 24 8 512 4:24:8:9:3 EXT-DIF-TYPE1-CRC64' 'ip 64 56 4096 1:64:56:12:3 T10-DIF-TYPE1-IP'; do
	read -r csum size offset interval numbers format <<<"$shape"
	note "$shape"
	new --block-size 4096 --integrity-csum "$csum" --integrity-size "$size" \
		--integrity-offset "$offset" --integrity-interval "$interval"
	integrity_shows ublkb3 format "$format"
	integrity_shows ublkb3 protection_interval_bytes "$interval"
	dd if=data of=/dev/ublkb3 bs=256k oflag=direct status=none
	cmp data <(dd if=/dev/ublkb3 bs=64k count=64 iflag=direct status=none)
	kept "$numbers" $((4194304 / interval))
	fifth=$((5 * 4096 / interval))
	flip "$PI" $((fifth * size + offset + 1))
	unreadable /dev/ublkb3 5
	ublk del 3
done
new --integrity-csum none --integrity-size 4
integrity_shows ublkb3 format nop
dd if=data of=/dev/ublkb3 bs=256k oflag=direct status=none
cmp data <(dd if=/dev/ublkb3 bs=64k count=64 iflag=direct status=none)
ublk del 3

note "what is wrong is said"
expect 1 "name one" ublk add loop --file "$IMG" --integrity-size 8
expect 1 "wants --integrity-size" ublk add loop --file "$IMG" --integrity "$PI" --integrity-csum none
expect 1 "pi_offset" ublk add loop --file "$IMG" --integrity "$PI" --integrity-size 7
expect 1 "regular file" ublk add loop --file "$IMG" --integrity /dev/null
expect 1 "data_mode" ublk add loop --file "$IMG" --integrity "$PI" --data get-data
