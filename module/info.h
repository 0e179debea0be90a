/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_INFO_H
#define UBLK_INFO_H

#include "ublk_drv.h"

int ublk_ctrl_get_info(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_get_affinity(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_get_features(struct ublk_device *none, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_get_params(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_set_params(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_update_size(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);

#endif /* UBLK_INFO_H */
