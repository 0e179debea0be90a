// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Messages on stderr: with a priority in front for the journal, and for nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "internal.h"

/* What stderr gets, with $JOURNAL_STREAM naming the inode @off away from its own. */
static const char *said(int level, int has_stream, int off, void *user)
{
	static char text[256];
	int saved = dup(STDERR_FILENO), fds[2];
	char stream[64];
	struct stat st;
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + (unsigned)off);
	if (has_stream)
		setenv("JOURNAL_STREAM", stream, 1);
	else
		unsetenv("JOURNAL_STREAM");
	ublk_log_to_stderr(level, "it burns", user);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[1]);
	n = read(fds[0], text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	close(fds[0]);
	return text;
}

static void journal_gets_priorities(void **state)
{
	char name[] = "ublk-loop";

	(void)state;
	assert_string_equal(said(LIBUBLK_LOG_ERROR, 1, 0, name), "<3>ublk-loop: it burns\n");
	assert_string_equal(said(LIBUBLK_LOG_WARNING, 1, 0, NULL), "<4>ublk: it burns\n");
	assert_string_equal(said(LIBUBLK_LOG_INFO, 1, 0, NULL), "<6>ublk: it burns\n");
	assert_string_equal(said(LIBUBLK_LOG_DEBUG, 1, 0, NULL), "<7>ublk: it burns\n");
	assert_string_equal(said(99, 1, 0, NULL), "<3>ublk: it burns\n");
}

static void others_do_not(void **state)
{
	(void)state;
	assert_string_equal(said(LIBUBLK_LOG_ERROR, 0, 0, NULL), "ublk: it burns\n");
	/* Redirected after systemd made its stream. */
	assert_string_equal(said(LIBUBLK_LOG_ERROR, 1, 1, NULL), "ublk: it burns\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(journal_gets_priorities),
		cmocka_unit_test(others_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
