# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: legal but odd limits, on which 6.1's block layer would hit a BUG or loop for ever
# covers: C16
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

shows()
{
	local value
	value=$(cat "/sys/block/ublkb0/queue/$1")
	[ "$value" = "$2" ] || fail "$1 is $value, not $2"
}

# device PARAM-OPTIONS..: with logical blocks of 4096 bytes
device()
{
	ctl OK add --id 0 --queues 1 --depth 8 --buf 64K
	ctl OK set-params --id 0 --size 16M --param logical_bs_shift=12 \
		--param physical_bs_shift=12 --param max_sectors=128 "$@"
	serve srv --id 0 --no-add --size 16M
}

gone()
{
	stop_ends 0
	wait_bg srv
}

# direct FIO-OPTION..: O_DIRECT, so that the limits meet this very memory
direct()
{
	bounded 60 fio --name=odd --filename=/dev/ublkb0 --direct=1 --ioengine=psync --bs=16k \
		--size=1M --rw=randwrite --verify=crc32c --verify_fatal=1 "$@" >fio.out 2>&1
}

# a logical block on both sides of a page boundary is fine by default
device --types 1
shows dma_alignment 3
direct --iomem_align=512 || { cat fio.out; fail "I/O from unaligned memory"; }
gone

# one segment: such a block would be two, and nothing is left of it when it is cut
device --types 33 --param seg_boundary_mask=4095 --param max_segment_size=4096 \
	--param max_segments=1
shows max_segments 1
shows dma_alignment 4095
direct || { cat fio.out; fail "I/O with one segment"; }
direct --iomem_align=512 && fail "unaligned memory was not refused with one segment"
direct || { cat fio.out; fail "I/O with one segment, after some was refused"; }
gone

# a boundary wider than a page: two pieces may not follow each other
device --types 1 --param virt_boundary_mask=8191
shows dma_alignment 4095
direct || { cat fio.out; fail "I/O with a boundary of 8 KiB"; }
direct --iomem_align=512 && fail "unaligned memory was not refused with a boundary of 8 KiB"
gone

# the block layer rounds with the granularity as if it were a power of two
for granularity in 1 12288 4294967295; do
	device --types 3 --param discard_granularity="$granularity" \
		--param max_discard_sectors=4294967295 --param max_discard_segments=1 \
		--param max_write_zeroes_sectors=4294967295
	shows discard_max_hw_bytes $((8388600 * 512))
	bounded 20 blkdiscard /dev/ublkb0
	bounded 20 blkdiscard --zeroout /dev/ublkb0
	gone
done
