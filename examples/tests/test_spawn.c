// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Servers with a time limit: live, failed, dead, deaf, hanging; and the command that makes one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server_command.h"
#include "spawn.h"

static char dir[] = "/tmp/test_spawn.XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[2][64];
	static int which;

	which = !which;
	snprintf(path[which], sizeof(path[which]), "%s/%s", dir, name);
	return path[which];
}

/* A server that is a script. */
static const char *script(const char *body)
{
	const char *path = in_dir("server");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/bash\n%s\n", body);
	fclose(file);
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

static struct ready start(const char *body, int timeout_ms)
{
	char *argv[] = { (char *)script(body), NULL };
	struct ready ready = { 0 };

	assert_int_equal(server_start_bounded(-1, argv, timeout_ms, &ready), 0);
	return ready;
}

/* The pid in the file @name; it must be there. */
static pid_t pid_in(const char *name)
{
	FILE *file = fopen(in_dir(name), "r");
	int pid = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

/* Gone, or nothing but an exit status that nobody has read. */
static int is_gone(pid_t pid)
{
	char path[32], state = 'Z';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (!file)
		return 1;
	if (fscanf(file, "%*d %*s %c", &state) != 1)
		state = 'Z';
	fclose(file);
	return state == 'Z' || state == 'X';
}

static void assert_goes(pid_t pid)
{
	int i;

	for (i = 0; i < 500 && !is_gone(pid); i++)
		usleep(10000);
	assert_true(is_gone(pid));
}

static void a_live_one_stays(void **state)
{
	struct ready ready = start("cd ${0%/*}; echo $$ >pid; eval \"echo live 7 >&$UBLK_READY_FD\";"
				   "exec sleep 100", 60000);
	pid_t pid = pid_in("pid");

	(void)state;
	assert_true(ready.is_live);
	assert_int_equal(ready.id, 7);
	assert_false(is_gone(pid));
	kill(pid, SIGKILL);
	assert_goes(pid);
}

static void a_failed_one_leaves_nothing(void **state)
{
	struct ready ready = start("cd ${0%/*}; sleep 100 & echo $! >pid;"
				   "eval \"echo failed 16 it is taken >&$UBLK_READY_FD\"; wait",
				   60000);

	(void)state;
	assert_false(ready.is_live);
	assert_int_equal(ready.error, EBUSY);
	assert_string_equal(ready.sentence, "it is taken");
	assert_goes(pid_in("pid"));
}

static void a_dead_one_tells_by_its_end(void **state)
{
	struct ready ready = start("exit 3", 60000);

	(void)state;
	assert_false(ready.is_live);
	assert_non_null(strstr(ready.sentence, "ended with status 3"));
	ready = start("kill -SEGV $$", 60000);
	assert_non_null(strstr(ready.sentence, "killed by signal 11"));
}

static void one_that_hangs_is_killed_with_all_it_started(void **state)
{
	struct ready ready = start("cd ${0%/*}; sleep 100 & echo $! >child; echo $$ >pid; wait",
				   1500);

	(void)state;
	assert_false(ready.is_live);
	assert_int_equal(ready.error, ETIMEDOUT);
	assert_non_null(strstr(ready.sentence, "not live within"));
	assert_goes(pid_in("pid"));
	assert_goes(pid_in("child"));
}

/* Closes the pipe and goes on: there is nothing to hear from it any more. */
static void a_deaf_one_is_not_waited_for(void **state)
{
	struct ready ready = start("eval \"exec $UBLK_READY_FD>&-\"; exec sleep 100", 60000);

	(void)state;
	assert_false(ready.is_live);
	assert_non_null(strstr(ready.sentence, "signal 9"));
}

/* The driver has not noticed the last one's death yet. */
static void busy_is_tried_again(void **state)
{
	char *argv[] = { (char *)script("cd ${0%/*}; echo x >>tries\n"
					"if [ $(wc -l <tries) -lt 3 ]; then\n"
					"eval \"echo failed 16 not yet >&$UBLK_READY_FD\"\n"
					"else eval \"echo live 7 >&$UBLK_READY_FD\"; fi"), NULL };
	struct ready ready = { 0 };

	(void)state;
	assert_int_equal(server_start_after_death(-1, argv, 60000, &ready), 0);
	assert_true(ready.is_live);
	/* Anything else is an answer; and busy is one when the time is over. */
	argv[0] = (char *)script("eval \"echo failed 5 broken >&$UBLK_READY_FD\"");
	assert_int_equal(server_start_after_death(-1, argv, 60000, &ready), 0);
	assert_int_equal(ready.error, EIO);
	argv[0] = (char *)script("eval \"echo failed 16 never >&$UBLK_READY_FD\"");
	assert_int_equal(server_start_after_death(-1, argv, 1000, &ready), 0);
	assert_int_equal(ready.error, EBUSY);
}

static void the_program_itself_though_its_file_is_another(void **state)
{
	char *argv[] = { (char *)in_dir("program"), (char *)"-c",
			 (char *)"eval \"echo live 5 >&$UBLK_READY_FD\"", NULL };
	struct ready ready = { 0 };
	char command[160];
	int fd;

	(void)state;
	snprintf(command, sizeof(command), "cp /bin/bash %s", argv[0]);
	assert_int_equal(system(command), 0);
	fd = open(argv[0], O_PATH | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(unlink(argv[0]), 0);
	assert_int_equal(server_start_bounded(fd, argv, 60000, &ready), 0);
	assert_true(ready.is_live);
	close(fd);
}

static void commands(void **state)
{
	const char *command[] = { "/bin/true", "--file", "/x", NULL };
	struct device_view view = { .info = { .id = 9 } };
	char **argv;

	(void)state;
	assert_int_equal(server_command(command, &view, 0, NULL, &argv), 0);
	assert_string_equal(argv[0], "/bin/true");
	assert_string_equal(argv[2], "/x");
	assert_string_equal(argv[3], "--id=9");
	assert_null(argv[4]);
	server_command_free(argv);
	assert_int_equal(server_command(command, &view, 0, "--force", &argv), 0);
	assert_string_equal(argv[4], "--force");
	assert_null(argv[5]);
	server_command_free(argv);
	server_command_free(NULL);
	command[0] = "/no/such/program";
	assert_int_equal(server_command(command, &view, 0, NULL, &argv), -ENOENT);
	assert_int_equal(server_command(command, &view, 1, NULL, &argv), 0);
	server_command_free(argv);
	command[0] = "relative";
	assert_int_equal(server_command(command, &view, 0, NULL, &argv), -EINVAL);
	command[0] = "ublk-no_such_type";
	assert_int_equal(server_command(command, &view, 0, NULL, &argv), -ENOENT);
	command[0] = NULL;
	assert_int_equal(server_command(command, &view, 0, NULL, &argv), -EINVAL);
	assert_int_equal(server_command(NULL, &view, 0, NULL, &argv), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_live_one_stays),
		cmocka_unit_test(a_failed_one_leaves_nothing),
		cmocka_unit_test(a_dead_one_tells_by_its_end),
		cmocka_unit_test(one_that_hangs_is_killed_with_all_it_started),
		cmocka_unit_test(a_deaf_one_is_not_waited_for),
		cmocka_unit_test(busy_is_tried_again),
		cmocka_unit_test(the_program_itself_though_its_file_is_another),
		cmocka_unit_test(commands),
	};
	char command[64];
	int r;

	if (!mkdtemp(dir))
		return 1;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) ? 1 : r;
}
