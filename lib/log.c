/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Messages, to whoever asked for them and to nobody else. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

static ublk_log_fn *log_fn;
static void *log_user;

UBLK_EXPORT void ublk_set_log(ublk_log_fn *fn, void *user)
{
	log_fn = fn;
	log_user = user;
}

bool ublk_log_is_set(void)
{
	return log_fn != NULL;
}

void ublk_log(int level, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!log_fn)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_fn(level, text, log_user);
}

/* systemd says which file its journal's stream is; it may have been redirected since. */
static bool is_journal(int fd)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return text && sscanf(text, "%llu:%llu", &dev, &ino) == 2 && !fstat(fd, &st) &&
	       st.st_dev == dev && st.st_ino == ino;
}

UBLK_EXPORT void ublk_log_to_stderr(int level, const char *message, void *user)
{
	static const int priorities[] = { 3, 4, 6, 7 };	/* syslog's: err, warning, info, debug */
	const char *name = user ? user : "ublk";
	char prefix[8] = "";

	if (level < LIBUBLK_LOG_ERROR || level > LIBUBLK_LOG_DEBUG)
		level = LIBUBLK_LOG_ERROR;
	if (is_journal(STDERR_FILENO))
		snprintf(prefix, sizeof(prefix), "<%d>", priorities[level]);
	/* In one write: other threads have messages, too. */
	fprintf(stderr, "%s%s: %s\n", prefix, name, message);
}
