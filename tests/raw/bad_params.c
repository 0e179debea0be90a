// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Malformed parameters: each row changes one field of parameters that are right. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "bad.h"
#include "fields.h"

#define BASIC	UBLK_PARAM_TYPE_BASIC

static const struct {
	uint32_t types;
	const char *change;	/* as for field_set(); NULL = none */
	int expected;
} rows[] = {
	{ BASIC, NULL, 0 },
	{ 0, NULL, -EINVAL },
	{ UBLK_PARAM_TYPE_DISCARD, NULL, -EINVAL },
	{ BASIC, "logical_bs_shift=0", -EINVAL },
	{ BASIC, "logical_bs_shift=8", -EINVAL },
	{ BASIC, "logical_bs_shift=13", -EINVAL },
	{ BASIC, "logical_bs_shift=41", -EINVAL },
	{ BASIC, "logical_bs_shift=255", -EINVAL },
	{ BASIC, "physical_bs_shift=8", -EINVAL },
	{ BASIC, "physical_bs_shift=32", -EINVAL },
	{ BASIC, "io_min_shift=64", -EINVAL },
	{ BASIC, "io_opt_shift=33", -EINVAL },
	{ BASIC, "max_sectors=0", -EINVAL },
	{ BASIC, "max_sectors=7", -EINVAL },
	{ BASIC, "max_sectors=8", 0 },
	{ BASIC, "max_sectors=129", -EINVAL },
	{ BASIC, "max_sectors=0xffffffff", -EINVAL },
	{ BASIC, "dev_sectors=0xffffffffffffffff", -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_DISCARD, NULL, 0 },
	{ BASIC | UBLK_PARAM_TYPE_DISCARD, "discard_granularity=0", -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_DISCARD, "max_discard_segments=0", -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_DISCARD, "max_discard_segments=2", -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_DISCARD, "max_discard_sectors=0xffffffff", 0 },
	{ BASIC | UBLK_PARAM_TYPE_DISCARD, "max_write_zeroes_sectors=0xffffffff", 0 },
	{ BASIC | UBLK_PARAM_TYPE_DEVT, NULL, -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_ZONED, NULL, -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_INTEGRITY, NULL, -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_DMA_ALIGN, NULL, 0 },
	{ BASIC | UBLK_PARAM_TYPE_DMA_ALIGN, "dma_alignment=2", -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_DMA_ALIGN, "dma_alignment=4095", 0 },
	{ BASIC | UBLK_PARAM_TYPE_DMA_ALIGN, "dma_alignment=8191", -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_DMA_ALIGN, "dma_alignment=0xffffffff", -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_SEGMENT, NULL, 0 },
	{ BASIC | UBLK_PARAM_TYPE_SEGMENT, "seg_boundary_mask=0", -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_SEGMENT, "seg_boundary_mask=4096", -EINVAL },
	{ BASIC | UBLK_PARAM_TYPE_SEGMENT, "max_segment_size=4095", -EINVAL },
	/* of types that no kernel knows nothing is read */
	{ BASIC | 0x80000000u, NULL, 0 },
};

static const struct {
	const char *name;
	uint16_t len;
	int64_t trap;		/* 0 good, 1 NULL, 2 unmapped, 3 edge */
	int expected[BAD_MAX_EXPECTED + 1];
} reaches[] = {
	{ "len 0", 0, 0, EXPECT(-EINVAL) },
	{ "len 8", 8, 0, EXPECT(-EINVAL) },
	{ "addr 0", sizeof(struct ublk_params), 1, EXPECT(-EINVAL) },
	{ "unmapped", sizeof(struct ublk_params), 2, EXPECT(-EFAULT) },
	{ "over the edge", sizeof(struct ublk_params), 3, EXPECT(-EFAULT) },
};

static void set_right(struct ublk_params *p)
{
	raw_basic_params(p, 1 << 20, 9, 64 << 10);
	p->discard.discard_granularity = 4096;
	p->discard.max_discard_sectors = 2048;
	p->discard.max_write_zeroes_sectors = 2048;
	p->discard.max_discard_segments = 1;
	p->dma.alignment = 511;
	p->seg.seg_boundary_mask = 0xffff;
	p->seg.max_segment_size = 1 << 16;
	p->seg.max_segments = 16;
}

static void try_reach(struct bad *b, uint32_t op, size_t i)
{
	struct ublk_params p;
	const uint64_t addrs[] = {
		(uintptr_t)&p, 0, (uintptr_t)b->unmapped, (uintptr_t)b->edge,
	};
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = b->victim.dev_id,
		.queue_id = 0xffff,
		.len = reaches[i].len,
		.addr = addrs[reaches[i].trap],
	};

	set_right(&p);
	rig_expect(b, reaches[i].name, raw_ctrl_issue(&b->ctrl, op, &cmd), reaches[i].expected);
}

void bad_params_round(struct bad *b)
{
	static const int exists[] = EXPECT(-EACCES), fine[] = EXPECT(0);
	struct ublk_params p;
	size_t i;

	for (i = 0; i < raw_array_size(rows); i++) {
		const int expected[] = EXPECT(rows[i].expected);
		char name[96] = "SET_PARAMS as they are";

		set_right(&p);
		p.types = rows[i].types;
		if (rows[i].change) {
			field_set(param_fields, &p, rows[i].change);
			snprintf(name, sizeof(name), "SET_PARAMS %s", rows[i].change);
		}
		rig_expect(b, name, raw_set_params(&b->ctrl, b->victim.dev_id, &p), expected);
	}
	for (i = 0; i < raw_array_size(reaches); i++) {
		try_reach(b, UBLK_U_CMD_SET_PARAMS, i);
		try_reach(b, UBLK_U_CMD_GET_PARAMS, i);
	}
	set_right(&p);
	rig_expect(b, "SET_PARAMS of a disk", raw_set_params(&b->ctrl, b->healthy.info.dev_id, &p),
		   exists);
	memset(&p, 0, sizeof(p));
	rig_expect(b, "GET_PARAMS", raw_get_params(&b->ctrl, b->healthy.info.dev_id, &p), fine);
	if (!(p.types & UBLK_PARAM_TYPE_DEVT) || p.devt.char_minor != b->healthy.info.dev_id)
		rig_failed(b, "GET_PARAMS: types 0x%x char_minor %u", p.types, p.devt.char_minor);
}
