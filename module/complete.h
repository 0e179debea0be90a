/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_COMPLETE_H
#define UBLK_COMPLETE_H

#include "ublk_drv.h"

void ublk_end(struct request *rq, blk_status_t status);
void ublk_complete(struct request *rq, int result);
void ublk_fail(struct ublk_device *dev, struct request *rq, blk_status_t status);
void ublk_park(struct ublk_device *dev, struct request *rq);
void ublk_unpark(struct ublk_device *dev, struct request *rq);

#endif /* UBLK_COMPLETE_H */
