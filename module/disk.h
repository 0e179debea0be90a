/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_DISK_H
#define UBLK_DISK_H

#include "ublk_drv.h"

struct gendisk *ublk_disk_alloc(struct ublk_device *dev);
void ublk_disk_attach(struct ublk_device *dev, struct gendisk *disk);
int ublk_disk_add(struct ublk_device *dev);
void ublk_disk_detach(struct ublk_device *dev);
void ublk_disk_discard(struct ublk_device *dev, struct gendisk *disk);
void ublk_scan_work(struct work_struct *work);

#endif /* UBLK_DISK_H */
