// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Zoned devices in the library: configuration, parameters, append, report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/blkzoned.h>

#include "fixture.h"

#define ZONE	(64 << 10)

static struct ublk_device_config zoned_config(void)
{
	struct ublk_device_config config = fake_config(1);

	config.zone_size = ZONE;
	config.data_mode = LIBUBLK_DATA_USER_COPY;
	return config;
}

#define REFUSED(part, ...) do {							\
	struct ublk_device_config c = zoned_config();			\
	__VA_ARGS__;								\
	assert_int_equal(ublk_device_config_check(&c), -EINVAL);		\
	assert_sentence(part);							\
} while (0)

static void configuration_is_checked(void **state)
{
	struct ublk_device_config config = zoned_config();

	(void)state;
	assert_int_equal(ublk_device_config_check(&config), 0);
	assert_int_equal(config.max_zone_append, 4096);
	assert_true(config.features_required & LIBUBLK_FEATURE_ZONED);
	REFUSED("zone_size: must be a power of two", c.zone_size = 3UL * 4096);
	REFUSED("zone_size: must be a power of two", c.zone_size = 256);
	REFUSED("zone_size: must be a power of two", c.zone_size = UINT64_C(1) << 42);
	REFUSED("capacity: must be a multiple of zone_size", c.zone_size = 2 << 20);
	REFUSED("max_open_zones", c.max_open_zones = 17);
	REFUSED("max_open_zones", c.max_active_zones = 17);
	REFUSED("open is active", c.max_open_zones = 3, c.max_active_zones = 2);
	REFUSED("max_zone_append", c.max_zone_append = 256);
	REFUSED("max_zone_append", c.max_zone_append = 8192);
	REFUSED("data_mode", c.data_mode = LIBUBLK_DATA_COPY);
	REFUSED("0 means no zones", c.zone_size = 0, c.max_open_zones = 1);
	REFUSED("must be set", c.zone_size = 0,
		c.features_wanted = LIBUBLK_FEATURE_ZONED);
}

static struct fake_server server;

static void serve(struct ublk_device_config config, const struct ublk_target_ops *ops)
{
	struct ublk_device *dev;

	assert_int_equal(ublk_device_create(ctl, &config, ops, target, &dev), 0);
	assert_int_equal(fake_server_start(&server, dev), 0);
}

static void parameters_go_there_and_back(void **state)
{
	struct ublk_device_config config = zoned_config(), back = UBLK_DEVICE_CONFIG_INIT;
	const struct ublk_params *params = &fake->devices[0].params;

	(void)state;
	config.max_open_zones = 2;
	config.max_active_zones = 3;
	serve(config, &fake_target_ops);
	assert_true(fake->devices[0].info.flags & UBLK_F_ZONED);
	assert_int_equal(params->types, UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_ZONED);
	assert_int_equal(params->basic.chunk_sectors, ZONE >> 9);
	assert_int_equal(params->zoned.max_open_zones, 2);
	assert_int_equal(params->zoned.max_active_zones, 3);
	assert_int_equal(params->zoned.max_zone_append_sectors, 8);
	ublk_config_from_kernel(&back, &fake->devices[0].info, params);
	assert_int_equal(back.zone_size, ZONE);
	assert_int_equal(back.max_zone_append, 4096);
	assert_int_equal(back.max_open_zones, 2);
	assert_int_equal(back.max_active_zones, 3);
	fake_server_end(&server);
}

static void a_driver_without_zones_is_refused(void **state)
{
	struct ublk_device_config config = zoned_config();
	struct ublk_device *dev;

	(void)state;
	fake->withheld = UBLK_F_ZONED;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev),
			 -EOPNOTSUPP);
	assert_sentence("ZONED");
}

static int append_or_report(struct ublk_io *io, void *user)
{
	struct ublk_zone zones[FAKE_DATA / 64] = { { 0 } };
	char data[512];
	unsigned i;
	int r = 0;

	(void)user;
	if (ublk_io_op(io) == LIBUBLK_OP_ZONE_APPEND) {
		r = ublk_io_copy_out(io, 0, data, ublk_io_length(io));
		assert_int_equal(data[511], 1);
		if (ublk_io_offset(io))
			ublk_io_set_append(io, ublk_io_offset(io) + 5UL * 4096);
	} else {
		assert_int_equal(ublk_io_op(io), LIBUBLK_OP_REPORT_ZONES);
		assert_int_equal(ublk_io_nr_zones(io), 8);
		assert_int_equal(ublk_io_length(io), 0);
		for (i = 0; i < 8; i++)
			zones[i] = (struct ublk_zone) {
				.start = (uint64_t)i * ZONE,
				.length = ZONE, .capacity = ZONE - 4096,
				.write_pointer = i * ZONE + 512,
				.type = LIBUBLK_ZONE_SEQUENTIAL,
				.condition = LIBUBLK_ZONE_IMP_OPEN,
			};
		assert_int_equal(ublk_io_report_zones(io, 7, zones, 2), -EINVAL);
		assert_int_equal(ublk_io_report_zones(io, 9, zones, 0), -EINVAL);
		r = ublk_io_report_zones(io, 1, zones + 1, 7);
		if (!r)
			r = ublk_io_report_zones(io, 0, zones, 1);
	}
	ublk_io_complete(io, r);
	return 0;
}

static void an_append_says_where_it_went(void **state)
{
	struct ublk_target_ops ops = fake_target_ops;
	int first, second, third;

	(void)state;
	ops.submit = append_or_report;
	serve(zoned_config(), &ops);
	first = fake_request(0, 0, UBLK_IO_OP_ZONE_APPEND, ZONE >> 9);
	memset(fake->requests[first].data, 1, FAKE_DATA);
	fake_server_step(&server);
	assert_int_equal(fake->requests[first].result, 512);
	assert_int_equal(fake->requests[first].append_sector, (ZONE >> 9) + 40);
	/* nothing of it is left for the next one; not said: the zone's start */
	second = fake_request(0, 0, UBLK_IO_OP_ZONE_APPEND, 0);
	memset(fake->requests[second].data, 1, FAKE_DATA);
	fake_server_step(&server);
	assert_int_equal(fake->requests[second].append_sector, 0);
	third = fake_request(0, 0, UBLK_IO_OP_READ, 0);
	assert_int_equal(fake->requests[third].append_sector, 0);
	fake->requests[third].state = FAKE_DONE;
	fake_server_end(&server);
}

static void a_report_is_what_the_kernel_calls_zones(void **state)
{
	struct ublk_target_ops ops = fake_target_ops;
	struct blk_zone zones[8];
	int report;

	(void)state;
	ops.submit = append_or_report;
	serve(zoned_config(), &ops);
	report = fake_request(0, 0, UBLK_IO_OP_REPORT_ZONES, 0);
	fake_server_step(&server);
	assert_int_equal(fake->requests[report].result, sizeof(zones));
	memcpy(zones, fake->requests[report].data, sizeof(zones));
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(zones[i].start, i * (ZONE >> 9));
		assert_int_equal(zones[i].len, ZONE >> 9);
		assert_int_equal(zones[i].capacity, (ZONE >> 9) - 8);
		assert_int_equal(zones[i].wp, i * (ZONE >> 9) + 1);
		assert_int_equal(zones[i].type, BLK_ZONE_TYPE_SEQWRITE_REQ);
		assert_int_equal(zones[i].cond, BLK_ZONE_COND_IMP_OPEN);
	}
	fake_server_end(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(configuration_is_checked, setup, teardown),
		cmocka_unit_test_setup_teardown(parameters_go_there_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_driver_without_zones_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(an_append_says_where_it_went, setup, teardown),
		cmocka_unit_test_setup_teardown(a_report_is_what_the_kernel_calls_zones, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
