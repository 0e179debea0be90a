// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * module/disk_limits.c, compiled as it is: what the block layer is told about
 * parameters that passed the check of module/params.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../module/params.c"
#include "../../module/disk_limits.c"
#include "params_fixture.h"

#define MIB		(1U << 20)

static struct queue_limits limits(void)
{
	struct queue_limits lim;

	memset(&lim, 0xa5, sizeof(lim));
	assert_legal();
	ublk_params_to_limits(&params, &lim);
	return lim;
}

static void limits_of_an_ordinary_disk(void **state)
{
	struct queue_limits lim = limits();

	(void)state;
	assert_int_equal(lim.logical_block_size, 512);
	assert_int_equal(lim.physical_block_size, 4096);
	assert_int_equal(lim.io_min, 512);
	assert_int_equal(lim.io_opt, 4096);
	assert_int_equal(lim.max_hw_sectors, 1024);
	assert_int_equal(lim.chunk_sectors, 0);
	assert_int_equal(lim.virt_boundary_mask, 0);
	assert_int_equal(lim.features, 0);
	/* what is not given */
	assert_int_equal(lim.max_segments, 65535);
	assert_int_equal(lim.max_segment_size, UINT32_MAX);
	assert_int_equal(lim.dma_alignment, 3);
	assert_int_equal(lim.seg_boundary_mask, 0);
	assert_int_equal(lim.max_hw_discard_sectors, 0);
	assert_int_equal(lim.max_write_zeroes_sectors, 0);
	assert_int_equal(lim.discard_granularity, 0);
	assert_int_equal(lim.discard_alignment, 0);
	assert_int_equal(lim.max_discard_segments, 0);
}

static void limits_of_zones(void **state)
{
	struct queue_limits lim;

	(void)state;
	info.flags = UBLK_F_ZONED;
	params.types |= UBLK_PARAM_TYPE_ZONED;
	params.basic.chunk_sectors = 128;
	params.zoned = (struct ublk_param_zoned) {
		.max_open_zones = 2, .max_active_zones = 3, .max_zone_append_sectors = 65,
	};
	params.basic.logical_bs_shift = 12;
	lim = limits();
	assert_int_equal(lim.features, BLK_FEAT_ZONED);
	assert_int_equal(lim.chunk_sectors, 128);
	assert_int_equal(lim.max_open_zones, 2);
	assert_int_equal(lim.max_active_zones, 3);
	/* whole blocks; not more than a zone, or a request */
	assert_int_equal(lim.max_hw_zone_append_sectors, 64);
	params.zoned.max_zone_append_sectors = UINT32_MAX;
	assert_int_equal(limits().max_hw_zone_append_sectors, 128);
	params.basic.max_sectors = 8;
	assert_int_equal(limits().max_hw_zone_append_sectors, 8);
}

static void limits_of_features(void **state)
{
	static const struct {
		u32 attrs, features;
	} cases[] = {
		{ 0, 0 },
		{ UBLK_ATTR_READ_ONLY, 0 },
		{ UBLK_ATTR_ROTATIONAL, BLK_FEAT_ROTATIONAL },
		{ UBLK_ATTR_VOLATILE_CACHE, BLK_FEAT_WRITE_CACHE },
		{ UBLK_ATTR_FUA, 0 },
		{ UBLK_ATTR_VOLATILE_CACHE | UBLK_ATTR_FUA,
		  BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA },
		{ UINT32_MAX, BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA | BLK_FEAT_ROTATIONAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		params.basic.attrs = cases[i].attrs;
		assert_int_equal(limits().features, cases[i].features);
	}
}

static void limits_of_the_largest_shifts(void **state)
{
	struct queue_limits lim;

	(void)state;
	params.basic.physical_bs_shift = 28;
	params.basic.io_min_shift = 28;
	params.basic.io_opt_shift = 28;
	lim = limits();
	assert_int_equal(lim.physical_block_size, 256 * MIB);
	assert_int_equal(lim.io_min, 256 * MIB);
	assert_int_equal(lim.io_opt, 256 * MIB);
}

static void limits_without_an_optimum(void **state)
{
	(void)state;
	params.basic.io_opt_shift = 0;
	assert_int_equal(limits().io_opt, 0);
	params.basic.io_opt_shift = 8;
	assert_int_equal(limits().io_opt, 0);
	params.basic.io_opt_shift = 9;
	assert_int_equal(limits().io_opt, 512);
}

static void limits_of_discard(void **state)
{
	struct queue_limits lim;

	(void)state;
	params.types |= UBLK_PARAM_TYPE_DISCARD;
	params.discard.discard_alignment = 8192;
	lim = limits();
	assert_int_equal(lim.discard_granularity, 4096);
	assert_int_equal(lim.discard_alignment, 8192);
	assert_int_equal(lim.max_hw_discard_sectors, 4096);
	assert_int_equal(lim.max_write_zeroes_sectors, 8192);
	assert_int_equal(lim.max_discard_segments, 1);
}

/* C16: a bio counts bytes in 32 bits */
static void limits_of_discard_are_capped(void **state)
{
	struct queue_limits lim;

	(void)state;
	params.types |= UBLK_PARAM_TYPE_DISCARD;
	params.discard.max_discard_sectors = UINT32_MAX;
	params.discard.max_write_zeroes_sectors = UINT32_MAX;
	lim = limits();
	assert_int_equal(lim.max_hw_discard_sectors, 8388607);
	assert_int_equal(lim.max_write_zeroes_sectors, 8388607);

	params.basic.logical_bs_shift = 12;
	lim = limits();
	assert_int_equal(lim.max_hw_discard_sectors, 8388600);
	assert_int_equal(lim.max_write_zeroes_sectors, 8388600);

	params.discard.max_discard_sectors = 7;
	params.discard.max_write_zeroes_sectors = 15;
	lim = limits();
	assert_int_equal(lim.max_hw_discard_sectors, 0);
	assert_int_equal(lim.max_write_zeroes_sectors, 8);
}

static void limits_of_odd_granularity(void **state)
{
	static const struct {
		u32 given, used;
	} cases[] = {
		{ 1, 4096 }, { 511, 4096 }, { 4097, 4096 }, { 12288, 8192 },
		{ 1U << 31, 1U << 31 }, { UINT32_MAX, 1U << 31 },
	};

	(void)state;
	params.types |= UBLK_PARAM_TYPE_DISCARD;
	params.basic.logical_bs_shift = 12;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		params.discard.discard_granularity = cases[i].given;
		assert_int_equal(limits().discard_granularity, cases[i].used);
	}
}

static void limits_of_segments(void **state)
{
	struct queue_limits lim;

	(void)state;
	params.types |= UBLK_PARAM_TYPE_SEGMENT | UBLK_PARAM_TYPE_DMA_ALIGN;
	params.basic.virt_boundary_mask = 4095;
	params.basic.chunk_sectors = 256;
	lim = limits();
	assert_int_equal(lim.seg_boundary_mask, 0xffff);
	assert_int_equal(lim.max_segment_size, 65536);
	assert_int_equal(lim.max_segments, 64);
	assert_int_equal(lim.dma_alignment, 511);
	assert_int_equal(lim.virt_boundary_mask, 4095);
	assert_int_equal(lim.chunk_sectors, 256);

	params.seg.max_segments = 0;
	assert_int_equal(limits().max_segments, 65535);
}

static void limits_keep_blocks_in_a_page(void **state)
{
	(void)state;
	params.basic.logical_bs_shift = 12;
	assert_int_equal(limits().dma_alignment, 3);
	params.basic.virt_boundary_mask = 4095;
	assert_int_equal(limits().dma_alignment, 3);
	params.basic.virt_boundary_mask = 8191;
	assert_int_equal(limits().dma_alignment, 4095);
	params.basic.virt_boundary_mask = 0;

	params.types |= UBLK_PARAM_TYPE_SEGMENT;
	params.seg.max_segments = 2;
	assert_int_equal(limits().dma_alignment, 3);
	params.seg.max_segments = 1;
	assert_int_equal(limits().dma_alignment, 4095);

	/* never less than what the server asked for */
	params.basic.logical_bs_shift = 9;
	params.types |= UBLK_PARAM_TYPE_DMA_ALIGN;
	params.dma.alignment = 2047;
	assert_int_equal(limits().dma_alignment, 2047);
}

static void limits_of_metadata(void **state)
{
	struct queue_limits lim = limits();

	(void)state;
	assert_int_equal(lim.integrity.metadata_size, 0);
	assert_int_equal(lim.max_integrity_segments, 0);

	info.flags = UBLK_F_USER_COPY | UBLK_F_INTEGRITY;
	params.types |= UBLK_PARAM_TYPE_INTEGRITY;
	params.integrity = (struct ublk_param_integrity) {
		.flags		= LBMD_PI_CAP_INTEGRITY | LBMD_PI_CAP_REFTAG,
		.interval_exp	= 9,
		.metadata_size	= 64,
		.pi_offset	= 48,
		.csum_type	= LBMD_PI_CSUM_CRC64_NVME,
		.tag_size	= 2,
	};
	lim = limits();
	assert_int_equal(lim.integrity.flags, BLK_SPLIT_INTERVAL_CAPABLE | BLK_INTEGRITY_REF_TAG |
			 BLK_INTEGRITY_DEVICE_CAPABLE);
	assert_int_equal(lim.integrity.csum_type, BLK_INTEGRITY_CSUM_CRC64);
	assert_int_equal(lim.integrity.metadata_size, 64);
	assert_int_equal(lim.integrity.pi_tuple_size, 16);
	assert_int_equal(lim.integrity.pi_offset, 48);
	assert_int_equal(lim.integrity.interval_exp, 9);
	assert_int_equal(lim.integrity.tag_size, 2);
	assert_int_equal(lim.max_integrity_segments, 65535);	/* 0 is no limit */
	assert_int_equal(lim.dma_alignment, 3);

	params.integrity.flags = LBMD_PI_CAP_INTEGRITY;
	params.integrity.csum_type = LBMD_PI_CSUM_IP;
	params.integrity.max_integrity_segments = 7;
	lim = limits();
	assert_int_equal(lim.integrity.flags,
			 BLK_SPLIT_INTERVAL_CAPABLE | BLK_INTEGRITY_DEVICE_CAPABLE);
	assert_int_equal(lim.integrity.csum_type, BLK_INTEGRITY_CSUM_IP);
	assert_int_equal(lim.integrity.pi_tuple_size, 8);
	assert_int_equal(lim.max_integrity_segments, 7);

	params.integrity.flags = LBMD_PI_CAP_REFTAG;
	params.integrity.csum_type = LBMD_PI_CSUM_CRC16_T10DIF;
	lim = limits();
	assert_int_equal(lim.integrity.flags, BLK_SPLIT_INTERVAL_CAPABLE | BLK_INTEGRITY_REF_TAG);
	assert_int_equal(lim.integrity.csum_type, BLK_INTEGRITY_CSUM_CRC);
	assert_int_equal(lim.integrity.pi_tuple_size, 8);

	params.integrity.flags = 0;
	params.integrity.csum_type = LBMD_PI_CSUM_NONE;
	lim = limits();
	assert_int_equal(lim.integrity.flags, BLK_SPLIT_INTERVAL_CAPABLE);
	assert_int_equal(lim.integrity.csum_type, BLK_INTEGRITY_CSUM_NONE);
	assert_int_equal(lim.integrity.pi_tuple_size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(limits_of_an_ordinary_disk, setup),
		cmocka_unit_test_setup(limits_of_features, setup),
		cmocka_unit_test_setup(limits_of_zones, setup),
		cmocka_unit_test_setup(limits_of_the_largest_shifts, setup),
		cmocka_unit_test_setup(limits_without_an_optimum, setup),
		cmocka_unit_test_setup(limits_of_discard, setup),
		cmocka_unit_test_setup(limits_of_discard_are_capped, setup),
		cmocka_unit_test_setup(limits_of_odd_granularity, setup),
		cmocka_unit_test_setup(limits_of_segments, setup),
		cmocka_unit_test_setup(limits_keep_blocks_in_a_page, setup),
		cmocka_unit_test_setup(limits_of_metadata, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
