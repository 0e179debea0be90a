/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_IOCMD_H
#define UBLK_IOCMD_H

#include "ublk_drv.h"

int ublk_ch_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);
bool ublk_publish(struct ublk_session *s, struct ublk_slot *slot, enum ublk_slot_state from);
void ublk_cmd_end(struct ublk_session *s, struct ublk_slot *slot, struct io_uring_cmd *cmd,
		  unsigned int issue_flags);

#endif /* UBLK_IOCMD_H */
