/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_CTRL_H
#define UBLK_CTRL_H

#include "ublk_drv.h"

extern struct miscdevice ublk_ctrl_misc;

#endif /* UBLK_CTRL_H */
