// SPDX-License-Identifier: GPL-2.0-only
// since: 6.13.  A list of requests is a struct that knows its end, in ->queue_rqs, too;
// it was a pointer to the first one before.
#include <linux/blk-mq.h>

void probe(struct rq_list *list, struct request *rq);
void probe(struct rq_list *list, struct request *rq)
{
	struct blk_mq_ops ops = { .queue_rqs = NULL };
	void (*queue_rqs)(struct rq_list *list) = ops.queue_rqs;

	rq_list_add_tail(list, rq);
	queue_rqs(list);
}
