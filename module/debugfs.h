/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_DEBUGFS_H
#define UBLK_DEBUGFS_H

#include "ublk_drv.h"

void ublk_debugfs_init(void);
void ublk_debugfs_exit(void);
void ublk_debugfs_add(struct ublk_device *dev);
void ublk_debugfs_remove(struct ublk_device *dev);

#endif /* UBLK_DEBUGFS_H */
