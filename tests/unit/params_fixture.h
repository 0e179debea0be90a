/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Where each test of the parameters starts: an ordinary disk, which is legal. */
#ifndef PARAMS_FIXTURE_H
#define PARAMS_FIXTURE_H

#include <errno.h>
#include <string.h>

#include <ublk_cmd.h>

#include "params.h"

unsigned int kshim_page_shift;

static struct ublk_params params;
static struct ublksrv_ctrl_dev_info info;

static int setup(void **state)
{
	(void)state;
	kshim_page_shift = 12;
	memset(&info, 0, sizeof(info));
	info.max_io_buf_bytes = 512 << 10;

	memset(&params, 0, sizeof(params));
	params.len = sizeof(params);
	params.types = UBLK_PARAM_TYPE_BASIC;
	params.basic = (struct ublk_param_basic) {
		.logical_bs_shift	= 9,
		.physical_bs_shift	= 12,
		.io_opt_shift		= 12,
		.io_min_shift		= 9,
		.max_sectors		= 1024,
		.dev_sectors		= 2048,
	};
	params.discard = (struct ublk_param_discard) {
		.discard_granularity		= 4096,
		.max_discard_sectors		= 4096,
		.max_write_zeroes_sectors	= 8192,
		.max_discard_segments		= 1,
	};
	params.dma = (struct ublk_param_dma_align) { .alignment = 511 };
	params.seg = (struct ublk_param_segment) {
		.seg_boundary_mask	= 0xffff,
		.max_segment_size	= 65536,
		.max_segments		= 64,
	};
	return 0;
}

static inline void assert_legal(void)
{
	assert_int_equal(ublk_params_check(&params, &info), 0);
}

static inline void assert_illegal(void)
{
	assert_int_equal(ublk_params_check(&params, &info), -EINVAL);
}

#endif
