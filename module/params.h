/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef UBLK_PARAMS_H
#define UBLK_PARAMS_H

#include <linux/types.h>

#include <ublk_cmd.h>

/* The parameter types a server may set; bits beyond these are ignored. */
#define UBLK_PARAM_TYPE_ALL							\
	(UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_DISCARD |			\
	 UBLK_PARAM_TYPE_DEVT | UBLK_PARAM_TYPE_ZONED |				\
	 UBLK_PARAM_TYPE_DMA_ALIGN | UBLK_PARAM_TYPE_SEGMENT |			\
	 UBLK_PARAM_TYPE_INTEGRITY)

bool ublk_params_capacity_ok(u64 sectors);
int ublk_params_tuple_size(u8 csum_type);
int ublk_params_check(const struct ublk_params *p, const struct ublksrv_ctrl_dev_info *info);

#endif
