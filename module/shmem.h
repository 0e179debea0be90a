/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_SHMEM_H
#define UBLK_SHMEM_H

#include "ublk_drv.h"

void ublk_shmem_init(struct ublk_device *dev);
void ublk_shmem_exit(struct ublk_device *dev);
void ublk_shmem_close(struct ublk_device *dev);
u32 ublk_shmem_match(struct ublk_device *dev, struct request *rq, u64 *ret_addr);
void ublk_shmem_put(struct request *rq);
int ublk_ctrl_reg_buf(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
int ublk_ctrl_unreg_buf(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);

/* Has its data been in the server's hands all along? By who owns the request's slot. */
static inline bool ublk_shmem_is_matched(struct ublk_device *dev, struct request *rq)
{
	const struct ublk_rq *data = blk_mq_rq_to_pdu(rq);

	return ublk_is_shmem(dev) && data->shmem;
}

#endif /* UBLK_SHMEM_H */
