/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_ZONED_H
#define UBLK_ZONED_H

#include "ublk_drv.h"

UBLK_REPORT_ZONES_PROTO(ublk_report_zones);

void ublk_zones_begin(struct ublk_device *dev);
int ublk_zones_result(struct ublk_device *dev);
void ublk_zones_work(struct work_struct *work);
int ublk_zone_append_end(struct request *rq, u64 sector, int result);

#endif /* UBLK_ZONED_H */
