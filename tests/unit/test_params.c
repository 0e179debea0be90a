// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * module/params.c, compiled as it is: each rule at its edge, on both sides.
 * tests/unit/kshim has what it includes of the kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../module/params.c"
#include "params_fixture.h"

static void basic_is_mandatory(void **state)
{
	(void)state;
	assert_legal();
	params.types = 0;
	assert_illegal();
	params.types = UBLK_PARAM_TYPE_DISCARD | UBLK_PARAM_TYPE_DMA_ALIGN;
	assert_illegal();
}

static void members_without_their_bit_are_ignored(void **state)
{
	(void)state;
	memset(&params.discard, 0xff, sizeof(params) - offsetof(struct ublk_params, discard));
	assert_legal();
}

static void bits_without_a_name_are_ignored(void **state)
{
	(void)state;
	params.types |= ~UBLK_PARAM_TYPE_ALL;
	assert_legal();
	assert_int_equal(UBLK_PARAM_TYPE_ALL, 0x7f);
}

static void logical_block_is_512_to_a_page(void **state)
{
	(void)state;
	for (unsigned int shift = 0; shift < 256; shift++) {
		params.basic.logical_bs_shift = (u8)shift;
		params.basic.physical_bs_shift = 28;
		if (shift >= 9 && shift <= 12)
			assert_legal();
		else
			assert_illegal();
	}
}

static void logical_block_may_be_64k_on_64k_pages(void **state)
{
	(void)state;
	kshim_page_shift = 16;
	params.basic.logical_bs_shift = 16;
	params.basic.physical_bs_shift = 16;
	assert_legal();
	params.basic.logical_bs_shift = 17;
	params.basic.physical_bs_shift = 17;
	assert_illegal();
}

static void physical_block_is_not_below_logical(void **state)
{
	(void)state;
	params.basic.logical_bs_shift = 12;
	params.basic.physical_bs_shift = 12;
	assert_legal();
	params.basic.physical_bs_shift = 11;
	assert_illegal();
}

/* C5: a shift of 32 or more of a 32-bit number is undefined */
static void shifts_end_at_28(void **state)
{
	u8 *const shifts[] = {
		&params.basic.physical_bs_shift,
		&params.basic.io_min_shift,
		&params.basic.io_opt_shift,
	};

	for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
		setup(state);
		*shifts[i] = 28;
		assert_legal();
		for (unsigned int shift = 29; shift < 256; shift++) {
			*shifts[i] = (u8)shift;
			assert_illegal();
		}
	}
}

static void hints_may_be_absent(void **state)
{
	(void)state;
	params.basic.io_min_shift = 0;
	params.basic.io_opt_shift = 0;
	assert_legal();
}

static void request_fits_the_buffer(void **state)
{
	(void)state;
	params.basic.max_sectors = info.max_io_buf_bytes / 512;
	assert_legal();
	params.basic.max_sectors++;
	assert_illegal();
	params.basic.max_sectors = UINT32_MAX;
	assert_illegal();
}

/* C4: less warns when the disk is made */
static void request_takes_a_page(void **state)
{
	(void)state;
	params.basic.max_sectors = 8;
	assert_legal();
	params.basic.max_sectors = 7;
	assert_illegal();
	params.basic.max_sectors = 0;
	assert_illegal();

	kshim_page_shift = 16;
	params.basic.max_sectors = 127;
	assert_illegal();
	params.basic.max_sectors = 128;
	assert_legal();
}

static void chunk_is_whole_logical_blocks(void **state)
{
	(void)state;
	params.basic.chunk_sectors = 1;
	assert_legal();		/* with blocks of 512 bytes */
	params.basic.chunk_sectors = 77;
	assert_legal();		/* need not be a power of two */

	params.basic.logical_bs_shift = 12;
	for (u32 sectors = 0; sectors < 64; sectors++) {
		params.basic.chunk_sectors = sectors;
		if (sectors % 8)
			assert_illegal();
		else
			assert_legal();
	}
	params.basic.chunk_sectors = UINT32_MAX;
	assert_illegal();
	params.basic.chunk_sectors = UINT32_MAX - 7;
	assert_legal();
}

static void capacity_fits_a_signed_byte_count(void **state)
{
	(void)state;
	params.basic.dev_sectors = 0;
	assert_legal();
	params.basic.dev_sectors = (1ULL << 54) - 1;
	assert_legal();
	params.basic.dev_sectors = 1ULL << 54;
	assert_illegal();
	params.basic.dev_sectors = UINT64_MAX;
	assert_illegal();

	assert_true(ublk_params_capacity_ok(0));
	assert_true(ublk_params_capacity_ok((1ULL << 54) - 1));
	assert_false(ublk_params_capacity_ok(1ULL << 54));
}

static void attributes_are_not_checked(void **state)
{
	(void)state;
	params.basic.attrs = UINT32_MAX;
	assert_legal();
}

static void discard_has_a_granularity(void **state)
{
	(void)state;
	params.types |= UBLK_PARAM_TYPE_DISCARD;
	assert_legal();
	params.discard.discard_granularity = 0;
	assert_illegal();
	params.discard.max_discard_sectors = 0;
	assert_illegal();
}

static void discard_has_one_segment(void **state)
{
	(void)state;
	params.types |= UBLK_PARAM_TYPE_DISCARD;
	params.discard.max_discard_segments = 0;
	assert_illegal();
	params.discard.max_discard_segments = 2;
	assert_illegal();
	params.discard.max_discard_sectors = 0;
	assert_legal();
}

static void device_numbers_are_read_only(void **state)
{
	(void)state;
	params.types |= UBLK_PARAM_TYPE_DEVT;
	assert_illegal();
}

/* 16 zones of 64 KiB */
static void set_up_zones(void)
{
	info.flags |= UBLK_F_ZONED;
	params.types = UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_ZONED;
	params.basic.chunk_sectors = 128;
	params.basic.dev_sectors = 2048;
	params.zoned = (struct ublk_param_zoned) {
		.max_open_zones = 4, .max_active_zones = 8, .max_zone_append_sectors = 64,
	};
}

static void zones_come_with_the_feature_both_ways(void **state)
{
	(void)state;
	set_up_zones();
	assert_legal();
	info.flags = 0;
	assert_illegal();
	info.flags = UBLK_F_ZONED;
	params.types = UBLK_PARAM_TYPE_BASIC;
	assert_illegal();
}

static void zones_are_a_power_of_two_and_whole(void **state)
{
	(void)state;
	set_up_zones();
	params.basic.chunk_sectors = 0;
	assert_illegal();
	params.basic.chunk_sectors = 96;
	assert_illegal();
	params.basic.chunk_sectors = 128;
	params.basic.dev_sectors = 2048 + 8;
	assert_illegal();
	params.basic.dev_sectors = 0;
	assert_illegal();
	/* the number of zones has 32 bits */
	params.basic.chunk_sectors = 1;
	params.basic.dev_sectors = UINT32_MAX;
	assert_legal();
	params.basic.dev_sectors++;
	assert_illegal();
	params.basic.chunk_sectors = 1u << 31;
	params.basic.dev_sectors = 1ull << 31;
	params.zoned.max_open_zones = params.zoned.max_active_zones = 1;
	assert_legal();
}

static void zone_limits_fit_the_zones_and_each_other(void **state)
{
	(void)state;
	set_up_zones();
	params.zoned.max_active_zones = 16;
	params.zoned.max_open_zones = 16;
	assert_legal();
	params.zoned.max_active_zones = 17;
	assert_illegal();
	params.zoned.max_active_zones = 0;
	params.zoned.max_open_zones = 17;
	assert_illegal();
	params.zoned.max_active_zones = 3;
	params.zoned.max_open_zones = 4;
	assert_illegal();
	params.zoned.max_open_zones = 0;
	assert_legal();
}

static void an_append_takes_a_block_at_least(void **state)
{
	(void)state;
	set_up_zones();
	params.zoned.max_zone_append_sectors = 0;
	assert_illegal();
	params.zoned.max_zone_append_sectors = 1;
	assert_legal();
	params.basic.logical_bs_shift = 12;
	assert_illegal();
	params.zoned.max_zone_append_sectors = 8;
	assert_legal();
}

/* Mainline stops looking there. */
static void types_after_the_zones_are_checked_too(void **state)
{
	(void)state;
	set_up_zones();
	params.types |= UBLK_PARAM_TYPE_DMA_ALIGN;
	params.dma.alignment = 2;
	assert_illegal();
	params.types = UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_ZONED | UBLK_PARAM_TYPE_SEGMENT;
	params.seg.max_segment_size = 1;
	assert_illegal();
}

static void dma_alignment_is_a_mask_below_a_page(void **state)
{
	(void)state;
	params.types |= UBLK_PARAM_TYPE_DMA_ALIGN;
	for (u32 mask = 0; mask < 8192; mask++) {
		params.dma.alignment = mask;
		if (mask < 4096 && !(mask & (mask + 1)))
			assert_legal();
		else
			assert_illegal();
	}
	params.dma.alignment = UINT32_MAX;
	assert_illegal();
}

static void segment_boundary_is_a_mask_of_4k_and_more(void **state)
{
	(void)state;
	params.types |= UBLK_PARAM_TYPE_SEGMENT;
	for (unsigned int bits = 0; bits < 64; bits++) {
		params.seg.seg_boundary_mask = (1ULL << bits) - 1;
		if (bits < 12)
			assert_illegal();
		else
			assert_legal();
	}
	params.seg.seg_boundary_mask = UINT64_MAX;	/* one more is 0 */
	assert_illegal();
	params.seg.seg_boundary_mask = 4096;
	assert_illegal();
	params.seg.seg_boundary_mask = 4096 + 8191;
	assert_illegal();
}

static void segment_size_is_4k_and_more(void **state)
{
	(void)state;
	params.types |= UBLK_PARAM_TYPE_SEGMENT;
	params.seg.max_segment_size = 4096;
	assert_legal();
	params.seg.max_segment_size = 4095;
	assert_illegal();
	params.seg.max_segment_size = UINT32_MAX;
	assert_legal();
	params.seg.max_segments = 0;
	assert_legal();
}

/* C18: one illegal type must not hide behind another that is legal */
static void every_type_is_checked(void **state)
{
	const u32 all = UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_DISCARD |
			UBLK_PARAM_TYPE_DMA_ALIGN | UBLK_PARAM_TYPE_SEGMENT;

	params.types = all;
	assert_legal();
	params.discard.discard_granularity = 0;
	assert_illegal();
	setup(state);
	params.types = all;
	params.dma.alignment = 5;
	assert_illegal();
	setup(state);
	params.types = all;
	params.seg.max_segment_size = 0;
	assert_illegal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(basic_is_mandatory, setup),
		cmocka_unit_test_setup(members_without_their_bit_are_ignored, setup),
		cmocka_unit_test_setup(bits_without_a_name_are_ignored, setup),
		cmocka_unit_test_setup(logical_block_is_512_to_a_page, setup),
		cmocka_unit_test_setup(logical_block_may_be_64k_on_64k_pages, setup),
		cmocka_unit_test_setup(physical_block_is_not_below_logical, setup),
		cmocka_unit_test_setup(shifts_end_at_28, setup),
		cmocka_unit_test_setup(hints_may_be_absent, setup),
		cmocka_unit_test_setup(request_fits_the_buffer, setup),
		cmocka_unit_test_setup(request_takes_a_page, setup),
		cmocka_unit_test_setup(chunk_is_whole_logical_blocks, setup),
		cmocka_unit_test_setup(capacity_fits_a_signed_byte_count, setup),
		cmocka_unit_test_setup(attributes_are_not_checked, setup),
		cmocka_unit_test_setup(discard_has_a_granularity, setup),
		cmocka_unit_test_setup(discard_has_one_segment, setup),
		cmocka_unit_test_setup(device_numbers_are_read_only, setup),
		cmocka_unit_test_setup(zones_come_with_the_feature_both_ways, setup),
		cmocka_unit_test_setup(zones_are_a_power_of_two_and_whole, setup),
		cmocka_unit_test_setup(zone_limits_fit_the_zones_and_each_other, setup),
		cmocka_unit_test_setup(an_append_takes_a_block_at_least, setup),
		cmocka_unit_test_setup(types_after_the_zones_are_checked_too, setup),
		cmocka_unit_test_setup(dma_alignment_is_a_mask_below_a_page, setup),
		cmocka_unit_test_setup(segment_boundary_is_a_mask_of_4k_and_more, setup),
		cmocka_unit_test_setup(segment_size_is_4k_and_more, setup),
		cmocka_unit_test_setup(every_type_is_checked, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
