// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* module/params.c, compiled as it is: the parameters of metadata. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../module/params.c"
#include "params_fixture.h"

static void set_up_integrity(void)
{
	info.flags = UBLK_F_USER_COPY | UBLK_F_INTEGRITY;
	params.types = UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_INTEGRITY;
	params.integrity = (struct ublk_param_integrity) {
		.flags		= LBMD_PI_CAP_INTEGRITY | LBMD_PI_CAP_REFTAG,
		.interval_exp	= 9,
		.metadata_size	= 8,
		.csum_type	= LBMD_PI_CSUM_CRC16_T10DIF,
	};
}

static void integrity_needs_its_flag(void **state)
{
	(void)state;
	set_up_integrity();
	assert_legal();
	info.flags = UBLK_F_USER_COPY;
	assert_illegal();
	info.flags = ~(UBLK_F_INTEGRITY | UBLK_F_ZONED);
	assert_illegal();
	/* but who has it may do without metadata */
	info.flags = UBLK_F_USER_COPY | UBLK_F_INTEGRITY;
	params.types = UBLK_PARAM_TYPE_BASIC;
	assert_legal();
}

static void integrity_tuple_lies_within_the_metadata(void **state)
{
	static const struct { unsigned int csum_type, tuple; } of[] = {
		{ LBMD_PI_CSUM_NONE, 0 },
		{ LBMD_PI_CSUM_IP, 8 },
		{ LBMD_PI_CSUM_CRC16_T10DIF, 8 },
		{ LBMD_PI_CSUM_CRC64_NVME, 16 },
	};

	(void)state;
	set_up_integrity();
	params.integrity.flags = 0;
	for (unsigned int i = 0; i < 4; i++) {
		params.integrity.csum_type = (u8)of[i].csum_type;
		assert_int_equal(ublk_params_tuple_size((u8)of[i].csum_type), of[i].tuple);
		for (unsigned int size = 0; size < 256; size++) {
			for (unsigned int at = 0; at < 256; at++) {
				params.integrity.metadata_size = (u8)size;
				params.integrity.pi_offset = (u8)at;
				if (size && at + of[i].tuple <= size)
					assert_legal();
				else
					assert_illegal();
			}
		}
	}
}

static void integrity_has_four_checksums(void **state)
{
	(void)state;
	set_up_integrity();
	params.integrity.metadata_size = 255;
	for (unsigned int type = 0; type < 256; type++) {
		params.integrity.csum_type = (u8)type;
		/* without one there is no reference tag */
		if (type == 1 || type == 2 || type == 4)
			assert_legal();
		else
			assert_illegal();
	}
	params.integrity.csum_type = LBMD_PI_CSUM_NONE;
	params.integrity.flags = LBMD_PI_CAP_INTEGRITY;
	assert_legal();
	for (unsigned int bit = 2; bit < 32; bit++) {
		params.integrity.flags = 1U << bit;
		assert_illegal();
	}
}

static void integrity_interval_is_from_a_sector_to_a_block(void **state)
{
	(void)state;
	set_up_integrity();
	for (u8 block = 9; block <= 12; block++) {
		params.basic.logical_bs_shift = block;
		for (unsigned int exp = 0; exp < 256; exp++) {
			params.integrity.interval_exp = (u8)exp;
			if (exp >= 9 && exp <= block)
				assert_legal();
			else
				assert_illegal();
		}
	}
}

/* Mainline stops looking at zones; and these are looked at last. */
static void integrity_is_checked_after_the_others(void **state)
{
	(void)state;
	info.flags = UBLK_F_ZONED | UBLK_F_USER_COPY | UBLK_F_INTEGRITY;
	params.types = UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_ZONED | UBLK_PARAM_TYPE_SEGMENT |
		       UBLK_PARAM_TYPE_INTEGRITY;
	params.basic.chunk_sectors = 1024;
	params.zoned.max_zone_append_sectors = 8;
	assert_illegal();	/* no metadata at all */
	params.integrity.metadata_size = 1;
	params.integrity.interval_exp = 9;
	assert_legal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(integrity_needs_its_flag, setup),
		cmocka_unit_test_setup(integrity_tuple_lies_within_the_metadata, setup),
		cmocka_unit_test_setup(integrity_has_four_checksums, setup),
		cmocka_unit_test_setup(integrity_interval_is_from_a_sector_to_a_block, setup),
		cmocka_unit_test_setup(integrity_is_checked_after_the_others, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
