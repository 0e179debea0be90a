/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The second build of libublk: it kills its process at a named moment (lib/point.h).
 *
 *	UBLK_KILL_AT=NAME[:COUNT]	SIGKILL when NAME is reached, or the COUNTth time it is
 *	UBLK_KILL_AT=list		print all names, one per line, and exit
 *	UBLK_KILL_LOG=FILE		append the name of each moment when it is reached first
 *
 * A name that there is not ends the process at once with status 2: a test that never kills must
 * not pass.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "point.h"

#define NAME_OF(id, name) name,
static const char *const names[] = { UBLK_POINTS(NAME_OF) };

static int kill_at = -1;
static unsigned long kill_count = 1;
static atomic_ulong reached[UBLK_NR_POINTS];
static int log_fd = -1;

static void list(void)
{
	int i;

	for (i = 0; i < UBLK_NR_POINTS; i++)
		puts(names[i]);
	fflush(stdout);
	_exit(0);
}

static int find(const char *text, size_t len)
{
	int i;

	for (i = 0; i < UBLK_NR_POINTS; i++)
		if (strlen(names[i]) == len && !strncmp(names[i], text, len))
			return i;
	fprintf(stderr, "libublk (points): UBLK_KILL_AT: there is no point \"%.*s\"; "
			"UBLK_KILL_AT=list tells all\n", (int)len, text);
	_exit(2);
}

__attribute__((constructor)) static void init(void)
{
	const char *at = getenv("UBLK_KILL_AT"), *log = getenv("UBLK_KILL_LOG");
	size_t len;

	if (log)
		log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (!at || !*at)
		return;
	if (!strcmp(at, "list"))
		list();
	len = strcspn(at, ":");
	kill_at = find(at, len);
	if (at[len])
		kill_count = strtoul(at + len + 1, NULL, 10);
}

int ublk_point_is_wanted(enum ublk_point point)
{
	return (int)point == kill_at;
}

void ublk_point(enum ublk_point point)
{
	unsigned long n = atomic_fetch_add(&reached[point], 1) + 1;

	if (n == 1 && log_fd >= 0)
		dprintf(log_fd, "%s\n", names[point]);
	if ((int)point == kill_at && n == kill_count) {
		kill(getpid(), SIGKILL);
		/* It ends all threads, this one when it comes back from the call at the latest. */
		for (;;)
			pause();
	}
}
