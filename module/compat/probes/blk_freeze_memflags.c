// SPDX-License-Identifier: GPL-2.0-only
// since: 6.14.  Freezing a queue returns allocation flags for unfreezing it.
#include <linux/blk-mq.h>

void probe(struct request_queue *q);
void probe(struct request_queue *q)
{
	unsigned int memflags = blk_mq_freeze_queue(q);

	blk_mq_unfreeze_queue(q, memflags);
}
