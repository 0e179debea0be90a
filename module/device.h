/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_DEVICE_H
#define UBLK_DEVICE_H

#include "ublk_drv.h"

int ublk_device_init(void);
void ublk_device_exit(void);

struct ublk_device *ublk_device_alloc(const struct ublksrv_ctrl_dev_info *info);
int ublk_device_publish(struct ublk_device *dev);
void ublk_device_withdraw(struct ublk_device *dev);
bool ublk_device_is_gone(struct ublk_device *dev);
void ublk_id_give_back_if_unused(struct ublk_device *dev);
struct ublk_device *ublk_device_find(u32 id);
struct ublk_device *ublk_device_next(int *id);

static inline void ublk_device_put(struct ublk_device *dev)
{
	put_device(&dev->cdev_dev);
}

#endif /* UBLK_DEVICE_H */
