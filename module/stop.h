/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_STOP_H
#define UBLK_STOP_H

#include "ublk_drv.h"

u64 ublk_stop_begin(struct ublk_device *dev, u32 only_session);
int ublk_stop_wait(struct ublk_device *dev, u64 ticket);
int ublk_stop(struct ublk_device *dev);
void ublk_stop_work(struct work_struct *work);

#endif /* UBLK_STOP_H */
