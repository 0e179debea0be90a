// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Who hangs, who is slow, and who has just nothing to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "pulse.h"

#define LIMIT INT64_C(1000)

static struct pulse *pulse;
static struct pulse_watch *watch;

static int setup(void **state)
{
	(void)state;
	pulse = pulse_new();
	watch = pulse_watch_new(pulse, LIMIT);
	assert_int_equal(pulse->id, -1);
	pulse_set_live(pulse, 3, 2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pulse_watch_free(watch);
	return munmap(pulse, sizeof(*pulse));
}

static void give(unsigned int queue)
{
	pulse_count(&pulse->queues[queue].given);
}

static void answer(unsigned int queue)
{
	pulse_count(&pulse->queues[queue].answered);
}

static void an_idle_server_never_hangs(void **state)
{
	int64_t now;

	(void)state;
	for (now = 0; now < 100 * LIMIT; now += 100)
		assert_int_equal(pulse_hangs(watch, 0, now), 0);
	give(0);
	answer(0);
	for (; now < 200 * LIMIT; now += 100)
		assert_int_equal(pulse_hangs(watch, -1, now), 0);
}

/* The limit runs from the look that first saw it have something to do. */
static void a_stuck_request_is_noticed(void **state)
{
	(void)state;
	assert_int_equal(pulse_hangs(watch, 0, 5000), 0);
	give(1);
	assert_int_equal(pulse_hangs(watch, 1, 6000), 0);
	assert_int_equal(pulse_hangs(watch, 1, 6999), 0);
	assert_int_equal(pulse_hangs(watch, 1, 7000), 1);
	answer(1);
	assert_int_equal(pulse_hangs(watch, 0, 7001), 0);
}

/* Stopped while it was idle: it never takes what the kernel has for it. */
static void a_stopped_server_is_noticed(void **state)
{
	(void)state;
	give(0);
	answer(0);
	assert_int_equal(pulse_hangs(watch, 2, 100), 0);
	assert_int_equal(pulse_hangs(watch, 2, 1099), 0);
	assert_int_equal(pulse_hangs(watch, 2, 1100), 1);
}

static void slow_is_not_stuck(void **state)
{
	int64_t now;

	(void)state;
	give(0);
	give(0);
	for (now = 0; now < 50 * LIMIT; now += LIMIT - 1) {
		assert_int_equal(pulse_hangs(watch, 2, now), 0);
		give(0);
		answer(0);
	}
}

static void one_queue_is_enough(void **state)
{
	int64_t now;
	int hangs = 0;

	(void)state;
	give(1);
	for (now = 0; now <= LIMIT; now += 100) {
		give(0);
		answer(0);
		hangs = pulse_hangs(watch, 1, now);
	}
	assert_int_equal(hangs, 1);
}

/* What the last server had is no fault of the next, and coming up has limits of its own. */
static void a_new_server_starts_anew(void **state)
{
	(void)state;
	give(0);
	assert_int_equal(pulse_hangs(watch, 1, 0), 0);
	assert_int_equal(pulse_hangs(watch, 1, LIMIT), 1);
	pulse_reset(pulse);
	assert_int_equal(pulse->id, 3);
	assert_int_equal(pulse_hangs(watch, 1, 2 * LIMIT), 0);
	assert_int_equal(pulse_hangs(watch, 1, 9 * LIMIT), 0);
	pulse_set_live(pulse, 3, 2);
	assert_int_equal(pulse_hangs(watch, 1, 10 * LIMIT), 0);
	assert_int_equal(pulse_hangs(watch, 1, 11 * LIMIT - 1), 0);
	assert_int_equal(pulse_hangs(watch, 1, 11 * LIMIT), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_idle_server_never_hangs),
		TEST(a_stuck_request_is_noticed),
		TEST(a_stopped_server_is_noticed),
		TEST(slow_is_not_stuck),
		TEST(one_queue_is_enough),
		TEST(a_new_server_starts_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
