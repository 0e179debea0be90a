// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * A server that is killed at every step of attaching and serving, one after the other.
 *
 * Each server is a child that attaches, serves what waits, and goes. It is killed by SIGKILL
 * before step n, for every n until it gets through. After each death: nothing that was live is
 * gone, what is on file is whole, and the next server finds everything and finishes the work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_target.h"

#define REQUESTS	6
#define ENOUGH		400	/* no life of a server has so many steps */

static struct fake_target *target;
static struct ublk_uuid uuid;

static int serve(struct ublk_device *dev)
{
	struct fake_server server;
	int r, i;

	r = fake_server_start(&server, dev);
	for (i = 0; !r && !fake_requests_done(); i++) {
		fake_server_step(&server);
		if (i > 1000)
			r = -ELOOP;
	}
	fake_server_end(&server);
	return r;
}

/* A server's whole life; never returns. */
static void child(unsigned die_at)
{
	struct ublk_device_config config = fake_config(2);
	struct ublk_device *dev;
	struct ublk_ctl *ctl;

	fake->step = 0;
	fake->die_at = die_at;
	ctl = fake_open();
	config.id = 0;
	config.uuid = uuid;
	if (ublk_device_attach(ctl, &config, &fake_target_ops, target, &dev) < 0)
		_exit(2);
	_exit(serve(dev) ? 3 : 0);
}

/* 1 killed, 0 got through. */
static int run_server(unsigned die_at)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		child(die_at);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	fake_server_gone(0);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return 1;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	return 0;
}

static void check_record(struct ublk_ctl *ctl, bool must_exist)
{
	struct ublk_record *record;
	int r = ublk_record_load(ctl, 0, &record);

	if (!must_exist && r == -ENOENT)
		return;
	assert_int_equal(r, 0);
	assert_memory_equal(ublk_record_uuid(record), &uuid, sizeof(uuid));
	assert_string_equal(ublk_record_target(record), "fake");
	ublk_record_free(record);
}

static void check_after_death(struct ublk_ctl *ctl)
{
	const struct fake_device *dev = &fake->devices[0];
	unsigned i;

	check_record(ctl, dev->was_live);
	assert_int_equal(fake_count(UBLK_U_CMD_DEL_DEV), 0);
	assert_int_equal(fake_count(UBLK_U_CMD_STOP_DEV), 0);
	if (dev->was_live)
		assert_int_equal(dev->info.state, UBLK_S_DEV_QUIESCED);
	for (i = 1; i < FAKE_DEVICES; i++)
		assert_false(fake->devices[i].exists);
	for (i = 0; i < fake->nr_requests; i++)
		assert_int_not_equal(fake->requests[i].state, FAKE_IN_SERVER);
}

static void check_all_done(struct ublk_ctl *ctl)
{
	unsigned i;

	for (i = 0; i < fake->nr_requests; i++) {
		assert_int_equal(fake->requests[i].state, FAKE_DONE);
		assert_int_equal(fake->requests[i].result, FAKE_DATA);
		assert_int_equal(fake->requests[i].nr_done, 1);
		assert_true(fake->requests[i].nr_delivered >= 1);
		assert_memory_equal(target->data[i], fake->requests[i].data, FAKE_DATA);
	}
	check_record(ctl, true);
}

static void add_writes(void)
{
	unsigned i;

	for (i = 0; i < REQUESTS; i++)
		fake_request(0, (int)(i % 2), UBLK_IO_OP_WRITE, fake->nr_requests);
}

static struct ublk_ctl *begin(void)
{
	struct ublk_ctl *ctl = fake_setup();

	target = fake_target_new();
	assert_int_equal(ublk_uuid_generate(&uuid), 0);
	add_writes();
	return ctl;
}

static void end(struct ublk_ctl *ctl)
{
	fake_teardown(ctl);
	fake_target_free(target);
}

static void death_while_creating(void **state)
{
	unsigned die_at, is_killed = 1;

	(void)state;
	for (die_at = 1; is_killed; die_at++) {
		struct ublk_ctl *ctl = begin();

		assert_in_range(die_at, 1, ENOUGH);
		is_killed = run_server(die_at);
		check_after_death(ctl);
		assert_int_equal(run_server(0), 0);
		check_all_done(ctl);
		end(ctl);
	}
	print_message("%u steps\n", die_at - 2);
}

static void death_while_taking_over(void **state)
{
	unsigned die_at, is_killed = 1;

	(void)state;
	for (die_at = 1; is_killed; die_at++) {
		struct ublk_ctl *ctl = begin();

		assert_in_range(die_at, 1, ENOUGH);
		assert_int_equal(run_server(0), 0);
		add_writes();
		/* Twice in a row at the same place, and once a little later. */
		is_killed = run_server(die_at);
		check_after_death(ctl);
		run_server(die_at);
		check_after_death(ctl);
		run_server(die_at + 3);
		check_after_death(ctl);
		assert_int_equal(run_server(0), 0);
		check_all_done(ctl);
		end(ctl);
	}
	print_message("%u steps\n", die_at - 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(death_while_creating),
		cmocka_unit_test(death_while_taking_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
