/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_REQUEST_H
#define UBLK_REQUEST_H

#include "ublk_drv.h"

extern const struct blk_mq_ops ublk_mq_ops;

static inline struct ublksrv_io_desc *ublk_desc_of(struct ublk_session *s,
						   const struct ublk_slot *slot)
{
	return s->queues[slot->q_id].descs + (size_t)slot->tag * s->dev->info.io_desc_size;
}

#endif /* UBLK_REQUEST_H */
