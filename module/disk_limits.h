/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef UBLK_DISK_LIMITS_H
#define UBLK_DISK_LIMITS_H

#include <linux/blkdev.h>

#include <ublk_cmd.h>

void ublk_params_to_limits(const struct ublk_params *p, struct queue_limits *lim);

#endif
