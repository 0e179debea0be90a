/* SPDX-License-Identifier: GPL-2.0-only */
/* compat.h, what the block layer knows of metadata. */
#ifndef UBLK_COMPAT_INTEGRITY_H
#define UBLK_COMPAT_INTEGRITY_H

#include <linux/blk-integrity.h>
#include <linux/blkdev.h>

#ifdef HAVE_BLK_INTEGRITY
#define UBLK_HAS_INTEGRITY	1

static inline void ublk_limits_set_integrity(struct queue_limits *lim,
					     const struct blk_integrity *bi,
					     unsigned short max_segments)
{
	lim->integrity = *bi;
	lim->max_integrity_segments = max_segments;
}
#else
#define UBLK_HAS_INTEGRITY	0

/* 7.3's, for what is never called. */
struct ublk_compat_integrity {
	unsigned char	flags;
	unsigned char	csum_type;
	unsigned char	metadata_size;
	unsigned char	pi_offset;
	unsigned char	interval_exp;
	unsigned char	tag_size;
	unsigned char	pi_tuple_size;
};

#define blk_integrity			ublk_compat_integrity
#define BLK_INTEGRITY_DEVICE_CAPABLE	0x4
#define BLK_INTEGRITY_REF_TAG		0x8
#define BLK_SPLIT_INTERVAL_CAPABLE	0x20
#define BLK_INTEGRITY_CSUM_NONE		0
#define BLK_INTEGRITY_CSUM_IP		1
#define BLK_INTEGRITY_CSUM_CRC		2
#define BLK_INTEGRITY_CSUM_CRC64	3

#define ublk_limits_set_integrity(lim, bi, max_segments)			\
	do { (void)(lim); (void)(bi); (void)(max_segments); } while (0)

#ifndef bio_for_each_integrity_vec
#define bio_for_each_integrity_vec(bvl, bio, iter)				\
	for ((void)(bio), (iter) = (struct bvec_iter){}, (bvl) = (struct bio_vec){}; 0;)
#endif
#endif

#endif
