// SPDX-License-Identifier: GPL-2.0-only
// since: always, until 6.8.  Limits are set one by one on the queue.
// symbol: blk_queue_write_cache
#include <linux/blk-mq.h>

struct gendisk *probe(struct blk_mq_tag_set *set);
struct gendisk *probe(struct blk_mq_tag_set *set)
{
	struct gendisk *disk = blk_mq_alloc_disk(set, NULL);

	blk_queue_write_cache(disk->queue, true, true);
	blk_queue_flag_set(QUEUE_FLAG_NONROT, disk->queue);
	return disk;
}
