// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Devices of ordinary users: what they may have, whose commands count, the wait for the node. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

#define SOON_MS		50
#define LONG_MS		60000	/* a test that waits so long has failed */

static struct ublk_device_config users_config(void)
{
	struct ublk_device_config config = fake_config(1);

	config.recovery = LIBUBLK_RECOVERY_OFF;
	config.features_required = LIBUBLK_FEATURE_UNPRIVILEGED;
	config.attach_timeout_ms = LONG_MS;
	return config;
}

static int create(const struct ublk_device_config *config, struct ublk_device **ret_dev)
{
	return ublk_device_create(ctl, config, &fake_target_ops, target, ret_dev);
}

/* A user's device whose node is there at once. */
static struct ublk_device *users_device(void)
{
	struct ublk_device_config config = users_config();
	struct ublk_device *dev;

	fake->is_user = true;
	fake_give_node(0, false);
	assert_int_equal(create(&config, &dev), 0);
	return dev;
}

static void what_a_user_cannot_have(void **state)
{
	struct ublk_device_config config = users_config();
	struct ublk_device *dev;

	(void)state;
	config.recovery = LIBUBLK_RECOVERY_REISSUE;
	assert_int_equal(create(&config, &dev), -EINVAL);
	assert_sentence("recovery: must be off for a user's device");
	config.recovery = LIBUBLK_RECOVERY_OFF;
	config.data_mode = LIBUBLK_DATA_USER_COPY;
	assert_int_equal(create(&config, &dev), -EINVAL);
	assert_sentence("data_mode: user copy is not for a user's device");
	assert_int_equal(fake_count(UBLK_U_CMD_ADD_DEV), 0);

	/* Root's are root's. */
	config.data_mode = LIBUBLK_DATA_COPY;
	assert_int_equal(create(&config, &dev), -EOPNOTSUPP);
	assert_sentence("runuser");
	assert_false(fake->devices[0].exists);

	/* A user who does not say so gets none; one who only would like it, no recovery. */
	fake->is_user = true;
	config.features_required = 0;
	assert_int_equal(create(&config, &dev), -EPERM);
	assert_sentence("--user");
	config.features_wanted = LIBUBLK_FEATURE_UNPRIVILEGED;
	config.recovery = LIBUBLK_RECOVERY_PLAIN;
	assert_int_equal(create(&config, &dev), -EOPNOTSUPP);
	assert_sentence("has no recovery");
	assert_false(fake->devices[0].exists);
}

static void root_may_want_it(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_device *dev;

	(void)state;
	config.features_wanted = LIBUBLK_FEATURE_UNPRIVILEGED;
	assert_int_equal(create(&config, &dev), 0);
	assert_false(ublk_device_is_users(dev));
	assert_true(fake->devices[0].has_params);
	ublk_device_free(dev);
}

static void commands_have_the_path(void **state)
{
	struct ublk_device_info info = { .size = sizeof(info) };
	struct ublk_device *dev = users_device();
	struct ublk_params params = { .len = sizeof(params) };
	struct fake_server server;
	unsigned before;

	(void)state;
	/* The server knows its own: nothing was tried in vain. */
	assert_int_equal(fake_count(UBLK_U_CMD_SET_PARAMS), 1);
	assert_int_equal(fake_count(UBLK_U_CMD_GET_DEV_INFO2), 0);
	assert_int_equal(fake_server_start(&server, dev), 0);
	assert_int_equal(fake_count(UBLK_U_CMD_START_DEV), 1);

	/* Any other command finds out. */
	assert_int_equal(ublk_device_get_info(ctl, 0, &info), 0);
	assert_int_equal(info.capacity, 1 << 20);
	assert_true(info.features & LIBUBLK_FEATURE_UNPRIVILEGED);
	assert_int_equal(info.state, LIBUBLK_STATE_LIVE);
	assert_int_equal(ublk_ctl_command(ctl, UBLK_U_CMD_GET_PARAMS, 0, -1, 0, &params,
					  sizeof(params), 0), 0);
	assert_int_equal(params.basic.dev_sectors, (1 << 20) / 512);
	assert_int_equal(ublk_device_resize(ctl, 0, 2 << 20), 0);
	assert_int_equal(fake->devices[0].params.basic.dev_sectors, (2 << 20) / 512);

	/* Root gives it, too. */
	fake->is_user = false;
	assert_int_equal(ublk_device_stop(ctl, 0, 0, 0), 0);
	assert_int_equal(fake->devices[0].info.state, UBLK_S_DEV_DEAD);

	/* An -EINVAL that is none of that stays what it is, after one question. */
	before = fake_count(UBLK_U_CMD_GET_DEV_INFO2);
	fake->fail_op = UBLK_U_CMD_UPDATE_SIZE;
	fake->fail_with = -EINVAL;
	assert_int_equal(ublk_device_resize(ctl, 0, 1 << 20), -EINVAL);
	fake->fail_with = 0;
	assert_in_range(fake_count(UBLK_U_CMD_GET_DEV_INFO2) - before, 1, 2);
	fake_server_end(&server);
	assert_int_equal(ublk_device_delete(ctl, 0, 0, 0), 0);
	assert_false(fake->devices[0].exists);
}

static void roots_device_takes_no_path(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_device_info info = { .size = sizeof(info) };
	struct ublk_device *dev;

	(void)state;
	assert_int_equal(create(&config, &dev), 0);
	fake->fail_op = UBLK_U_CMD_QUIESCE_DEV;
	fake->fail_with = -EINVAL;
	/* The fake takes a path there for the payload, and says -EFAULT. */
	assert_int_equal(ublk_device_quiesce(ctl, 0, 0), -EINVAL);
	fake->fail_with = 0;
	assert_int_equal(ublk_device_get_info(ctl, 0, &info), 0);
	fake->is_user = true;
	assert_int_equal(ublk_device_get_info(ctl, 0, &info), -EPERM);
	assert_sentence("run as root");
	fake->is_user = false;
	ublk_device_free(dev);
}

static void another_user_is_refused(void **state)
{
	struct ublk_device_info info = { .size = sizeof(info) };
	struct ublk_device *dev = users_device();

	(void)state;
	fake->is_stranger = true;
	assert_int_equal(ublk_device_get_info(ctl, 0, &info), -EACCES);
	assert_sentence("another user's");
	assert_int_equal(ublk_device_stop(ctl, 0, 0, 0), -EACCES);
	assert_int_equal(ublk_device_delete(ctl, 0, 0, 0), -EACCES);
	assert_sentence("another user's");
	assert_true(fake->devices[0].exists);
	fake->is_stranger = false;
	ublk_device_free(dev);
	assert_false(fake->devices[0].exists);
}

static void *give_char_node(void *arg)
{
	usleep(SOON_MS * 1000);
	fake_give_node(0, false);
	return arg;
}

static void the_node_is_waited_for(void **state)
{
	struct ublk_device_config config = users_config();
	struct ublk_device *dev;
	pthread_t thread;

	(void)state;
	fake->is_user = true;
	pthread_create(&thread, NULL, give_char_node, NULL);
	assert_int_equal(create(&config, &dev), 0);
	pthread_join(thread, NULL);
	ublk_device_free(dev);
}

static void the_wait_is_bounded(void **state)
{
	struct ublk_device_config config = users_config();
	struct ublk_device *dev;

	(void)state;
	fake->is_user = true;
	config.attach_timeout_ms = SOON_MS;
	assert_int_equal(create(&config, &dev), -ETIMEDOUT);
	assert_sentence("60-ublk.rules");
	assert_sentence("ublkc0 was not given to you");
	/* No server, no disk, and no right to it: it must not stay. */
	assert_false(fake->devices[0].exists);
	assert_int_equal(target->nr_open, 0);
}

struct waiter {
	struct ublk_device *dev;
	struct ublk_queue *q;
	pthread_t thread;
	atomic_bool is_over;
};

/* A queue that is served, as the disk's node is waited for. */
static void *serve(void *arg)
{
	struct waiter *w = arg;

	if (ublk_queue_open(w->dev, 0, &w->q))
		abort();
	while (!atomic_load(&w->is_over) && ublk_queue_step(w->q, 10) >= 0)
		;
	ublk_queue_close(w->q);
	return NULL;
}

static void *give_disk_node(void *arg)
{
	usleep(SOON_MS * 1000);
	fake_give_node(0, true);
	return arg;
}

static void the_disk_is_waited_for(void **state)
{
	struct waiter w = { .dev = users_device() };
	pthread_t thread;

	(void)state;
	pthread_create(&w.thread, NULL, serve, &w);
	pthread_create(&thread, NULL, give_disk_node, NULL);
	assert_int_equal(ublk_device_start(w.dev), 0);
	pthread_join(thread, NULL);
	assert_int_equal(target->nr_started, 1);
	assert_int_equal(fake->devices[0].info.state, UBLK_S_DEV_LIVE);
	atomic_store(&w.is_over, true);
	pthread_join(w.thread, NULL);
	ublk_device_free(w.dev);
	/* It was live, so it is not ours to delete. */
	assert_true(fake->devices[0].exists);
}

static void a_disk_that_never_comes(void **state)
{
	struct waiter w = { .dev = users_device() };

	(void)state;
	w.dev->config.attach_timeout_ms = SOON_MS;
	pthread_create(&w.thread, NULL, serve, &w);
	assert_int_equal(ublk_device_start(w.dev), -ETIMEDOUT);
	assert_sentence("ublkb0 was not given to you");
	assert_int_equal(target->nr_started, 0);
	/* The queue ended by itself: the device was stopped. */
	pthread_join(w.thread, NULL);
	ublk_device_free(w.dev);
	assert_false(fake->devices[0].exists);
}

static void a_wait_can_be_interrupted(void **state)
{
	struct waiter w = { .dev = users_device() };

	(void)state;
	pthread_create(&w.thread, NULL, serve, &w);
	ublk_device_request_stop(w.dev);
	assert_int_equal(ublk_node_wait(w.dev, true), -ECANCELED);
	atomic_store(&w.is_over, true);
	pthread_join(w.thread, NULL);
	ublk_device_free(w.dev);
	assert_false(fake->devices[0].exists);
}

static bool run_dir_is(const char *expected)
{
	struct ublk_ctl *other;
	bool is;

	if (ublk_ctl_open_transport(&fake_transport, &other) < 0)
		abort();
	is = !strcmp(ublk_ctl_run_dir(other), expected);
	ublk_ctl_close(other);
	return is;
}

static void records_of_a_user(void **state)
{
	char path[64];
	int status;
	pid_t pid;

	(void)state;
	if (unsetenv("UBLK_RUN_DIR") || setenv("XDG_RUNTIME_DIR", "/somewhere", 1))
		abort();
	assert_true(geteuid() || run_dir_is("/run/ublk"));
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (!geteuid() && setuid(65534))
			_exit(4);
		if (!run_dir_is("/somewhere/ublk"))
			_exit(1);
		/* Not relative to wherever somebody stands. */
		setenv("XDG_RUNTIME_DIR", "somewhere", 1);
		snprintf(path, sizeof(path), "/run/user/%u/ublk", (unsigned)geteuid());
		if (!run_dir_is(path))
			_exit(2);
		setenv("UBLK_RUN_DIR", "/elsewhere", 1);
		_exit(run_dir_is("/elsewhere") ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_user_cannot_have),
		TEST(root_may_want_it),
		TEST(commands_have_the_path),
		TEST(roots_device_takes_no_path),
		TEST(another_user_is_refused),
		TEST(the_node_is_waited_for),
		TEST(the_wait_is_bounded),
		TEST(the_disk_is_waited_for),
		TEST(a_disk_that_never_comes),
		TEST(a_wait_can_be_interrupted),
		TEST(records_of_a_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
