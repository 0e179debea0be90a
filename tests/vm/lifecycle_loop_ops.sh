# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: what ublk-loop does to its file: flush, FUA, discard, zeroes, end of file, block devices
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop fio jq blkdiscard fallocate
img=$SCRATCH/ops.img
cleanup rm -f "$img" "$img.odd"

blocks() { stat -c %b "$img"; }

drop_caches() { echo 3 >/proc/sys/vm/drop_caches; }

# is_file OFFSET LENGTH CMP: the backing file's range against a file
range() { dd if="$img" bs=4096 skip=$(($1 / 4096)) count=$(($2 / 4096)) status=none; }

for mode in "" "--buffered" "--data get-data"; do
	note "with ${mode:-direct I/O}"
	rm -f "$img"
	head -c 16M /dev/urandom >"$img"
	sync "$img"
	cp "$img" wanted
	# shellcheck disable=SC2086
	ublk add loop --file "$img" --id 0 $mode
	server=$(ublk info 0 --json | jq .server_pid)
	fd=$(find "/proc/$server/fd" -lname "$img" -printf '%f\n')
	[ "$(wc -l <<<"$fd")" = 1 ] || fail "the backing is open more than once"
	flags=$(sed -n 's/^flags:\t//p' "/proc/$server/fdinfo/$fd")
	wanted_direct=$((8#40000))
	[ "$mode" != --buffered ] || wanted_direct=0
	[ $((8#$flags & 8#40000)) = $wanted_direct ] || fail "O_DIRECT is wrong: flags $flags"
	[ $((8#$flags & 8#2000000)) != 0 ] || fail "the backing is not close-on-exec"

	note "reads and writes of all sizes"
	cmp "$img" <(dd if=/dev/ublkb0 bs=1M iflag=direct status=none)
	dd if=wanted of=/dev/ublkb0 bs=7168 count=300 seek=100 oflag=direct status=none
	cmp <(dd if="$img" bs=7168 skip=100 count=300 status=none) <(head -c 2150400 wanted)
	# fio takes long to start under emulation: once is enough
	[ -n "$mode" ] || fio --name=v --filename=/dev/ublkb0 --rw=randwrite \
		--bsrange=512-256k --blockalign=512 --size=2M --direct=1 --ioengine=libaio \
		--iodepth=16 --verify=crc32c --do_verify=1 --randseed=7 --minimal >fio.out ||
		fail "fio: $(cat fio.out)"

	note "discard: reads as zeros, the space is free"
	before=$(blocks)
	blkdiscard -o 4M -l 2M /dev/ublkb0
	[ $((before - $(blocks))) -ge 4000 ] || fail "blocks before $before, after $(blocks)"
	cmp <(range $((4 << 20)) $((2 << 20))) <(head -c 2M /dev/zero)

	note "zeroes, with the space kept"
	fallocate --zero-range --keep-size -o 8M -l 1M /dev/ublkb0
	cmp <(range $((8 << 20)) $((1 << 20))) <(head -c 1M /dev/zero)
	cmp <(dd if=/dev/ublkb0 bs=1M skip=8 count=1 iflag=direct status=none) \
		<(head -c 1M /dev/zero)
	ublk del 0
done

note "a flush is an fsync of the file, no less"
head -c 16M /dev/urandom >"$img"
ublk add loop --file "$img" --id 0
[ "$(cat /sys/block/ublkb0/queue/write_cache)" = "write back" ] || fail "no write cache"
[ "$(cat /sys/block/ublkb0/queue/fua)" = 1 ] || fail "no FUA"
trace_on ext4:ext4_sync_file_enter
dd if=wanted of=/dev/ublkb0 bs=64k count=4 oflag=direct conv=fsync status=none
trace_off
trace_save flush.trace
inode=$(stat -c %i "$img")
grep -q "ino $inode .*datasync 1" flush.trace || fail "no sync: $(cat flush.trace)"

note "FUA: the write itself is durable (the file system saw a synchronous one)"
trace_on block:block_rq_issue
dd if=wanted of=/dev/ublkb0 bs=64k count=1 oflag=direct,dsync status=none
trace_off
trace_save fua.trace
grep -qE 'WFS|FWFS|FWS|FF' fua.trace || fail "neither FUA nor flush below: $(cat fua.trace)"
ublk del 0

note "a file that ends within a block: zeros behind the end, and the end can be written"
head -c 1000100 /dev/urandom >"$img.odd"
cp "$img.odd" odd.wanted
truncate -s 1003520 odd.wanted
for mode in "" --buffered; do
	# shellcheck disable=SC2086
	ublk add loop --file "$img.odd" --id 0 --block-size 4096 $mode
	[ "$(blockdev --getsize64 /dev/ublkb0)" = 1003520 ] || fail "size"
	cmp odd.wanted <(dd if=/dev/ublkb0 bs=4096 iflag=direct status=none)
	ublk del 0
done
ublk add loop --file "$img.odd" --id 0 --block-size 4096
dd if=wanted of=/dev/ublkb0 bs=4096 seek=244 count=1 oflag=direct status=none
cmp <(dd if=/dev/ublkb0 bs=4096 skip=244 iflag=direct status=none) <(head -c 4096 wanted)
note "a file cut under us: zeros, no hang"
truncate -s 100000 "$img.odd"
dd if=/dev/ublkb0 bs=4096 iflag=direct status=none | cmp - <(
	head -c 100000 odd.wanted
	head -c 903520 /dev/zero
)
ublk del 0

note "a block device behind it, claimed for good"
ublk add mem --size 16M --id 1
ublk add loop --file /dev/ublkb1 --id 0
dd if=wanted of=/dev/ublkb0 bs=1M count=16 oflag=direct conv=fsync status=none
drop_caches
cmp -n $((16 << 20)) wanted <(dd if=/dev/ublkb1 bs=1M iflag=direct status=none)
mkfs.ext4 -q /dev/ublkb1 2>mkfs.out && fail "mkfs on a claimed device: $(cat mkfs.out)"
blkdiscard -o 4M -l 1M /dev/ublkb0
cmp <(dd if=/dev/ublkb1 bs=1M skip=4 count=1 iflag=direct status=none) <(head -c 1M /dev/zero)
expect 5 "in use" ublk add loop --file /dev/ublkb1
server=$(ublk info 0 --json | jq .server_pid)
kill -KILL "$server"
ublk wait 0 quiesced --timeout 30
ublk recover 0
cmp -n $((4 << 20)) wanted <(dd if=/dev/ublkb0 bs=1M count=4 iflag=direct status=none)
ublk del 0
ublk del 1
