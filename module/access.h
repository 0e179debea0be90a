/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_ACCESS_H
#define UBLK_ACCESS_H

#include "ublk_drv.h"

enum ublk_access {
	UBLK_ACCESS_CONTROL,		/* starts, stops, changes: read and write */
	UBLK_ACCESS_ASK,		/* asks: read */
	UBLK_ACCESS_DELETE,		/* as CONTROL, but see access.c */
};

int ublk_access_add(struct ublksrv_ctrl_dev_info *info);
int ublk_access_command(struct ublk_device *dev, struct ublksrv_ctrl_cmd *header,
			enum ublk_access access, bool wants_path);
bool ublk_access_disk(const struct ublk_device *dev);

int ublk_unprivileged_get(void);
void ublk_unprivileged_put(void);

#endif /* UBLK_ACCESS_H */
