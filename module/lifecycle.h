/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_LIFECYCLE_H
#define UBLK_LIFECYCLE_H

#include "ublk_drv.h"

int ublk_ctrl_add(struct ublk_device *none, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_del(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_del_async(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_start(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_stop(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_try_stop(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
u64 ublk_stops_begun(struct ublk_device *dev);
bool ublk_may_go_live(struct ublk_device *dev, unsigned int from_states, u64 begun);

#endif /* UBLK_LIFECYCLE_H */
