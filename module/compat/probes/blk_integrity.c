// SPDX-License-Identifier: GPL-2.0-only
// since: 7.1 and configuration.  A tuple has a size and a place of its own in the metadata, the
// block layer fills the rest with zeros (6.17 and later), and an interval may lie in several
// segments of a request.
#include <linux/blk-integrity.h>
#include <linux/blkdev.h>

void probe(struct queue_limits *lim);
void probe(struct queue_limits *lim)
{
#ifndef CONFIG_BLK_DEV_INTEGRITY
#error "no integrity"
#endif
	lim->max_integrity_segments = 1;
	lim->integrity.flags = BLK_SPLIT_INTERVAL_CAPABLE | BLK_INTEGRITY_REF_TAG;
	lim->integrity.csum_type = BLK_INTEGRITY_CSUM_CRC64;
	lim->integrity.metadata_size = 16;
	lim->integrity.pi_tuple_size = 8;
	lim->integrity.pi_offset = 8;
}
