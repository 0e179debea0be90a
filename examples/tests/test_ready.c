// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The message from a server in the background, and all the ways it may not come. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "ready.h"

static void ready_arrives(void **state)
{
	struct ready ready;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	ready_send_live(fds[1], 17);
	assert_int_equal(ready_receive(fds[0], &ready), 0);
	assert_int_equal(ready.is_live, 1);
	assert_int_equal(ready.id, 17);
	close(fds[0]);

	assert_int_equal(pipe(fds), 0);
	ready_send_failed(fds[1], ENOENT, "disk.img: cannot be opened\nsecond line");
	assert_int_equal(ready_receive(fds[0], &ready), 0);
	assert_int_equal(ready.is_live, 0);
	assert_int_equal(ready.error, ENOENT);
	assert_string_equal(ready.sentence, "disk.img: cannot be opened");
	assert_int_equal(ready.is_usage, 0);
	close(fds[0]);

	assert_int_equal(pipe(fds), 0);
	ready_send_usage(fds[1], "no such option");
	assert_int_equal(ready_receive(fds[0], &ready), 0);
	assert_int_equal(ready.is_live, 0);
	assert_int_equal(ready.is_usage, 1);
	assert_string_equal(ready.sentence, "no such option");
	close(fds[0]);
}

static void ready_long_sentence(void **state)
{
	char sentence[2000];
	struct ready ready;
	int fds[2];

	(void)state;
	memset(sentence, 'x', sizeof(sentence));
	sentence[sizeof(sentence) - 1] = '\0';
	assert_int_equal(pipe(fds), 0);
	ready_send_failed(fds[1], EIO, sentence);
	assert_int_equal(ready_receive(fds[0], &ready), 0);
	assert_int_equal(ready.error, EIO);
	assert_memory_equal(ready.sentence, sentence, 400);
	close(fds[0]);
}

static void ready_silence(void **state)
{
	struct ready ready;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	close(fds[1]);
	assert_int_equal(ready_receive(fds[0], &ready), -EPIPE);
	close(fds[0]);
}

/* A caller that was interrupted is no reason for the server to end. */
static void ready_nobody_listens(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	ready_send_live(fds[1], 1);
}

static void ready_garbled(void **state)
{
	static const char *const bad[] = { "", "live 3", "live\n", "live x\n", "live 3 4\n",
					   "failed\n", "hello\n", "live 3\nlive 4\n" };
	struct ready ready;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad) - 1; i++)
		assert_int_equal(ready_parse(bad[i], &ready), -EBADMSG);
	/* only the first message counts; there is never a second one */
	assert_int_equal(ready_parse(bad[i], &ready), 0);
	assert_int_equal(ready.id, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_arrives),
		cmocka_unit_test(ready_long_sentence),
		cmocka_unit_test(ready_silence),
		cmocka_unit_test(ready_nobody_listens),
		cmocka_unit_test(ready_garbled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
