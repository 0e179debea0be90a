// SPDX-License-Identifier: GPL-2.0-only
// since: 6.11.  Write cache, FUA and rotation are bits of the limits, and the
// limits are given when the disk is allocated (that part since 6.9).
#include <linux/blk-mq.h>

struct gendisk *probe(struct blk_mq_tag_set *set, struct queue_limits *lim);
struct gendisk *probe(struct blk_mq_tag_set *set, struct queue_limits *lim)
{
	lim->features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA | BLK_FEAT_ROTATIONAL;
	lim->max_hw_discard_sectors = 0;
	lim->dma_alignment = 0;
	return blk_mq_alloc_disk(set, lim, NULL);
}
