// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Zones: conditions, limits, pointers, and what a server's death leaves of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "zone_table.h"

#define ZONE	(64u << 10)
#define CAP	(48u << 10)
#define NR	8u

static struct zone_entry entries[NR];
static struct zone_table t;

static const struct zone_geometry geometry = {
	.zone_size = ZONE, .zone_capacity = CAP, .nr_zones = NR, .nr_conventional = 1,
	.max_open = 2, .max_active = 3,
};

static int setup(void **state)
{
	(void)state;
	memset(entries, 0, sizeof(entries));
	assert_int_equal(zone_table_init(&t, &geometry, entries), 0);
	zone_table_adopt(&t, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	zone_table_exit(&t);
	return 0;
}

/* What another process finds that maps the same entries. */
static void next_server(bool recovering)
{
	zone_table_exit(&t);
	assert_int_equal(zone_table_init(&t, &geometry, entries), 0);
	zone_table_adopt(&t, recovering);
	for (uint32_t i = geometry.nr_conventional; i < NR; i++)
		assert_true(zone_entry_is_sane(&geometry, &entries[i]));
}

static int write_at(uint32_t zone, uint64_t offset, uint64_t len)
{
	uint64_t at;
	int r = zone_begin_write(&t, zone, offset, len, false, &at);

	if (!r) {
		assert_int_equal(at, offset);
		zone_end_write(&t, zone, at + len);
	}
	return r;
}

static uint32_t condition(uint32_t zone)
{
	struct ublk_zone z;

	zone_describe(&t, zone, &z);
	return z.condition;
}

static uint64_t pointer(uint32_t zone)
{
	struct ublk_zone z;

	zone_describe(&t, zone, &z);
	return z.write_pointer - z.start;
}

static void writes_go_to_the_pointer_only(void **state)
{
	(void)state;
	assert_int_equal(write_at(1, 4096, 4096), -EIO);
	assert_int_equal(write_at(1, 0, 4096), 0);
	assert_int_equal(condition(1), LIBUBLK_ZONE_IMP_OPEN);
	assert_int_equal(pointer(1), 4096);
	assert_int_equal(write_at(1, 0, 4096), -EIO);
	assert_int_equal(write_at(1, 4096, CAP), -EIO);
	assert_int_equal(write_at(1, 4096, UINT64_MAX), -EIO);
	assert_int_equal(write_at(1, 4096, CAP - 4096), 0);
	assert_int_equal(condition(1), LIBUBLK_ZONE_FULL);
	assert_int_equal(zone_written(&t, 1), CAP);
	assert_int_equal(t.nr_open + t.nr_active, 0);
	assert_int_equal(write_at(1, CAP, 4096), -EIO);
	/* a conventional one takes all, up to its end, and has no pointer */
	assert_int_equal(write_at(0, 8192, 4096), 0);
	assert_int_equal(write_at(0, ZONE - 4096, 4096), 0);
	assert_int_equal(write_at(0, ZONE - 4096, 8192), -EIO);
	assert_int_equal(condition(0), LIBUBLK_ZONE_NOT_WP);
	assert_int_equal(zone_open(&t, 0), -EIO);
	assert_int_equal(zone_reset(&t, 0), -EIO);
}

static void appends_choose_their_place(void **state)
{
	uint64_t at;

	(void)state;
	for (uint64_t i = 0; i < CAP / 4096; i++) {
		assert_int_equal(zone_begin_write(&t, 2, 0, 4096, true, &at), 0);
		assert_int_equal(at, i * 4096);
		zone_end_write(&t, 2, at + 4096);
	}
	assert_int_equal(zone_begin_write(&t, 2, 0, 4096, true, &at), -EIO);
	assert_int_equal(zone_begin_write(&t, 0, 0, 4096, true, &at), -EIO);
}

static void limits_hold(void **state)
{
	(void)state;
	assert_int_equal(zone_open(&t, 1), 0);
	assert_int_equal(write_at(2, 0, 4096), 0);
	/* a zone opened by a write gives way, one opened by command does not */
	assert_int_equal(zone_open(&t, 3), 0);
	assert_int_equal(condition(2), LIBUBLK_ZONE_CLOSED);
	assert_int_equal(write_at(2, 4096, 4096), -ETOOMANYREFS);
	assert_int_equal(zone_open(&t, 4), -EOVERFLOW);
	assert_int_equal(zone_finish(&t, 4), -EOVERFLOW);
	assert_int_equal(zone_close(&t, 3), 0);
	assert_int_equal(condition(3), LIBUBLK_ZONE_EMPTY);
	assert_int_equal(zone_open(&t, 4), 0);
	assert_int_equal(zone_finish(&t, 2), 0);
	assert_int_equal(pointer(2), ZONE);
	assert_int_equal(t.nr_open, 2);
	assert_int_equal(t.nr_active, 2);
	assert_int_equal(zone_reset(&t, 1), 0);
	assert_int_equal(zone_reset(&t, 4), 0);
	assert_int_equal(t.nr_open + t.nr_active, 0);
}

static void a_write_under_way_survives_its_zone_being_closed(void **state)
{
	uint64_t at;

	(void)state;
	assert_int_equal(zone_begin_write(&t, 1, 0, 4096, false, &at), 0);
	assert_int_equal(zone_open(&t, 2), 0);
	assert_int_equal(zone_open(&t, 3), 0);
	assert_int_equal(condition(1), LIBUBLK_ZONE_CLOSED);
	zone_end_write(&t, 1, 4096);
	assert_int_equal(condition(1), LIBUBLK_ZONE_CLOSED);
	assert_int_equal(pointer(1), 4096);
	assert_int_equal(t.nr_open, 2);
	assert_int_equal(t.nr_active, 3);
}

/* Death at each point of a write, and the kernel sends it again. */
static void a_write_may_come_again_after_a_death(void **state)
{
	uint64_t at;

	(void)state;
	assert_int_equal(write_at(1, 0, 8192), 0);
	/* between data and pointer: the data is not there */
	assert_int_equal(zone_begin_write(&t, 1, 8192, 4096, false, &at), 0);
	next_server(true);
	assert_int_equal(pointer(1), 8192);
	assert_int_equal(write_at(1, 8192, 4096), 0);
	/* between pointer and answer: the same once more, and the pointer stays */
	next_server(true);
	assert_int_equal(pointer(1), 8192 + 4096);
	assert_int_equal(write_at(1, 8192, 4096), 0);
	assert_int_equal(pointer(1), 8192 + 4096);
	/* a second death during that */
	next_server(true);
	assert_int_equal(write_at(1, 8192, 4096), 0);
	/* it is the last one only, whole, and not after another */
	assert_int_equal(write_at(1, 0, 8192), -EIO);
	next_server(true);
	assert_int_equal(write_at(1, 0, 8192), -EIO);
	next_server(true);
	assert_int_equal(write_at(1, 8192, 2048), -EIO);
	next_server(true);
	assert_int_equal(write_at(1, 12288, 4096), 0);
	assert_int_equal(write_at(1, 12288, 4096), -EIO);
	assert_int_equal(pointer(1), 16384);
}

static void the_write_that_filled_a_zone_may_come_again_too(void **state)
{
	(void)state;
	assert_int_equal(write_at(1, 0, CAP), 0);
	next_server(true);
	assert_int_equal(write_at(1, 0, CAP), 0);
	assert_int_equal(condition(1), LIBUBLK_ZONE_FULL);
	/* but nothing comes again over what a finish has ended */
	assert_int_equal(write_at(2, 0, 4096), 0);
	assert_int_equal(zone_finish(&t, 2), 0);
	next_server(true);
	assert_int_equal(write_at(2, 0, CAP), -EIO);
	assert_int_equal(zone_finish(&t, 2), 0);
}

static void commands_may_come_again(void **state)
{
	(void)state;
	assert_int_equal(zone_open(&t, 1), 0);
	next_server(true);
	assert_int_equal(condition(1), LIBUBLK_ZONE_EXP_OPEN);
	assert_int_equal(t.nr_open, 1);
	assert_int_equal(zone_open(&t, 1), 0);
	assert_int_equal(zone_close(&t, 1), 0);
	next_server(true);
	assert_int_equal(zone_close(&t, 1), 0);
	assert_int_equal(write_at(1, 0, 4096), 0);
	assert_int_equal(zone_reset(&t, 1), 0);
	next_server(true);
	assert_int_equal(zone_reset(&t, 1), 0);
	assert_int_equal(pointer(1), 0);
}

static void switching_on_closes_zones(void **state)
{
	(void)state;
	assert_int_equal(zone_open(&t, 1), 0);
	assert_int_equal(write_at(2, 0, 4096), 0);
	next_server(false);
	assert_int_equal(condition(1), LIBUBLK_ZONE_EMPTY);
	assert_int_equal(condition(2), LIBUBLK_ZONE_CLOSED);
	assert_int_equal(t.nr_open, 0);
	assert_int_equal(t.nr_active, 1);
	/* a new disk's first write is no repetition */
	assert_int_equal(write_at(2, 0, 4096), -EIO);
}

static void damage_is_seen(void **state)
{
	static const uint64_t bad[] = {
		1 << 8, 5, 0xff, 4, (uint64_t)(CAP >> 9) << 8 | 1, UINT64_MAX,
	};
	struct zone_entry entry = { 0 };

	(void)state;
	assert_true(zone_entry_is_sane(&geometry, &entry));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		atomic_store(&entry.word, bad[i]);
		assert_false(zone_entry_is_sane(&geometry, &entry));
	}
	atomic_store(&entry.word, (uint64_t)(CAP >> 9) << 8 | 4);
	assert_true(zone_entry_is_sane(&geometry, &entry));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writes_go_to_the_pointer_only),
		TEST(appends_choose_their_place),
		TEST(limits_hold),
		TEST(a_write_under_way_survives_its_zone_being_closed),
		TEST(a_write_may_come_again_after_a_death),
		TEST(the_write_that_filled_a_zone_may_come_again_too),
		TEST(commands_may_come_again),
		TEST(switching_on_closes_zones),
		TEST(damage_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
