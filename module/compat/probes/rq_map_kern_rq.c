// SPDX-License-Identifier: GPL-2.0-only
// since: 6.16.  Mapping kernel memory into a request takes the request alone; the
// queue went first before.
#include <linux/blk-mq.h>

int probe(struct request *rq, void *buf);
int probe(struct request *rq, void *buf)
{
	return blk_rq_map_kern(rq, buf, 512, GFP_KERNEL);
}
