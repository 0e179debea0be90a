/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_HANDOVER_H
#define UBLK_HANDOVER_H

#include "ublk_drv.h"

int ublk_ctrl_start_recovery(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_end_recovery(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_quiesce(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);

#endif /* UBLK_HANDOVER_H */
