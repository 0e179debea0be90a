// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Words of the raw tools: flag, state and errno names, numbers, lines of output. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "raw.h"

static const struct {
	const char *name;
	uint64_t flag;
} flag_names[] = {
	{ "zero-copy", UBLK_F_SUPPORT_ZERO_COPY },
	{ "comp-in-task", UBLK_F_URING_CMD_COMP_IN_TASK },
	{ "get-data", UBLK_F_NEED_GET_DATA },
	{ "recovery", UBLK_F_USER_RECOVERY },
	{ "reissue", UBLK_F_USER_RECOVERY_REISSUE },
	{ "unprivileged", UBLK_F_UNPRIVILEGED_DEV },
	{ "ioctl-encode", UBLK_F_CMD_IOCTL_ENCODE },
	{ "user-copy", UBLK_F_USER_COPY },
	{ "zoned", UBLK_F_ZONED },
	{ "fail-io", UBLK_F_USER_RECOVERY_FAIL_IO },
	{ "update-size", UBLK_F_UPDATE_SIZE },
	{ "auto-buf-reg", UBLK_F_AUTO_BUF_REG },
	{ "quiesce", UBLK_F_QUIESCE },
	{ "per-io-daemon", UBLK_F_PER_IO_DAEMON },
	{ "buf-reg-off-daemon", UBLK_F_BUF_REG_OFF_DAEMON },
	{ "batch", UBLK_F_BATCH_IO },
	{ "integrity", UBLK_F_INTEGRITY },
	{ "safe-stop", UBLK_F_SAFE_STOP_DEV },
	{ "no-part-scan", UBLK_F_NO_AUTO_PART_SCAN },
	{ "shmem-zc", UBLK_F_SHMEM_ZC },
	{ "io-desc-size", UBLK_F_IO_DESC_SIZE },
};

/* Comma separated names and numbers; "" and "none" are 0. */
bool raw_parse_flags(const char *text, uint64_t *ret_flags)
{
	uint64_t flags = 0;

	while (*text) {
		size_t len = strcspn(text, ",");
		bool known = len == 4 && !strncmp(text, "none", 4);
		size_t i;

		for (i = 0; i < raw_array_size(flag_names); i++) {
			if (strlen(flag_names[i].name) == len &&
			    !strncmp(flag_names[i].name, text, len)) {
				flags |= flag_names[i].flag;
				known = true;
			}
		}
		if (!known && text[0] >= '0' && text[0] <= '9') {
			flags |= strtoull(text, NULL, 0);
			known = true;
		}
		if (!known)
			return false;
		text += len;
		text += *text == ',';
	}
	*ret_flags = flags;
	return true;
}

void raw_print_flags(const char *key, uint64_t flags)
{
	const char *comma = "";
	size_t i;

	printf("%s=0x%" PRIx64 "\n%s_names=", key, flags, key);
	for (i = 0; i < raw_array_size(flag_names); i++) {
		if (flags & flag_names[i].flag) {
			printf("%s%s", comma, flag_names[i].name);
			comma = ",";
		}
	}
	printf("\n");
}

const char *raw_state_name(unsigned int state)
{
	static const char *const names[] = { "DEAD", "LIVE", "QUIESCED", "FAIL_IO" };

	return state < raw_array_size(names) ? names[state] : "?";
}

const char *raw_errno_name(int res)
{
	const char *name;

	if (res == RAW_NO_ANSWER)
		return "NO_ANSWER";
	if (res >= 0)
		return "OK";
	name = strerrorname_np(-res);
	return name ? name : "?";
}

uint64_t raw_number(const char *text, const char *what)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text)
		raw_die(RAW_EXIT_USAGE, "%s: '%s' is not a number", what, text);
	switch (*end) {
	case 'G':
		value <<= 10;
		/* fall through */
	case 'M':
		value <<= 10;
		/* fall through */
	case 'K':
	case 'k':
		value <<= 10;
		end++;
		break;
	}
	if (*end)
		raw_die(RAW_EXIT_USAGE, "%s: '%s' is not a number", what, text);
	return value;
}

int64_t raw_signed(const char *text, const char *what)
{
	return text[0] == '-' ? -(int64_t)raw_number(text + 1, what)
			      : (int64_t)raw_number(text, what);
}

uint64_t raw_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void raw_die(int status, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

void raw_say(const char *format, ...)
{
	va_list args;

	/* one stdio call, so that lines of several threads do not mix */
	flockfile(stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
}
