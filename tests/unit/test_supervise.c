// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Supervision of real, tiny processes, and of servers on the fake kernel that die and die. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_target.h"

struct log {
	unsigned nr[6];			/* by event */
	long last[6];
	long backoffs[32];
	pid_t last_pid;
};

static struct log *seen;
static unsigned lives;			/* attempts that die */
static int stop_pipe[2];

static void event(int event, long value, void *user)
{
	(void)user;
	if (event == LIBUBLK_WORKER_BACKOFF)
		seen->backoffs[seen->nr[event]] = value;
	if (event == LIBUBLK_WORKER_STARTED)
		seen->last_pid = (pid_t)value;
	seen->nr[event]++;
	seen->last[event] = value;
}

static struct ublk_supervisor_config quick(int (*worker)(unsigned, void *))
{
	struct ublk_supervisor_config config = UBLK_SUPERVISOR_CONFIG_INIT;

	config.worker = worker;
	config.event = event;
	config.backoff_min_ms = 1;
	config.backoff_max_ms = 4;
	config.max_restarts = 6;
	config.steady_ms = 60000;
	return config;
}

static int setup(void **state)
{
	(void)state;
	seen = calloc(1, sizeof(*seen));
	return pipe(stop_pipe);
}

static int teardown(void **state)
{
	(void)state;
	/* Nobody is left, neither running nor as a zombie. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	close(stop_pipe[0]);
	close(stop_pipe[1]);
	free(seen);
	return 0;
}

static int dies_by_signal_then_ends(unsigned attempt, void *user)
{
	(void)user;
	if (attempt < lives)
		raise(SIGKILL);
	return 0;
}

static void restarts_until_it_ends(void **state)
{
	struct ublk_supervisor_config config = quick(dies_by_signal_then_ends);
	/* At once, then doubling up to its limit; up to half of it is left to chance. */
	static const long most[] = { 0, 1, 2, 4, 4 }, least[] = { 0, 1, 1, 2, 2 };
	unsigned i;

	(void)state;
	lives = 5;
	assert_int_equal(ublk_supervise(&config, NULL), 0);
	assert_int_equal(seen->nr[LIBUBLK_WORKER_STARTED], 6);
	assert_int_equal(seen->nr[LIBUBLK_WORKER_KILLED], 5);
	assert_int_equal(seen->last[LIBUBLK_WORKER_KILLED], SIGKILL);
	assert_int_equal(seen->nr[LIBUBLK_WORKER_EXITED], 1);
	for (i = 0; i < 5; i++)
		assert_in_range(seen->backoffs[i], least[i], most[i]);
}

/* Pauses of one length, again and again, are not the same each time. */
static void back_off_has_jitter(void **state)
{
	struct ublk_supervisor_config config = quick(dies_by_signal_then_ends);
	unsigned i, nr_others = 0;

	(void)state;
	lives = 16;
	config.backoff_min_ms = config.backoff_max_ms = 40;
	config.max_restarts = 20;
	assert_int_equal(ublk_supervise(&config, NULL), 0);
	/* All fifteen the same by chance: 1 in 20 ^ 14. */
	for (i = 3; i < 16; i++) {
		assert_in_range(seen->backoffs[i], 20, 40);
		nr_others += seen->backoffs[i] != seen->backoffs[2];
	}
	assert_true(nr_others > 0);
}

static int lives_then_dies(unsigned attempt, void *user)
{
	if (attempt == 2)
		ublk_poll_in(stop_pipe[0], 2500);
	return dies_by_signal_then_ends(attempt, user);
}

/* Who lived for a while before it died is brought back at once. */
static void a_steady_worker_starts_anew(void **state)
{
	struct ublk_supervisor_config config = quick(lives_then_dies);
	static const long expected[] = { 0, 1, 0, 0, 1 };
	unsigned i;

	(void)state;
	lives = 5;
	config.steady_ms = 2000;
	config.backoff_max_ms = 1;
	assert_int_equal(ublk_supervise(&config, NULL), 0);
	for (i = 0; i < 5; i++)
		assert_int_equal(seen->backoffs[i], expected[i]);
}

static int stops_dead_then_ends(unsigned attempt, void *user)
{
	(void)user;
	if (attempt < lives)
		raise(SIGSTOP);
	return 0;
}

static unsigned nr_checks;

static int hangs_at_third_look(void *user)
{
	(void)user;
	return seen->nr[LIBUBLK_WORKER_STARTED] <= lives && ++nr_checks % 3 == 0;
}

/* Killed once each, although nothing but SIGKILL reaches them; waited for; started again. */
static void kills_what_hangs(void **state)
{
	struct ublk_supervisor_config config = quick(stops_dead_then_ends);

	(void)state;
	lives = 2;
	nr_checks = 0;
	config.is_hung = hangs_at_third_look;
	config.check_ms = 5;
	assert_int_equal(ublk_supervise(&config, NULL), 0);
	assert_int_equal(seen->nr[LIBUBLK_WORKER_HUNG], 2);
	assert_int_equal(seen->nr[LIBUBLK_WORKER_KILLED], 2);
	assert_int_equal(seen->last[LIBUBLK_WORKER_KILLED], SIGKILL);
	assert_int_equal(seen->nr[LIBUBLK_WORKER_STARTED], 3);
	assert_int_equal(nr_checks, 6);
}

static int fails(unsigned attempt, void *user)
{
	(void)attempt;
	(void)user;
	return 1;
}

static void gives_up(void **state)
{
	struct ublk_supervisor_config config = quick(fails);

	(void)state;
	config.max_restarts = 3;
	assert_int_equal(ublk_supervise(&config, NULL), -ECHILD);
	assert_int_equal(seen->nr[LIBUBLK_WORKER_STARTED], 4);
	assert_int_equal(seen->last[LIBUBLK_WORKER_GIVE_UP], 4);
	assert_non_null(strstr(ublk_last_error(), "taken over by hand"));
}

/* Deaths that lie further back than the window do not count. */
static void the_window_moves(void **state)
{
	struct ublk_supervisor_config config = quick(dies_by_signal_then_ends);

	(void)state;
	lives = 8;
	config.max_restarts = 2;
	config.window_ms = 1;
	config.backoff_min_ms = config.backoff_max_ms = 10;
	assert_int_equal(ublk_supervise(&config, NULL), 0);
	assert_int_equal(seen->nr[LIBUBLK_WORKER_STARTED], 9);
}

static int says_no(unsigned attempt, void *user)
{
	(void)attempt;
	(void)user;
	return LIBUBLK_EXIT_GIVE_UP;
}

static void a_worker_that_says_no(void **state)
{
	struct ublk_supervisor_config config = quick(says_no);

	(void)state;
	assert_int_equal(ublk_supervise(&config, NULL), -ECHILD);
	assert_int_equal(seen->nr[LIBUBLK_WORKER_STARTED], 1);
}

static int asks_to_stop_and_waits(unsigned attempt, void *user)
{
	(void)attempt;
	(void)user;
	if (write(stop_pipe[1], "x", 1) != 1)
		return 1;
	for (;;)
		pause();
}

static void stops_the_worker(void **state)
{
	struct ublk_supervisor_config config = quick(asks_to_stop_and_waits);

	(void)state;
	config.stop_fd = stop_pipe[0];
	assert_int_equal(ublk_supervise(&config, NULL), 0);
	assert_int_equal(seen->last[LIBUBLK_WORKER_KILLED], SIGTERM);
	assert_int_equal(seen->nr[LIBUBLK_WORKER_STARTED], 1);
}

/* A program that was built when the struct was shorter. */
static void an_older_config_works(void **state)
{
	struct ublk_supervisor_config config = quick(asks_to_stop_and_waits);

	(void)state;
	config.size = offsetof(struct ublk_supervisor_config, is_hung);
	config.is_hung = hangs_at_third_look;
	config.stop_fd = stop_pipe[0];
	assert_int_equal(ublk_supervise(&config, NULL), 0);
	assert_int_equal(seen->last[LIBUBLK_WORKER_KILLED], SIGTERM);
}

static int ignores_sigterm(unsigned attempt, void *user)
{
	signal(SIGTERM, SIG_IGN);
	return asks_to_stop_and_waits(attempt, user);
}

static void leaves_a_stuck_worker_alone(void **state)
{
	struct ublk_supervisor_config config = quick(ignores_sigterm);
	int status;

	(void)state;
	config.stop_fd = stop_pipe[0];
	config.stop_timeout_ms = 20;
	assert_int_equal(ublk_supervise(&config, NULL), -ETIMEDOUT);
	/* Not killed: it may be the one that holds the data. */
	assert_int_equal(kill(seen->last_pid, 0), 0);
	kill(seen->last_pid, SIGKILL);
	assert_int_equal(waitpid(seen->last_pid, &status, 0), seen->last_pid);
}

static void stops_during_back_off(void **state)
{
	struct ublk_supervisor_config config = quick(fails);

	(void)state;
	config.backoff_min_ms = config.backoff_max_ms = 1000000;
	config.stop_fd = stop_pipe[0];
	assert_int_equal(write(stop_pipe[1], "x", 1), 1);
	assert_int_equal(ublk_supervise(&config, NULL), 0);
}

static void executes_a_command(void **state)
{
	static const char *const command[] = { "sh", "-c", "exit 3", NULL };
	struct ublk_supervisor_config config = quick(NULL);

	(void)state;
	config.argv = command;
	config.max_restarts = 1;
	assert_int_equal(ublk_supervise(&config, NULL), -ECHILD);
	assert_int_equal(seen->last[LIBUBLK_WORKER_EXITED], 3);
}

static void *other_thread(void *arg)
{
	ublk_poll_in(stop_pipe[0], -1);
	return arg;
}

static void refuses(void **state)
{
	struct ublk_supervisor_config config = quick(NULL);
	pthread_t thread;

	(void)state;
	assert_int_equal(ublk_supervise(&config, NULL), -EINVAL);
	config.worker = fails;
	config.max_restarts = 1001;
	assert_int_equal(ublk_supervise(&config, NULL), -EINVAL);
	config.max_restarts = 1;
	pthread_create(&thread, NULL, other_thread, NULL);
	assert_int_equal(ublk_supervise(&config, NULL), -EINVAL);
	assert_non_null(strstr(ublk_last_error(), "threads"));
	assert_int_equal(write(stop_pipe[1], "x", 1), 1);
	pthread_join(thread, NULL);
	assert_int_equal(seen->nr[LIBUBLK_WORKER_STARTED], 0);
}

/* ---- servers ---- */

static struct fake_target *target;
static struct ublk_uuid uuid;

static int server(unsigned attempt, void *user)
{
	struct ublk_device_config config = fake_config(1);
	struct fake_server s;
	struct ublk_device *dev;
	unsigned i;

	(void)user;
	/* What the kernel does by itself when a process dies, this fake must be told. */
	fake_server_gone(0);
	fake->step = 0;
	fake->die_at = attempt < lives ? 8 + 5 * attempt : 0;
	config.id = 0;
	config.uuid = uuid;
	if (ublk_device_attach(fake_open(), &config, &fake_target_ops, target, &dev) < 0)
		return LIBUBLK_EXIT_GIVE_UP;
	if (fake_server_start(&s, dev) < 0)
		return LIBUBLK_EXIT_GIVE_UP;
	for (i = 0; i < 1000 && !fake_requests_done(); i++)
		fake_server_step(&s);
	_exit(fake_requests_done() ? 0 : 1);
}

static void supervised_servers(void **state)
{
	struct ublk_supervisor_config config = quick(server);
	struct ublk_ctl *ctl = fake_setup();
	unsigned i;

	(void)state;
	target = fake_target_new();
	ublk_uuid_generate(&uuid);
	for (i = 0; i < 6; i++)
		fake_request(0, 0, UBLK_IO_OP_WRITE, i);
	lives = 12;
	config.max_restarts = 20;
	assert_int_equal(ublk_supervise(&config, NULL), 0);
	assert_true(seen->nr[LIBUBLK_WORKER_KILLED] > 5);
	for (i = 0; i < 6; i++) {
		assert_int_equal(fake->requests[i].result, FAKE_DATA);
		assert_memory_equal(target->data[i], fake->requests[i].data, FAKE_DATA);
	}
	assert_int_equal(fake_count(UBLK_U_CMD_DEL_DEV), 0);
	fake_server_gone(0);
	fake_teardown(ctl);
	fake_target_free(target);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(restarts_until_it_ends),
		TEST(back_off_has_jitter),
		TEST(a_steady_worker_starts_anew),
		TEST(kills_what_hangs),
		TEST(gives_up),
		TEST(the_window_moves),
		TEST(a_worker_that_says_no),
		TEST(stops_the_worker),
		TEST(an_older_config_works),
		TEST(leaves_a_stuck_worker_alone),
		TEST(stops_during_back_off),
		TEST(executes_a_command),
		TEST(supervised_servers),
		/* Last: after its thread ThreadSanitizer keeps one of its own. */
		TEST(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
