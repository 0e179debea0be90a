// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Making a new device: what is granted, what is refused, and that a failure leaves nothing. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

static void create(void **state)
{
	struct ublk_device_config config = fake_config(4);
	struct fake_server server;
	struct ublk_device *dev;
	struct ublk_queue *q;

	(void)state;
	fake->nr_cpus = 2;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), 0);
	/* P18: what was granted counts, not what was asked. */
	assert_int_equal(ublk_device_config_of(dev)->nr_queues, 2);
	assert_int_equal(ublk_queue_open(dev, 2, &q), -EINVAL);
	assert_int_equal(target->recovering, 0);
	assert_int_equal(ublk_device_id(dev), 0);
	/* P16, the library's half: no START before every queue is fetched. */
	assert_int_equal(ublk_device_start_begin(dev), 0);
	assert_int_equal(ublk_device_start_poll(dev), -EAGAIN);
	assert_int_equal(ublk_queue_open(dev, 0, &server.q[0]), 0);
	assert_int_equal(ublk_device_start_poll(dev), -EAGAIN);
	assert_int_equal(ublk_queue_open(dev, 1, &server.q[1]), 0);
	assert_int_equal(ublk_device_start_poll(dev), 0);
	assert_int_equal(target->nr_started, 1);
	server.dev = dev;
	server.nr_queues = 2;
	fake_server_end(&server);
	assert_int_equal(target->nr_close, 1);
	/* Live once, so the kernel keeps it. */
	assert_true(fake->devices[0].exists);
}

static void a_failed_create_leaves_nothing(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_device *dev;
	char path[100];

	(void)state;
	target->open_result = -ENXIO;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), -ENXIO);
	assert_sentence("on the moon");
	assert_false(fake->devices[0].exists);
	assert_int_equal(target->nr_close, 0);
	target->open_result = 0;

	fake->fail_op = UBLK_U_CMD_SET_PARAMS;
	fake->fail_with = -EINVAL;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), -EINVAL);
	assert_sentence("parameters");
	assert_false(fake->devices[0].exists);
	fake->fail_with = 0;

	/* No record, no device: it could not be recovered. */
	snprintf(path, sizeof(path), "%s/file", fake_run_dir());
	close(open(path, O_CREAT | O_WRONLY, 0600));
	strcat(path, "/below");
	ublk_ctl_set_run_dir(ctl, path);
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev),
			 -ENOTDIR);
	assert_false(fake->devices[0].exists);
	assert_int_equal(target->nr_close, target->nr_open - 1);
	ublk_ctl_set_run_dir(ctl, fake_run_dir());

	/* Created, but never started by its owner. */
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), 0);
	ublk_device_free(dev);
	assert_false(fake->devices[0].exists);
	snprintf(path, sizeof(path), "%s/0", fake_run_dir());
	assert_int_equal(access(path, F_OK), -1);
}

static void id_taken(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_device *dev, *other;

	(void)state;
	config.id = 1;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), 0);
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &other),
			 -EEXIST);
	assert_sentence("device 1 exists already");
	assert_true(fake->devices[1].exists);
	ublk_device_free(dev);
}

static void features(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_device *dev;

	(void)state;
	/* Known to be missing: not even tried. */
	config.features_required = LIBUBLK_FEATURE_IO_DESC_SIZE;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev),
			 -EOPNOTSUPP);
	assert_sentence("IO_DESC_SIZE");
	assert_int_equal(fake_count(UBLK_U_CMD_ADD_DEV), 0);

	/* Not granted, whatever GET_FEATURES said, or without it. */
	config.features_required = LIBUBLK_FEATURE_QUIESCE;
	fake->withheld = UBLK_F_QUIESCE;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev),
			 -EOPNOTSUPP);
	assert_sentence("QUIESCE");
	assert_false(fake->devices[0].exists);
	fake->features = 0;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev),
			 -EOPNOTSUPP);
	assert_false(fake->devices[0].exists);

	/* A mode is as good as a requirement. */
	config.features_required = 0;
	config.data_mode = LIBUBLK_DATA_USER_COPY;
	fake->withheld = UBLK_F_USER_COPY;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev),
			 -EOPNOTSUPP);
	assert_sentence("USER_COPY");

	/* Wanted only: fine without. */
	config.data_mode = LIBUBLK_DATA_COPY;
	config.features_wanted = LIBUBLK_FEATURE_USER_COPY | LIBUBLK_FEATURE_QUIESCE;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), 0);
	assert_false(ublk_device_config_of(dev)->features_granted & LIBUBLK_FEATURE_USER_COPY);
	assert_true(ublk_device_config_of(dev)->features_granted & LIBUBLK_FEATURE_QUIESCE);
	ublk_device_free(dev);
}

#define ANY	UINT32_MAX		/* each mode's bit */

/* `auto`: what it takes from drivers that have less and less, and says why. */
static void auto_climbs_down(void **state)
{
	static const struct {
		uint64_t lacks;
		uint32_t data_modes, mode;
		const char *reason;
	} cases[] = {
		{ 0, ANY, LIBUBLK_DATA_AUTO_REGISTERED, "the best there is" },
		{ UBLK_F_AUTO_BUF_REG, ANY, LIBUBLK_DATA_REGISTERED,
		  "not auto-registered: the driver lacks AUTO_BUF_REG" },
		{ UBLK_F_AUTO_BUF_REG | UBLK_F_SUPPORT_ZERO_COPY, ANY, LIBUBLK_DATA_USER_COPY,
		  "not auto-registered: the driver lacks ZERO_COPY, AUTO_BUF_REG; "
		  "not registered: the driver lacks ZERO_COPY" },
		{ UBLK_F_USER_COPY, ANY, LIBUBLK_DATA_COPY,
		  "not user-copy: the driver lacks USER_COPY" },
		{ 0, LIBUBLK_DATA_BIT(LIBUBLK_DATA_COPY) |
		     LIBUBLK_DATA_BIT(LIBUBLK_DATA_REGISTERED), LIBUBLK_DATA_REGISTERED,
		  "not auto-registered: target fake cannot" },
		/* one that says nothing gets no mode without buffers unasked */
		{ 0, 0, LIBUBLK_DATA_COPY, "not user-copy: target fake does not ask for it" },
	};
	struct ublk_device_config config = fake_config(1);
	struct ublk_target_ops ops = fake_target_ops;
	const uint64_t all = fake->features;
	struct ublk_device *dev;
	size_t i;

	(void)state;
	config.data_mode = LIBUBLK_DATA_AUTO;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake->features = all & ~cases[i].lacks;
		ops.data_modes = cases[i].data_modes;
		assert_int_equal(ublk_device_create(ctl, &config, &ops, target, &dev), 0);
		assert_int_equal(ublk_device_config_of(dev)->data_mode, cases[i].mode);
		assert_non_null(strstr(ublk_device_data_reason(dev), cases[i].reason));
		ublk_device_free(dev);
	}
	/* a driver that does not tell what it has */
	fake->features = 0;
	ops.data_modes = 0;
	assert_int_equal(ublk_device_create(ctl, &config, &ops, target, &dev), 0);
	assert_int_equal(ublk_device_config_of(dev)->data_mode, LIBUBLK_DATA_COPY);
	ublk_device_free(dev);

	/* asked for by name it is that or nothing */
	fake->features = all & ~UBLK_F_SUPPORT_ZERO_COPY;
	config.data_mode = LIBUBLK_DATA_REGISTERED;
	assert_int_equal(ublk_device_create(ctl, &config, &ops, target, &dev), -EOPNOTSUPP);
	assert_sentence("ZERO_COPY");
	fake->features = all;
	ops.data_modes = LIBUBLK_DATA_BIT(LIBUBLK_DATA_COPY);
	assert_int_equal(ublk_device_create(ctl, &config, &ops, target, &dev), -EOPNOTSUPP);
	assert_sentence("cannot serve data mode registered");
	assert_false(fake->devices[0].exists);
}

static void data_modes_have_names(void **state)
{
	uint32_t mode;

	(void)state;
	for (mode = LIBUBLK_DATA_COPY; mode <= LIBUBLK_DATA_AUTO; mode++)
		assert_int_equal(ublk_data_mode_parse(ublk_data_mode_name(mode)), mode);
	assert_string_equal(ublk_data_mode_name(LIBUBLK_DATA_AUTO + 1), "unknown");
	assert_int_equal(ublk_data_mode_parse("zero"), -EINVAL);
	assert_sentence("auto-registered");
	assert_int_equal(ublk_data_mode_parse(NULL), -EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(create),
		TEST(a_failed_create_leaves_nothing),
		TEST(id_taken),
		TEST(features),
		TEST(auto_climbs_down),
		TEST(data_modes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
