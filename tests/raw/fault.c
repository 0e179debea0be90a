// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Fault injection by /proc/PID/task/TID/fail-nth. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "raw.h"

static void open_one(struct fault *fault, const char *tid)
{
	char path[300];
	int fd;

	if (fault->nr_fds == FAULT_MAX_THREADS)
		raw_die(RAW_EXIT_FAIL, "more than %d threads", FAULT_MAX_THREADS);
	snprintf(path, sizeof(path), "/proc/self/task/%s/fail-nth", tid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	/* a worker of io_uring may just have ended */
	if (fd >= 0)
		fault->fds[fault->nr_fds++] = fd;
}

static void open_all(struct fault *fault)
{
	struct dirent *entry;
	char self[32];
	DIR *dir;

	fault->nr_fds = 0;
	snprintf(self, sizeof(self), "%d", gettid());
	open_one(fault, self);
	if (!fault->nr_fds)
		raw_die(RAW_EXIT_SKIP, "this kernel has no fault injection (fail-nth)");
	dir = opendir("/proc/self/task");
	if (!dir)
		raw_die(RAW_EXIT_FAIL, "/proc/self/task: %s", strerror(errno));
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, self))
			open_one(fault, entry->d_name);
	closedir(dir);
}

void fault_arm(struct fault *fault, unsigned int n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%u", n);
	unsigned int i;

	open_all(fault);
	/* the own thread's last: from then on everything counts */
	for (i = fault->nr_fds; i-- > 0;)
		if (pwrite(fault->fds[i], text, len, 0) != len && i == 0)
			raw_die(RAW_EXIT_FAIL, "fail-nth: %s", strerror(errno));
}

bool fault_disarm(struct fault *fault)
{
	bool hit = false;
	unsigned int i;

	for (i = 0; i < fault->nr_fds; i++) {
		char text[32] = "";

		/* reading counts, too: if that is what fails, nothing before it has */
		if (pread(fault->fds[i], text, sizeof(text) - 1, 0) > 0 && !atoi(text))
			hit = true;
		if (pwrite(fault->fds[i], "0", 1, 0) != 1)
			pwrite(fault->fds[i], "0", 1, 0);
	}
	for (i = 0; i < fault->nr_fds; i++)
		close(fault->fds[i]);
	return hit;
}
