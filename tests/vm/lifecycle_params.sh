# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the limits in sysfs are those of the parameters, and what the negotiation granted
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

# shows FILE VALUE: under /sys/block/ublkb0
shows()
{
	local value
	value=$(cat "/sys/block/ublkb0/$1")
	[ "$value" = "$2" ] || fail "$1 is $value, not $2"
}

# device ADD-OPTIONS.. -- PARAM-OPTIONS..: served as they say
device()
{
	local add=()
	while [ "$1" != -- ]; do
		add+=("$1")
		shift
	done
	shift
	ctl OK add --id 0 "${add[@]}"
	ctl OK set-params --id 0 "$@"
	serve srv --id 0 --no-add --size 16M
}

gone()
{
	stop_ends 0
	wait_bg srv
}

# nothing but the basics
device --queues 1 --depth 8 --buf 64K -- --types 1 --size 16M --bs-shift 9 --param max_sectors=128
shows size 32768
shows ro 0
shows queue/logical_block_size 512
shows queue/max_hw_sectors_kb 64
shows queue/rotational 0
shows queue/write_cache 'write through'
shows queue/fua 0
shows queue/discard_max_hw_bytes 0
shows queue/write_zeroes_max_bytes 0
echo none >/sys/block/ublkb0/queue/scheduler
shows queue/nr_requests 8
# any buffer will do, as long as a word is a word
shows queue/dma_alignment 3
shows queue/max_segments 65535
[ "$(find /sys/block/ublkb0/mq -mindepth 1 -maxdepth 1 | wc -l)" = 1 ] || fail "more than one queue"
gone

# all of them; more queues than CPUs are cut to what there is (P18)
device --queues 64 --depth 16 --buf 1M -- --types 51 --size 16M \
	--param attrs=$((1 | 2 | 4 | 8)) \
	--param logical_bs_shift=12 --param physical_bs_shift=14 \
	--param io_min_shift=14 --param io_opt_shift=16 \
	--param max_sectors=256 --param chunk_sectors=512 \
	--param discard_granularity=32768 --param max_discard_sectors=2048 \
	--param max_write_zeroes_sectors=1024 --param max_discard_segments=1 \
	--param dma_alignment=511 \
	--param seg_boundary_mask=$((0xffff)) --param max_segment_size=16384 --param max_segments=7
shows size 32768
shows ro 1
shows queue/logical_block_size 4096
shows queue/physical_block_size 16384
shows queue/minimum_io_size 16384
shows queue/optimal_io_size 65536
shows queue/max_hw_sectors_kb 128
shows queue/chunk_sectors 512
shows queue/rotational 1
shows queue/write_cache 'write back'
shows queue/fua 1
shows queue/discard_granularity 32768
shows queue/discard_max_hw_bytes $((2048 * 512))
shows queue/write_zeroes_max_bytes $((1024 * 512))
shows queue/dma_alignment 511
shows queue/max_segment_size 16384
shows queue/max_segments 7
queues=$(find /sys/block/ublkb0/mq -mindepth 1 -maxdepth 1 | wc -l)
[ "$queues" = "$(nproc)" ] || fail "$queues queues on $(nproc) CPUs"
info_is 0 nr_hw_queues "$queues" || fail "GET_DEV_INFO does not say $queues queues"
# the parameters come back, and what is only for reading with them
ctl OK get-params --id 0
[ "$(answer max_segments)" = 7 ] && [ "$(answer chunk_sectors)" = 512 ] || fail "GET_PARAMS"
[ "$(answer disk_major):$(answer disk_minor)" = "$(cat /sys/block/ublkb0/dev)" ] ||
	fail "DEVT says $(answer disk_major):$(answer disk_minor)"
# and nothing of them may change under a disk
ctl EACCES set-params --id 0 --size 32M
shows size 32768
gone

# FUA means something only with a cache
device -- --types 1 --size 16M --param attrs=8
shows queue/write_cache 'write through'
shows queue/fua 0
gone
