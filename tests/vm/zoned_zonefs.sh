# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: zonefs on a zoned disk: files are zones, their sizes and data survive the server's death
# timeout: 180
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/zoned.sh"

requires ublk ublk-zoned jq blkzone xxd fio

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

# fill N: 2 MiB into file N from its start on, eight writes in flight, in bursts, then verified.
# Asynchronous: zonefs sends these as writes. Of a synchronous one the zonefs of 6.1 makes an
# append, and that of 6.1.192 says of each, on a null_blk as well, that the write pointer is
# corrupted: it compares where the append begins with where the next one will.
fill()
{
	bounded 90 fio --name="fill$1" --filename="$PWD/mnt/seq/$1" --size=2M --bs=16k --rw=write \
		--direct=1 --ioengine=libaio --iodepth=8 --thinktime=100ms --thinktime_blocks=16 \
		--create_on_open=0 --allow_file_create=0 --file_append=1 --unlink=0 \
		--fallocate=none --randseed="$((77 + $1))" --verify=crc32c \
		--output="fill$1.out" || { cat "fill$1.out"; fail "fio on file $1"; }
	grep -q 'err= 0' "fill$1.out" || { cat "fill$1.out"; fail "fio saw errors on file $1"; }
	[ "$(size_of "$1")" = $((2 << 20)) ] || fail "size $(size_of "$1")"
}

size_of() { stat -c %s "mnt/seq/$1"; }

note "writes, in order only"
fill 0
! dd if=super of=mnt/seq/0 bs=4K oflag=direct conv=notrunc status=none 2>/dev/null ||
	fail "written at the start again"
zone_is 0 1 wptr 4096
note "the server dies in the middle: no error, sizes kept"
inside=0
for i in 1 2 3 4 5; do
	server=$(server_of 0)
	run_bg "fill$i" fill "$i"
	wait_for 30 eval '[ "$(size_of "$i")" -gt 0 ]'
	kill -KILL "$server"
	[ "$(size_of "$i")" = $((2 << 20)) ] || inside=$((inside + 1))
	wait_bg "fill$i"
	wait_for 30 eval '[ "$(server_of 0)" -gt 0 ]'
	zone_is 0 $((i + 1)) wptr 4096
done
[ "$inside" -gt 0 ] || fail "each kill came too late"
result "$inside of 5 kills inside a file"
sha256sum mnt/seq/[1-5] >sums
[ "$(cut -d' ' -f1 sums | sort -u | wc -l)" = 5 ] ||
	fail "two files have the same data: $(cat sums)"

note "a file cut to nothing is a zone reset, one made as large as it gets a zone finished"
truncate -s 0 mnt/seq/0
zone_is 0 1 zcond 1
truncate -s 3M mnt/seq/6
zone_is 0 7 zcond 14
umount mnt
kill -KILL "$(server_of 0)"
mount -t zonefs /dev/ublkb0 mnt
[ "$(size_of 0) $(size_of 6) $(size_of 7)" = "0 $((3 << 20)) 0" ] || fail "sizes: $(ls -l mnt/seq)"
fill 0
sha256sum --quiet -c sums || fail "it has changed"

case $(uname -r) in
6.1.*)	;;
*)
	note "synchronous writes, too"
	head -c 1M /dev/urandom >data
	for i in 8 9 10; do
		run_bg "dd$i" bounded 60 dd if=data of="mnt/seq/$i" bs=16K oflag=direct,append \
			conv=notrunc status=none
		sleep 0.1
		kill -KILL "$(server_of 0)"
		wait_bg "dd$i"
		wait_for 30 eval '[ "$(server_of 0)" -gt 0 ]'
		cmp data "mnt/seq/$i"
	done
	;;
esac
umount mnt
ublk del 0
