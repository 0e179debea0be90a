/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* struct queue_limits as 7.3 spells it, with the members the driver fills. */
#ifndef KSHIM_LINUX_BLKDEV_H
#define KSHIM_LINUX_BLKDEV_H

#include <asm/page.h>
#include <linux/types.h>

#define SECTOR_SHIFT		9
#define SECTOR_SIZE		(1 << SECTOR_SHIFT)

#define BLK_FEAT_WRITE_CACHE	(1U << 0)
#define BLK_FEAT_FUA		(1U << 1)
#define BLK_FEAT_ROTATIONAL	(1U << 2)
#define BLK_FEAT_ZONED		(1U << 10)

#define BLK_INTEGRITY_DEVICE_CAPABLE	(1U << 2)
#define BLK_INTEGRITY_REF_TAG		(1U << 3)
#define BLK_SPLIT_INTERVAL_CAPABLE	(1U << 5)

enum {
	BLK_INTEGRITY_CSUM_NONE,
	BLK_INTEGRITY_CSUM_IP,
	BLK_INTEGRITY_CSUM_CRC,
	BLK_INTEGRITY_CSUM_CRC64,
};

struct blk_integrity {
	unsigned char	flags;
	unsigned char	csum_type;
	unsigned char	metadata_size;
	unsigned char	pi_offset;
	unsigned char	interval_exp;
	unsigned char	tag_size;
	unsigned char	pi_tuple_size;
};

struct queue_limits {
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
	unsigned short	max_integrity_segments;
	struct blk_integrity integrity;
};

/* module/compat's */
static inline void ublk_limits_set_integrity(struct queue_limits *lim,
					     const struct blk_integrity *bi,
					     unsigned short max_segments)
{
	lim->integrity = *bi;
	lim->max_integrity_segments = max_segments;
}

#endif
