// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * From checked parameters to queue limits.
 *
 * Where a legal but odd parameter would make the block layer misbehave, it is
 * bent here rather than refused, because it is a hint or a maximum: servers
 * written for the in-tree driver pass it, and less is still right.
 */
#include <linux/blkdev.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>

#include "disk_limits.h"
#include "params.h"

/* A bio counts its bytes in 32 bits; 6.1 does not cut to fit. */
#define UBLK_MAX_BIO_SECTORS	(UINT_MAX >> SECTOR_SHIFT)

/* Mask of buffer addresses unless the server wants another: the copy takes any. */
#define UBLK_DEF_DMA_MASK	3

static unsigned int whole_blocks(u32 sectors, const struct queue_limits *lim)
{
	return rounddown(min_t(u32, sectors, UBLK_MAX_BIO_SECTORS),
			 lim->logical_block_size >> SECTOR_SHIFT);
}

static void set_discard(const struct ublk_param_discard *d, struct queue_limits *lim)
{
	/*
	 * The block layer rounds with this as if it were a power of two, and
	 * counts it in sectors; any other value can make it cut pieces of
	 * nothing, for ever.
	 */
	lim->discard_granularity = max_t(u32, rounddown_pow_of_two(d->discard_granularity),
					 lim->logical_block_size);
	lim->discard_alignment = d->discard_alignment;
	lim->max_hw_discard_sectors = whole_blocks(d->max_discard_sectors, lim);
	lim->max_discard_segments = d->max_discard_segments;
	lim->max_write_zeroes_sectors = whole_blocks(d->max_write_zeroes_sectors, lim);
}

static void set_segment(const struct ublk_param_segment *s, struct queue_limits *lim)
{
	lim->seg_boundary_mask = s->seg_boundary_mask;
	lim->max_segment_size = s->max_segment_size;
	if (s->max_segments)
		lim->max_segments = s->max_segments;
}

static void set_zoned(const struct ublk_param_zoned *z, struct queue_limits *lim)
{
	lim->features |= BLK_FEAT_ZONED;
	lim->max_open_zones = z->max_open_zones;
	lim->max_active_zones = z->max_active_zones;
	lim->max_hw_zone_append_sectors =
		min_t(u32, whole_blocks(z->max_zone_append_sectors, lim),
		      min_t(u32, lim->max_hw_sectors, lim->chunk_sectors));
}

/* The checked one: LBMD_PI_CSUM_*. */
static void set_tuple(u8 csum_type, struct blk_integrity *bi)
{
	switch (csum_type) {
	case LBMD_PI_CSUM_IP:
		bi->csum_type = BLK_INTEGRITY_CSUM_IP;
		break;
	case LBMD_PI_CSUM_CRC16_T10DIF:
		bi->csum_type = BLK_INTEGRITY_CSUM_CRC;
		break;
	case LBMD_PI_CSUM_CRC64_NVME:
		bi->csum_type = BLK_INTEGRITY_CSUM_CRC64;
		break;
	default:
		bi->csum_type = BLK_INTEGRITY_CSUM_NONE;
		break;
	}
	bi->pi_tuple_size = ublk_params_tuple_size(csum_type);
}

/* Data and metadata are copied wherever they are: an interval may lie in several segments. */
static void set_integrity(const struct ublk_param_integrity *i, struct queue_limits *lim)
{
	struct blk_integrity bi = {
		.flags		= BLK_SPLIT_INTERVAL_CAPABLE,
		.metadata_size	= i->metadata_size,
		.pi_offset	= i->pi_offset,
		.interval_exp	= i->interval_exp,
		.tag_size	= i->tag_size,
	};

	if (i->flags & LBMD_PI_CAP_INTEGRITY)
		bi.flags |= BLK_INTEGRITY_DEVICE_CAPABLE;
	if (i->flags & LBMD_PI_CAP_REFTAG)
		bi.flags |= BLK_INTEGRITY_REF_TAG;
	set_tuple(i->csum_type, &bi);
	ublk_limits_set_integrity(lim, &bi, i->max_integrity_segments ?: USHRT_MAX);
}

/*
 * With the smallest alignment a logical block can lie on both sides of a page
 * boundary.  If two pieces are more than a request may have, or may not follow
 * each other, 6.1 hits a BUG when it cuts the request; then ask for blocks
 * that do not straddle.
 */
static void avoid_straddling(struct queue_limits *lim)
{
	if (lim->max_segments < 2 || lim->virt_boundary_mask >= PAGE_SIZE)
		lim->dma_alignment = max(lim->dma_alignment, lim->logical_block_size - 1);
}

/**
 * ublk_params_to_limits() - queue limits of a disk
 * @p: parameters that passed ublk_params_check()
 * @lim: filled; previous contents are lost
 *
 * Context: any.
 */
void ublk_params_to_limits(const struct ublk_params *p, struct queue_limits *lim)
{
	const struct ublk_param_basic *b = &p->basic;

	*lim = (struct queue_limits) {
		.logical_block_size	= 1U << b->logical_bs_shift,
		.physical_block_size	= 1U << b->physical_bs_shift,
		.io_min			= 1U << b->io_min_shift,
		.max_hw_sectors		= b->max_sectors,
		.chunk_sectors		= b->chunk_sectors,
		.virt_boundary_mask	= b->virt_boundary_mask,
		.max_segments		= USHRT_MAX,
		.max_segment_size	= UINT_MAX,
		.dma_alignment		= UBLK_DEF_DMA_MASK,
	};

	/* Less than a block is no optimum; that is how servers say "none". */
	if (b->io_opt_shift >= b->logical_bs_shift)
		lim->io_opt = 1U << b->io_opt_shift;

	if (b->attrs & UBLK_ATTR_VOLATILE_CACHE) {
		lim->features |= BLK_FEAT_WRITE_CACHE;
		/* Without a cache every write is durable and FUA means nothing. */
		if (b->attrs & UBLK_ATTR_FUA)
			lim->features |= BLK_FEAT_FUA;
	}
	if (b->attrs & UBLK_ATTR_ROTATIONAL)
		lim->features |= BLK_FEAT_ROTATIONAL;

	if (p->types & UBLK_PARAM_TYPE_DISCARD)
		set_discard(&p->discard, lim);
	if (p->types & UBLK_PARAM_TYPE_ZONED)
		set_zoned(&p->zoned, lim);
	if (p->types & UBLK_PARAM_TYPE_DMA_ALIGN)
		lim->dma_alignment = p->dma.alignment;
	if (p->types & UBLK_PARAM_TYPE_SEGMENT)
		set_segment(&p->seg, lim);
	if (p->types & UBLK_PARAM_TYPE_INTEGRITY)
		set_integrity(&p->integrity, lim);

	avoid_straddling(lim);
}
