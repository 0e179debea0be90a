/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h: queue limits for kernels that set them one by one.
 *
 * The driver fills a struct queue_limits as 7.3 has it and passes it to
 * blk_mq_alloc_disk().  Here that structure is ours, with the members the
 * driver uses, and takes the kernel's name once all headers that need the real
 * one are in; the allocation then calls a setter per member.
 */
#ifndef UBLK_COMPAT_LIMITS_H
#define UBLK_COMPAT_LIMITS_H

#include <linux/bio.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>

#define BLK_FEAT_WRITE_CACHE	(1U << 0)
#define BLK_FEAT_FUA		(1U << 1)
#define BLK_FEAT_ROTATIONAL	(1U << 2)
#define BLK_FEAT_ZONED		(1U << 10)

struct ublk_queue_limits {
	unsigned int	features;
	unsigned long	seg_boundary_mask;
	unsigned long	virt_boundary_mask;
	unsigned int	max_hw_sectors;
	unsigned int	chunk_sectors;
	unsigned int	max_segment_size;
	unsigned int	physical_block_size;
	unsigned int	logical_block_size;
	unsigned int	io_min;
	unsigned int	io_opt;
	unsigned int	max_hw_discard_sectors;
	unsigned int	max_write_zeroes_sectors;
	unsigned int	discard_granularity;
	unsigned int	discard_alignment;
	unsigned int	dma_alignment;
	unsigned int	max_open_zones;
	unsigned int	max_active_zones;
	unsigned int	max_hw_zone_append_sectors;
	unsigned short	max_segments;
	unsigned short	max_discard_segments;
};

/*
 * Writes to a zone must come in order, one at a time: here that is the scheduler's
 * work, so only one that does it may be chosen.
 */
static inline void ublk_compat_set_zoned(struct gendisk *disk,
					 const struct ublk_queue_limits *lim)
{
#ifdef HAVE_BLK_ZONED
	disk_set_zoned(disk, BLK_ZONED_HM);
	blk_queue_flag_set(QUEUE_FLAG_ZONE_RESETALL, disk->queue);
	blk_queue_required_elevator_features(disk->queue, ELEVATOR_F_ZBD_SEQ_WRITE);
	blk_queue_max_zone_append_sectors(disk->queue, lim->max_hw_zone_append_sectors);
	disk_set_max_open_zones(disk, lim->max_open_zones);
	disk_set_max_active_zones(disk, lim->max_active_zones);
#endif
}

/*
 * As on 7.3, zero means "the default" for all but the discard and write zeroes
 * sizes, where it means "cannot".  The order matters: the logical block size
 * raises the physical one and io_min, and max_hw_sectors is rounded down to it.
 */
static inline void ublk_compat_set_limits(struct request_queue *q,
					  const struct ublk_queue_limits *lim)
{
	const bool has_cache = lim->features & BLK_FEAT_WRITE_CACHE;

	if (lim->logical_block_size)
		blk_queue_logical_block_size(q, lim->logical_block_size);
	if (lim->physical_block_size)
		blk_queue_physical_block_size(q, lim->physical_block_size);
	if (lim->io_min)
		blk_queue_io_min(q, lim->io_min);
	blk_queue_io_opt(q, lim->io_opt);

	if (lim->max_hw_sectors)
		blk_queue_max_hw_sectors(q, lim->max_hw_sectors);
	blk_queue_chunk_sectors(q, lim->chunk_sectors);

	if (lim->max_segments)
		blk_queue_max_segments(q, lim->max_segments);
	if (lim->seg_boundary_mask)
		blk_queue_segment_boundary(q, lim->seg_boundary_mask);
	if (lim->max_segment_size)
		blk_queue_max_segment_size(q, lim->max_segment_size);
	if (lim->virt_boundary_mask) {
		/* Lifts the segment size; both together are legal since 6.9. */
		blk_queue_virt_boundary(q, lim->virt_boundary_mask);
		if (lim->max_segment_size)
			q->limits.max_segment_size = lim->max_segment_size;
	}
	blk_queue_dma_alignment(q, lim->dma_alignment ?: SECTOR_SIZE - 1);

	q->limits.discard_granularity = lim->discard_granularity;
	q->limits.discard_alignment = lim->discard_alignment;
	blk_queue_max_discard_sectors(q, lim->max_hw_discard_sectors);
	if (lim->max_discard_segments)
		blk_queue_max_discard_segments(q, lim->max_discard_segments);
	blk_queue_max_write_zeroes_sectors(q, lim->max_write_zeroes_sectors);

	blk_queue_write_cache(q, has_cache, has_cache && (lim->features & BLK_FEAT_FUA));
	if (lim->features & BLK_FEAT_ROTATIONAL)
		blk_queue_flag_clear(QUEUE_FLAG_NONROT, q);
	else
		blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
}

static inline struct gendisk *
ublk_compat_alloc_disk(struct blk_mq_tag_set *set, const struct ublk_queue_limits *lim,
		       void *queuedata, struct lock_class_key *lkclass)
{
	struct gendisk *disk = __blk_mq_alloc_disk(set, queuedata, lkclass);

	if (!IS_ERR(disk) && lim)
		ublk_compat_set_limits(disk->queue, lim);
	if (!IS_ERR(disk) && lim && lim->features & BLK_FEAT_ZONED)
		ublk_compat_set_zoned(disk, lim);
	return disk;
}

#undef blk_mq_alloc_disk
#define blk_mq_alloc_disk(set, lim, queuedata) ({				\
	static struct lock_class_key ublk_compat_key;				\
										\
	ublk_compat_alloc_disk(set, lim, queuedata, &ublk_compat_key);		\
})

#define queue_limits	ublk_queue_limits

#endif
