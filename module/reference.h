/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_REFERENCE_H
#define UBLK_REFERENCE_H

#include "complete.h"
#include "ublk_drv.h"

/* The slot's own reference; before the request is in the slot. */
static inline void ublk_reference_init(struct ublk_device *dev, struct request *rq)
{
	struct ublk_rq *data = blk_mq_rq_to_pdu(rq);

	if (ublk_has_references(dev))
		atomic_set(&data->references, 1);
}

void ublk_reference_get(struct request *rq);
void ublk_reference_put(struct request *rq);
void ublk_settle_slow(struct ublk_device *dev, struct request *rq, enum ublk_fate fate, int result);

/**
 * ublk_settle() - the slot gives its request up, and says what is to become of it
 * @dev: device
 * @rq: request, out of its slot
 * @fate: what to do when nobody uses its pages any more
 * @result: of UBLK_FATE_COMPLETE
 */
static inline void ublk_settle(struct ublk_device *dev, struct request *rq, enum ublk_fate fate,
			       int result)
{
	/* each request's way without zero copy */
	if (fate == UBLK_FATE_COMPLETE && !ublk_holds_more(dev))
		ublk_complete(rq, result);
	else
		ublk_settle_slow(dev, rq, fate, result);
}

#endif /* UBLK_REFERENCE_H */
