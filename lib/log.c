/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Messages, to whoever asked for them and to nobody else. */
#include <stdarg.h>
#include <stdio.h>

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
