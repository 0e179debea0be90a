/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_CHARDEV_H
#define UBLK_CHARDEV_H

#include "ublk_drv.h"

extern const struct file_operations ublk_ch_fops;

#endif /* UBLK_CHARDEV_H */
