/* SPDX-License-Identifier: GPL-2.0-only */
/* compat.h, the block layer part. */
#ifndef UBLK_COMPAT_BLOCK_H
#define UBLK_COMPAT_BLOCK_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>

#ifndef HAVE_BLK_SHOULD_MERGE
#define BLK_MQ_F_SHOULD_MERGE	0
#endif

#ifndef HAVE_BLK_FREEZE_MEMFLAGS
static inline unsigned int ublk_compat_freeze(struct request_queue *q)
{
	blk_mq_freeze_queue(q);
	return 0;
}
#define blk_mq_freeze_queue(q)			ublk_compat_freeze(q)
#define blk_mq_unfreeze_queue(q, memflags)	\
	do { (void)(memflags); blk_mq_unfreeze_queue(q); } while (0)
#endif

#ifdef HAVE_BDEV_OPEN_DISK
#define UBLK_BDEV_OPEN(name)							\
	static int name(struct gendisk *disk, blk_mode_t mode)
#define UBLK_BDEV_RELEASE(name)							\
	static void name(struct gendisk *disk)
#else
typedef fmode_t blk_mode_t;
#define BLK_OPEN_READ	FMODE_READ
#define BLK_OPEN_WRITE	FMODE_WRITE
#define BLK_OPEN_EXCL	FMODE_EXCL

#define UBLK_BDEV_OPEN(name)							\
	static int name##_body(struct gendisk *disk, blk_mode_t mode);		\
	static int name(struct block_device *bdev, fmode_t mode)		\
	{									\
		return name##_body(bdev->bd_disk, mode);			\
	}									\
	static int name##_body(struct gendisk *disk, blk_mode_t mode)
#define UBLK_BDEV_RELEASE(name)							\
	static void name##_body(struct gendisk *disk);				\
	static void name(struct gendisk *disk, fmode_t mode)			\
	{									\
		name##_body(disk);						\
	}									\
	static void name##_body(struct gendisk *disk)
#endif

#ifndef HAVE_QUEUE_LIMITS_FEATURES
#ifndef HAVE_QUEUE_LIMITS_SETTERS
#error "limits at allocation but without features (6.9, 6.10): not supported"
#endif
#include "limits.h"
#endif

#endif
