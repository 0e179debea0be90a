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

#ifndef HAVE_RQ_MAP_KERN_RQ
static inline int ublk_compat_map_kern(struct request *rq, void *buf, unsigned int len, gfp_t gfp)
{
	return blk_rq_map_kern(rq->q, rq, buf, len, gfp);
}
#define blk_rq_map_kern		ublk_compat_map_kern
#endif

#ifdef HAVE_RQ_LIST
#define UBLK_QUEUE_RQS(name)							\
	static void name(struct rq_list *rqlist)
#else
struct rq_list {
	struct request *head, *tail;
};

#undef rq_list_pop
static inline struct request *rq_list_pop(struct rq_list *list)
{
	struct request *rq = list->head;

	if (rq) {
		list->head = rq->rq_next;
		rq->rq_next = NULL;
	}
	return rq;
}

#undef rq_list_add_tail
static inline void rq_list_add_tail(struct rq_list *list, struct request *rq)
{
	rq->rq_next = NULL;
	if (list->head)
		list->tail->rq_next = rq;
	else
		list->head = rq;
	list->tail = rq;
}

/*
 * The table by which a tag's request is found, for a timeout or a look at what is in flight. From
 * 6.7 on starting a request enters it there; before, that is for queue_rq only.
 */
static inline void ublk_compat_start_request(struct request *rq)
{
	WRITE_ONCE(rq->mq_hctx->tags->rqs[rq->tag], rq);
	blk_mq_start_request(rq);
}
#define blk_mq_start_request	ublk_compat_start_request

#define UBLK_QUEUE_RQS(name)							\
	static void name##_body(struct rq_list *rqlist);			\
	static void name(struct request **first)				\
	{									\
		struct rq_list rqlist = { .head = *first };			\
										\
		name##_body(&rqlist);						\
		*first = rqlist.head;						\
	}									\
	static void name##_body(struct rq_list *rqlist)
#endif

#ifdef HAVE_BLK_ZONED
#define UBLK_HAS_ZONED	1
#ifndef HAVE_BLK_REVALIDATE_1ARG
#define blk_revalidate_disk_zones(disk)	blk_revalidate_disk_zones(disk, NULL)
#endif
#else
#define UBLK_HAS_ZONED	0
#undef blk_revalidate_disk_zones
#define blk_revalidate_disk_zones(disk)	((void)(disk), -EOPNOTSUPP)
#endif

#ifdef HAVE_ZONE_REPORT_ARGS
#define UBLK_REPORT_ZONES_PROTO(name)						\
	int name(struct gendisk *disk, sector_t sector, unsigned int nr_zones,	\
		 struct blk_report_zones_args *args)
#define UBLK_REPORT_ZONES(name)	UBLK_REPORT_ZONES_PROTO(name)
#else
struct blk_report_zones_args {
	report_zones_cb cb;
	void *data;
};

#define disk_report_zone	ublk_compat_report_zone
static inline int disk_report_zone(struct gendisk *disk, struct blk_zone *zone,
				   unsigned int idx, struct blk_report_zones_args *args)
{
	return args->cb(zone, idx, args->data);
}

#define UBLK_REPORT_ZONES_PROTO(name)						\
	int name(struct gendisk *disk, sector_t sector, unsigned int nr_zones,	\
		 report_zones_cb cb, void *data)
#define UBLK_REPORT_ZONES(name)							\
	static int name##_body(struct gendisk *disk, sector_t sector,		\
			       unsigned int nr_zones,				\
			       struct blk_report_zones_args *args);		\
	UBLK_REPORT_ZONES_PROTO(name)						\
	{									\
		struct blk_report_zones_args args = { cb, data };		\
										\
		return name##_body(disk, sector, nr_zones, &args);		\
	}									\
	static int name##_body(struct gendisk *disk, sector_t sector,		\
			       unsigned int nr_zones,				\
			       struct blk_report_zones_args *args)
#endif

#ifndef HAVE_QUEUE_LIMITS_FEATURES
#ifndef HAVE_QUEUE_LIMITS_SETTERS
#error "limits at allocation but without features (6.9, 6.10): not supported"
#endif
#include "limits.h"
#elif !defined(HAVE_LIMITS_HW_ZONE_APPEND)
#define max_hw_zone_append_sectors	max_zone_append_sectors
#endif

#endif
