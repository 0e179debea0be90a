// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Metadata in the library: configuration, parameters, copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

static struct ublk_device_config protected_config(void)
{
	struct ublk_device_config config = fake_config(1);

	config.data_mode = LIBUBLK_DATA_USER_COPY;
	config.metadata_size = 24;
	config.metadata_interval = 512;
	config.pi_csum = LIBUBLK_PI_CRC64;
	config.pi_offset = 8;
	config.pi_flags = LIBUBLK_PI_REF_TAG;
	return config;
}

#define REFUSED(part, ...) do {							\
	struct ublk_device_config c = protected_config();			\
	__VA_ARGS__;								\
	assert_int_equal(ublk_device_config_check(&c), -EINVAL);		\
	assert_sentence(part);							\
} while (0)

static void configuration_is_checked(void **state)
{
	struct ublk_device_config config = protected_config();

	(void)state;
	assert_int_equal(ublk_device_config_check(&config), 0);
	assert_true(config.features_required & LIBUBLK_FEATURE_INTEGRITY);
	config.logical_block = 4096;
	config.metadata_interval = 0;
	assert_int_equal(ublk_device_config_check(&config), 0);
	assert_int_equal(config.metadata_interval, 4096);
	config.data_mode = LIBUBLK_DATA_AUTO;
	assert_int_equal(ublk_device_config_check(&config), 0);
	config.data_mode = LIBUBLK_DATA_REGISTERED;
	assert_int_equal(ublk_device_config_check(&config), 0);
	REFUSED("metadata_size: must not exceed", c.metadata_size = 256);
	REFUSED("metadata_interval", c.metadata_interval = 256);
	REFUSED("metadata_interval", c.metadata_interval = 1024);
	REFUSED("metadata_interval", c.metadata_interval = 1536, c.logical_block = 4096);
	REFUSED("pi_csum", c.pi_csum = 3);
	REFUSED("pi_offset", c.pi_offset = 9);
	REFUSED("pi_offset", c.pi_offset = UINT32_MAX);
	REFUSED("pi_flags: has unknown", c.pi_flags = 4);
	REFUSED("needs a checksum", c.pi_csum = LIBUBLK_PI_NONE);
	REFUSED("pi_tag_size", c.pi_tag_size = 25);
	REFUSED("max_metadata_segments", c.max_metadata_segments = 1 << 16);
	REFUSED("data_mode: must be user-copy", c.data_mode = LIBUBLK_DATA_COPY);
	REFUSED("data_mode: must be user-copy", c.data_mode = LIBUBLK_DATA_GET_DATA);
	REFUSED("0 means no metadata", c.metadata_size = 0);
	REFUSED("must be set", c = fake_config(1),
		c.features_wanted = LIBUBLK_FEATURE_INTEGRITY);
}

static void a_checksum_has_a_tuple(void **state)
{
	(void)state;
	assert_int_equal(ublk_pi_size(LIBUBLK_PI_NONE), 0);
	assert_int_equal(ublk_pi_size(LIBUBLK_PI_IP), 8);
	assert_int_equal(ublk_pi_size(LIBUBLK_PI_CRC16), 8);
	assert_int_equal(ublk_pi_size(3), -EINVAL);
	assert_int_equal(ublk_pi_size(LIBUBLK_PI_CRC64), 16);
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
	struct ublk_device_config config = protected_config(), back = UBLK_DEVICE_CONFIG_INIT;
	const struct ublk_params *params = &fake->devices[0].params;

	(void)state;
	config.pi_tag_size = 2;
	config.max_metadata_segments = 500;
	serve(config, &fake_target_ops);
	assert_true(fake->devices[0].info.flags & UBLK_F_INTEGRITY);
	assert_int_equal(params->types, UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_INTEGRITY);
	assert_int_equal(params->integrity.flags, LBMD_PI_CAP_REFTAG);
	assert_int_equal(params->integrity.interval_exp, 9);
	assert_int_equal(params->integrity.metadata_size, 24);
	assert_int_equal(params->integrity.pi_offset, 8);
	assert_int_equal(params->integrity.csum_type, LBMD_PI_CSUM_CRC64_NVME);
	assert_int_equal(params->integrity.tag_size, 2);
	assert_int_equal(params->integrity.max_integrity_segments, 500);
	ublk_config_from_kernel(&back, &fake->devices[0].info, params);
	assert_int_equal(back.metadata_size, 24);
	assert_int_equal(back.metadata_interval, 512);
	assert_int_equal(back.pi_offset, 8);
	assert_int_equal(back.pi_csum, LIBUBLK_PI_CRC64);
	assert_int_equal(back.pi_flags, LIBUBLK_PI_REF_TAG);
	assert_int_equal(back.pi_tag_size, 2);
	assert_int_equal(back.max_metadata_segments, 500);
	fake_server_end(&server);
}

static void refused(struct ublk_device_config config, const struct ublk_target_ops *ops)
{
	struct ublk_device *dev;

	assert_int_equal(ublk_device_create(ctl, &config, ops, target, &dev), -EOPNOTSUPP);
}

static void a_driver_or_target_without_is_refused(void **state)
{
	struct ublk_device_config config = protected_config();
	struct ublk_target_ops ops = fake_target_ops;

	(void)state;
	fake->withheld = UBLK_F_INTEGRITY;
	refused(config, &fake_target_ops);
	assert_sentence("INTEGRITY");
	fake->withheld = 0;
	/* `auto` would climb down to a mode in which nobody reaches them */
	config.data_mode = LIBUBLK_DATA_AUTO;
	ops.data_modes = LIBUBLK_DATA_BIT(LIBUBLK_DATA_COPY);
	refused(config, &ops);
	assert_sentence("cannot serve metadata here");
	/* but where the driver is the reason, that is said */
	fake->features &= ~UBLK_F_INTEGRITY;
	refused(config, &ops);
	assert_sentence("INTEGRITY");
}

/* An interval's metadata are its number, 24 times; a write's are 7. */
static int keep_metadata(struct ublk_io *io, void *user)
{
	char metadata[25];
	int r;

	(void)user;
	memset(metadata, ublk_io_op(io) == LIBUBLK_OP_READ ? 9 : 0, sizeof(metadata));
	if (!(ublk_io_flags(io) & LIBUBLK_IO_METADATA)) {
		assert_int_equal(ublk_io_metadata_length(io), 0);
		assert_int_equal(ublk_io_metadata_copy_in(io, 0, metadata, 1), -EINVAL);
		ublk_io_complete(io, 0);
		return 0;
	}
	assert_int_equal(ublk_io_metadata_length(io), 24);
	if (ublk_io_op(io) == LIBUBLK_OP_READ) {
		assert_int_equal(ublk_io_metadata_copy_out(io, 0, metadata, 24), -EINVAL);
		assert_int_equal(ublk_io_metadata_copy_in(io, 0, metadata, 25), -EINVAL);
		assert_int_equal(ublk_io_metadata_copy_in(io, 25, metadata, 0), -EINVAL);
		r = ublk_io_metadata_copy_in(io, 4, metadata, 20);
	} else {
		assert_int_equal(ublk_io_metadata_copy_in(io, 0, metadata, 24), -EINVAL);
		r = ublk_io_metadata_copy_out(io, 0, metadata, 24);
		assert_int_equal(metadata[0], 7);
		assert_int_equal(metadata[23], 7);
		assert_int_equal(metadata[24], 0);
	}
	ublk_io_complete(io, r);
	return 0;
}

static int protected_request(unsigned op)
{
	int index = fake_request(0, 0, op, 8);

	fake->requests[index].has_metadata = true;
	memset(fake->requests[index].metadata, 7, FAKE_METADATA);
	return index;
}

static void metadata_are_copied(void **state)
{
	struct ublk_target_ops ops = fake_target_ops;
	int read, write, bare;

	(void)state;
	ops.submit = keep_metadata;
	serve(protected_config(), &ops);
	read = protected_request(UBLK_IO_OP_READ);
	write = protected_request(UBLK_IO_OP_WRITE);
	bare = fake_request(0, 0, UBLK_IO_OP_READ, 8);
	fake_server_step(&server);
	assert_int_equal(fake->requests[read].result, 512);
	assert_int_equal(fake->requests[write].result, 512);
	assert_int_equal(fake->requests[bare].result, 512);
	assert_int_equal(fake->requests[read].metadata[3], 7);
	assert_int_equal(fake->requests[read].metadata[4], 9);
	assert_int_equal(fake->requests[read].metadata[23], 9);
	assert_int_equal(fake->requests[read].metadata[24], 7);
	/* and the data are where they were */
	assert_int_equal(fake->requests[read].data[8], read + 1);
	fake_server_end(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(configuration_is_checked, setup, teardown),
		cmocka_unit_test(a_checksum_has_a_tuple),
		cmocka_unit_test_setup_teardown(parameters_go_there_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_driver_or_target_without_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(metadata_are_copied, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
