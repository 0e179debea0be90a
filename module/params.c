// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Are the parameters of a disk legal?
 *
 * Pure functions of a copy that the caller made from user memory, with no
 * kernel state: the unit tests compile this very file.  Everything that a later
 * shift, queue limit or block layer helper would trip over is refused here, so
 * that START_DEV has nothing left to check.
 */
#include <asm/page.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/log2.h>

#include "params.h"

#define UBLK_SECTOR_SHIFT	9
#define UBLK_MAX_BS_SHIFT	28	/* of sizes kept as bytes in 32 bits */

/**
 * ublk_params_capacity_ok() - can a disk be that large?
 * @sectors: capacity
 *
 * The block layer counts a disk's bytes in a signed 64-bit number.
 *
 * Return: true if so.
 */
bool ublk_params_capacity_ok(u64 sectors)
{
	return sectors <= S64_MAX >> UBLK_SECTOR_SHIFT;
}

static int check_basic(const struct ublk_param_basic *b, u32 max_io_buf_bytes)
{
	if (b->logical_bs_shift < UBLK_SECTOR_SHIFT || b->logical_bs_shift > PAGE_SHIFT)
		return -EINVAL;
	if (b->logical_bs_shift > b->physical_bs_shift)
		return -EINVAL;

	/* These become 1 << shift. */
	if (b->physical_bs_shift > UBLK_MAX_BS_SHIFT ||
	    b->io_min_shift > UBLK_MAX_BS_SHIFT || b->io_opt_shift > UBLK_MAX_BS_SHIFT)
		return -EINVAL;

	/*
	 * A request must fit the slot's buffer, and the block layer warns about
	 * a disk that cannot take a page at once.
	 */
	if (b->max_sectors > max_io_buf_bytes >> UBLK_SECTOR_SHIFT)
		return -EINVAL;
	if (b->max_sectors < PAGE_SIZE >> UBLK_SECTOR_SHIFT)
		return -EINVAL;

	/*
	 * Requests are cut where a chunk ends.  If that is inside of a logical
	 * block nothing is left of the first part, which 6.1 takes for a bug.
	 */
	if (b->chunk_sectors & ((1U << (b->logical_bs_shift - UBLK_SECTOR_SHIFT)) - 1))
		return -EINVAL;

	return ublk_params_capacity_ok(b->dev_sectors) ? 0 : -EINVAL;
}

static int check_discard(const struct ublk_param_discard *d)
{
	/* A descriptor names one range. */
	if (d->max_discard_sectors && d->max_discard_segments != 1)
		return -EINVAL;

	/* The block layer divides by it. */
	return d->discard_granularity ? 0 : -EINVAL;
}

/* @b was checked. A report, a bitmap and a limit of the block layer count zones in 32 bits. */
static int check_zoned(const struct ublk_param_zoned *z, const struct ublk_param_basic *b)
{
	u64 nr_zones;

	if (!is_power_of_2(b->chunk_sectors) || b->dev_sectors & (b->chunk_sectors - 1))
		return -EINVAL;
	nr_zones = b->dev_sectors >> ilog2(b->chunk_sectors);
	if (!nr_zones || nr_zones > U32_MAX)
		return -EINVAL;
	if (z->max_open_zones > nr_zones || z->max_active_zones > nr_zones)
		return -EINVAL;
	/* an open zone is an active one */
	if (z->max_active_zones && z->max_open_zones > z->max_active_zones)
		return -EINVAL;
	/* a block at least */
	if (!(z->max_zone_append_sectors >> (b->logical_bs_shift - UBLK_SECTOR_SHIFT)))
		return -EINVAL;
	return 0;
}

static int check_dma_align(const struct ublk_param_dma_align *a)
{
	if (a->alignment >= PAGE_SIZE)
		return -EINVAL;
	return is_power_of_2(a->alignment + 1UL) ? 0 : -EINVAL;
}

static int check_segment(const struct ublk_param_segment *s)
{
	/* All ones means "no boundary" inside the kernel, but wraps to 0 here. */
	if (!is_power_of_2(s->seg_boundary_mask + 1))
		return -EINVAL;
	if (s->seg_boundary_mask + 1 < UBLK_MIN_SEGMENT_SIZE)
		return -EINVAL;
	return s->max_segment_size < UBLK_MIN_SEGMENT_SIZE ? -EINVAL : 0;
}

/**
 * ublk_params_tuple_size() - what a checksum's protection information takes
 * @csum_type: LBMD_PI_CSUM_*
 *
 * Return: bytes of the tuple that the block layer fills in and compares, or -EINVAL.
 */
int ublk_params_tuple_size(u8 csum_type)
{
	switch (csum_type) {
	case LBMD_PI_CSUM_NONE:
		return 0;
	case LBMD_PI_CSUM_IP:
	case LBMD_PI_CSUM_CRC16_T10DIF:
		return 8;	/* guard 2, application tag 2, reference tag 4 */
	case LBMD_PI_CSUM_CRC64_NVME:
		return 16;	/* 8, 2, 6 */
	default:
		return -EINVAL;
	}
}

static int check_integrity(const struct ublk_param_integrity *i, const struct ublk_param_basic *b)
{
	int tuple = ublk_params_tuple_size(i->csum_type);

	if (tuple < 0 || !i->metadata_size || i->pi_offset + tuple > i->metadata_size)
		return -EINVAL;
	if (i->flags & ~(u32)(LBMD_PI_CAP_INTEGRITY | LBMD_PI_CAP_REFTAG))
		return -EINVAL;
	/* the reference tag is a part of the tuple */
	if (i->flags & LBMD_PI_CAP_REFTAG && !tuple)
		return -EINVAL;
	/* a request is whole logical blocks, and is to be whole intervals */
	if (i->interval_exp < UBLK_SECTOR_SHIFT || i->interval_exp > b->logical_bs_shift)
		return -EINVAL;
	return 0;
}

/**
 * ublk_params_check() - check the parameters of a disk
 * @p: parameters; bits of @p->types that have no name yet are ignored
 * @info: the device they are for, as negotiated by ADD_DEV
 *
 * Device numbers are for reading only.  Zones go with the feature flag, both ways.  Integrity
 * data need theirs, but a device that was granted it may do without.
 *
 * Context: any.
 * Return: 0, or -EINVAL.
 */
int ublk_params_check(const struct ublk_params *p, const struct ublksrv_ctrl_dev_info *info)
{
	const u32 types = p->types;
	int ret;

	if (!(types & UBLK_PARAM_TYPE_BASIC))
		return -EINVAL;
	ret = check_basic(&p->basic, info->max_io_buf_bytes);
	if (ret)
		return ret;

	if (types & UBLK_PARAM_TYPE_DISCARD) {
		ret = check_discard(&p->discard);
		if (ret)
			return ret;
	}

	if (types & UBLK_PARAM_TYPE_DEVT)
		return -EINVAL;

	if (!(types & UBLK_PARAM_TYPE_ZONED) != !(info->flags & UBLK_F_ZONED))
		return -EINVAL;
	if (types & UBLK_PARAM_TYPE_ZONED) {
		ret = check_zoned(&p->zoned, &p->basic);
		if (ret)
			return ret;
	}

	if (types & UBLK_PARAM_TYPE_DMA_ALIGN) {
		ret = check_dma_align(&p->dma);
		if (ret)
			return ret;
	}

	if (types & UBLK_PARAM_TYPE_SEGMENT) {
		ret = check_segment(&p->seg);
		if (ret)
			return ret;
	}

	if (types & UBLK_PARAM_TYPE_INTEGRITY) {
		if (!(info->flags & UBLK_F_INTEGRITY))
			return -EINVAL;
		return check_integrity(&p->integrity, &p->basic);
	}
	return 0;
}
