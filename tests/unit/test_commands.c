// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Control commands: bounded in time, harmless when late, explained when refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

static struct ublk_device *create(void)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_device *dev;

	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), 0);
	return dev;
}

static void a_command_that_is_cancelled(void **state)
{
	(void)state;
	fake->hang_op = UBLK_U_CMD_STOP_DEV;
	assert_int_equal(ublk_device_stop(ctl, 0, 0, 10), -ETIMEDOUT);
	assert_sentence("within 10 ms");
	assert_int_equal(ublk_cmd_reap(), 0);
}

/* The kernel keeps it: so it keeps its payload, until its completion comes. */
static void a_command_that_cannot_be_cancelled(void **state)
{
	struct ublk_params params = { .len = sizeof(params) };
	struct ublk_device *dev = create();

	(void)state;
	fake->hang_op = UBLK_U_CMD_GET_PARAMS;
	fake->ignores_cancel = true;
	assert_int_equal(ublk_ctl_command(ctl, UBLK_U_CMD_GET_PARAMS, 0, -1, 0, &params,
					  sizeof(params), 10), -ETIMEDOUT);
	assert_int_equal(ublk_cmd_reap(), 1);
	/* Late: it writes to its payload, which must not be the caller's nor be freed. */
	fake->is_hang_over = true;
	assert_int_equal(ublk_cmd_reap(), 0);
	assert_int_equal(params.types, 0);
	ublk_device_free(dev);
}

static void a_late_add_is_undone(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_device *dev;

	(void)state;
	fake->hang_op = UBLK_U_CMD_ADD_DEV;
	fake->ignores_cancel = true;
	ublk_ctl_set_timeout(ctl, 10);
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev),
			 -ETIMEDOUT);
	assert_false(fake->devices[0].exists);
	fake->is_hang_over = true;
	assert_int_equal(ublk_cmd_reap(), 0);
	assert_int_equal(fake_count(UBLK_U_CMD_DEL_DEV_ASYNC), 1);
	assert_false(fake->devices[0].exists);
}

/* The handle is closed before the command ends: both stay until then. */
static void closed_before_the_end(void **state)
{
	struct ublk_ctl *other = fake_open();

	(void)state;
	fake->hang_op = UBLK_U_CMD_STOP_DEV;
	fake->ignores_cancel = true;
	assert_int_equal(ublk_device_stop(other, 0, 0, 10), -ETIMEDOUT);
	ublk_ctl_close(other);
	fake->is_hang_over = true;
	assert_int_equal(ublk_cmd_reap(), 0);
}

static void start_times_out(void **state)
{
	struct ublk_device *dev = create();

	(void)state;
	/* No queue is open: START waits for FETCHes that never come. */
	ublk_ctl_set_timeout(ctl, 20);
	assert_int_equal(ublk_device_start(dev), -ETIMEDOUT);
	assert_sentence("not all queues are served");
	ublk_device_request_stop(dev);
	ublk_ctl_set_timeout(ctl, -1);
	assert_int_equal(ublk_device_start(dev), -ECANCELED);
	ublk_device_free(dev);
	assert_false(fake->devices[0].exists);
}

static void refusals_are_explained(void **state)
{
	static const struct {
		uint32_t op;
		int res;
		const char *sentence;
	} cases[] = {
		{ UBLK_U_CMD_ADD_DEV, -EPERM, "run as root" },
		{ UBLK_U_CMD_ADD_DEV, -EACCES, "ublks_max" },
		{ UBLK_U_CMD_ADD_DEV, -ENOSPC, "too many devices" },
		{ UBLK_U_CMD_ADD_DEV, -EINVAL, "refuses 1 queues of depth 8" },
		{ UBLK_U_CMD_GET_FEATURES, -EPERM, "run as root" },
	};
	struct ublk_device_config config = fake_config(1);
	struct ublk_device *dev;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake->fail_op = cases[i].op;
		fake->fail_with = cases[i].res;
		assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev),
				 cases[i].res);
		assert_sentence(cases[i].sentence);
	}
}

static void on_no_device(void **state)
{
	struct ublk_device_info info = { .size = sizeof(info) };

	(void)state;
	assert_int_equal(ublk_device_stop(ctl, 2, 0, 0), -ENODEV);
	assert_sentence("there is no device 2");
	assert_int_equal(ublk_device_delete(ctl, 2, 0, 0), -ENODEV);
	assert_int_equal(ublk_device_get_info(ctl, 2, &info), -ENODEV);
	assert_int_equal(ublk_device_stop(ctl, -1, 0, 0), -EINVAL);
	assert_int_equal(ublk_device_stop(ctl, 0, 1u << 31, 0), -EINVAL);
	assert_int_equal(ublk_device_wait_state(ctl, 2, LIBUBLK_STATE_GONE, 0), 0);
	assert_int_equal(ublk_device_wait_state(ctl, 2, LIBUBLK_STATE_LIVE, 0), -ENODEV);
}

static void stop_if_unused(void **state)
{
	struct ublk_device *dev = create();

	(void)state;
	fake->fail_op = UBLK_U_CMD_TRY_STOP_DEV;
	fake->fail_with = -EBUSY;
	assert_int_equal(ublk_device_stop(ctl, 0, LIBUBLK_STOP_IF_UNUSED, 0), -EBUSY);
	assert_sentence("fuser");
	fake->fail_with = -ENODEV;	/* no disk: stopped already */
	assert_int_equal(ublk_device_stop(ctl, 0, LIBUBLK_STOP_IF_UNUSED, 0), 0);
	ublk_device_free(dev);
}

static void info_list_json(void **state)
{
	struct ublk_device_info info = { .size = sizeof(info) };
	struct ublk_device *dev = create();
	size_t count;
	char *json;
	int *ids;

	(void)state;
	assert_int_equal(ublk_device_get_info(ctl, 0, &info), 0);
	assert_int_equal(info.capacity, 1 << 20);
	assert_int_equal(info.logical_block, 512);
	assert_int_equal(info.physical_block, 4096);
	assert_int_equal(info.recovery, LIBUBLK_RECOVERY_REISSUE);
	assert_int_equal(info.server_pid, -1);
	info.size = 4;
	assert_int_equal(ublk_device_get_info(ctl, 0, &info), -EINVAL);

	assert_int_equal(ublk_device_list(ctl, &ids, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(ids[0], 0);
	free(ids);

	assert_int_equal(ublk_device_json(ctl, 0, &json), 0);
	assert_non_null(strstr(json, "\"state\":\"DEAD\""));
	assert_non_null(strstr(json, "\"record\":\"ok\""));
	assert_non_null(strstr(json, "\"target\":\"fake\""));
	free(json);
	ublk_record_remove(ctl, 0);
	assert_int_equal(ublk_device_json(ctl, 0, &json), 0);
	assert_non_null(strstr(json, "\"record\":\"none\""));
	free(json);
	ublk_device_free(dev);
}

static void resize(void **state)
{
	struct ublk_device *dev = create();

	(void)state;
	assert_int_equal(ublk_device_resize(ctl, 0, 1000), -EINVAL);
	assert_int_equal(ublk_device_resize(ctl, 0, 0), -EINVAL);
	assert_int_equal(ublk_device_resize(ctl, 0, 2 << 20), 0);
	assert_int_equal(fake->devices[0].params.basic.dev_sectors, (2 << 20) / 512);
	ublk_device_free(dev);
}

static void features_of_an_old_driver(void **state)
{
	uint64_t features = 1;

	(void)state;
	fake->features = 0;
	assert_int_equal(ublk_ctl_features(ctl, &features), 0);
	assert_int_equal(features, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_command_that_is_cancelled),
		TEST(a_command_that_cannot_be_cancelled),
		TEST(a_late_add_is_undone),
		TEST(closed_before_the_end),
		TEST(start_times_out),
		TEST(refusals_are_explained),
		TEST(on_no_device),
		TEST(stop_if_unused),
		TEST(info_list_json),
		TEST(resize),
		TEST(features_of_an_old_driver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
