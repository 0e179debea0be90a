// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A device with a thread per queue: start, end in order, end out of order. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

#define QUEUES	3

static struct ublk_device *create(const struct ublk_target_ops *ops, uint32_t flags)
{
	struct ublk_device_config config = fake_config(QUEUES);
	struct ublk_device *dev;

	config.flags = flags;
	config.features_wanted = LIBUBLK_FEATURE_QUIESCE;
	assert_int_equal(ublk_device_create(ctl, &config, ops, target, &dev), 0);
	return dev;
}

static void add_writes(void)
{
	unsigned i;

	for (i = 0; i < 12; i++)
		fake_request(0, (int)(i % QUEUES), UBLK_IO_OP_WRITE, i);
}

/* A second thread that waits for all requests and then does what @arg says. */
static void *end_when_done(void *arg)
{
	void (*how)(void) = *(void (**)(void))arg;

	while (!fake_requests_done())
		ublk_poll_in(-1, 1);
	how();
	return NULL;
}

static struct ublk_device *the_device;

static void by_request(void)
{
	ublk_device_request_stop(the_device);
}

static void by_stop_from_outside(void)
{
	fake_stop(0);
}

static void ends_in_order(void **state)
{
	void (*const ways[])(void) = { by_request, by_stop_from_outside };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		pthread_t thread;
		unsigned r;

		fake->nr_requests = 0;
		the_device = create(&fake_target_ops, 0);
		add_writes();
		pthread_create(&thread, NULL, end_when_done, (void *)&ways[i]);
		assert_int_equal(ublk_device_run(the_device), 0);
		pthread_join(thread, NULL);
		for (r = 0; r < fake->nr_requests; r++)
			assert_int_equal(fake->requests[r].result, FAKE_DATA);
		assert_int_equal(fake->devices[0].info.state, UBLK_S_DEV_DEAD);
		/* The node is closed when run returns, or a DEL would wait for us. */
		assert_false(fake->devices[0].is_node_open);
		ublk_device_free(the_device);
		assert_true(fake->devices[0].exists);
		assert_int_equal(ublk_device_delete(ctl, 0, 0, 0), 0);
	}
}

static void hands_over(void **state)
{
	void (*const how)(void) = by_request;
	pthread_t thread;

	(void)state;
	the_device = create(&fake_target_ops, LIBUBLK_HAND_OVER);
	add_writes();
	pthread_create(&thread, NULL, end_when_done, (void *)&how);
	assert_int_equal(ublk_device_run(the_device), 0);
	pthread_join(thread, NULL);
	assert_int_equal(fake_count(UBLK_U_CMD_STOP_DEV), 0);
	assert_int_equal(fake->devices[0].info.state, UBLK_S_DEV_QUIESCED);
	ublk_device_free(the_device);
	assert_true(fake->devices[0].exists);
}

static void a_queue_that_cannot_open(void **state)
{
	struct ublk_device *dev = create(&fake_target_ops, 0);

	(void)state;
	target->queue_open_result = -ENOMEM;
	assert_int_equal(ublk_device_run(dev), -ENOMEM);
	assert_non_null(strstr(ublk_last_error(), "queue_open"));
	ublk_device_free(dev);
	assert_false(fake->devices[0].exists);
}

static void a_fetch_that_is_refused(void **state)
{
	struct ublk_device *dev = create(&fake_target_ops, 0);

	(void)state;
	fake->io_error = -EINVAL;
	assert_int_equal(ublk_device_run(dev), -EINVAL);
	ublk_device_free(dev);
}

/* An error of the driver, or a target that ends its thread: all go, so that recovery applies. */
static void a_queue_that_ends_unasked(void **state)
{
	struct ublk_device *dev = create(&fake_target_ops, 0);
	int i;

	(void)state;
	target->exits_thread = true;
	i = fake_request(0, 1, UBLK_IO_OP_WRITE, 0);
	assert_int_equal(ublk_device_run(dev), -ECANCELED);
	/* As if the process had died: parked for the next server, who gets it. */
	assert_int_equal(fake->devices[0].info.state, UBLK_S_DEV_QUIESCED);
	assert_int_equal(fake->requests[i].state, FAKE_WAITING);
	ublk_device_free(dev);
	assert_int_equal(fake_count(UBLK_U_CMD_STOP_DEV), 0);
	assert_int_equal(fake_count(UBLK_U_CMD_DEL_DEV), 0);
}

static void asked_to_stop_before_the_start(void **state)
{
	struct ublk_device *dev = create(&fake_target_ops, 0);

	(void)state;
	ublk_device_request_stop(dev);
	assert_int_equal(ublk_device_run(dev), -ECANCELED);
	ublk_device_free(dev);
	assert_false(fake->devices[0].exists);
}

static void *one_signal(void *arg)
{
	(void)arg;
	while (!fake_requests_done())
		ublk_poll_in(-1, 1);
	kill(getpid(), SIGTERM);
	return NULL;
}

/* What ublk_serve() does with its signalfd, without the control node it would open. */
static void ends_by_signal(void **state)
{
	struct ublk_device_config config = fake_config(QUEUES);
	struct ublk_device *dev;
	sigset_t set, before;
	pthread_t thread;
	int fd;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	assert_int_equal(ublk_attach(ctl, &config, &fake_target_ops, target, fd, &dev), 0);
	add_writes();
	pthread_create(&thread, NULL, one_signal, NULL);
	assert_int_equal(ublk_run(dev, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(fake_count(UBLK_U_CMD_STOP_DEV), 1);
	ublk_device_free(dev);
	/* Taken out of the process: unblocking must not kill it. */
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ends_in_order),
		TEST(hands_over),
		TEST(a_queue_that_cannot_open),
		TEST(a_fetch_that_is_refused),
		TEST(a_queue_that_ends_unasked),
		TEST(asked_to_stop_before_the_start),
		TEST(ends_by_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
