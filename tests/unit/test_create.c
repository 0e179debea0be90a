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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(create),
		TEST(a_failed_create_leaves_nothing),
		TEST(id_taken),
		TEST(features),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
