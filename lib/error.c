/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* The sentence that goes with an errno, per thread. */
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

static _Thread_local char last_error[512];

UBLK_EXPORT const char *ublk_last_error(void)
{
	return last_error;
}

void ublk_clear_error(void)
{
	last_error[0] = '\0';
}

UBLK_EXPORT int ublk_set_error(int err, const char *format, ...)
{
	char text[sizeof(last_error)];
	va_list args;

	/* By way of a second buffer: the arguments may hold the old sentence. */
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(last_error, sizeof(last_error), "%s", text);

	if (!err)
		return -EIO;
	return err < 0 ? err : -err;
}
