// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Waiting for what a server leaves behind: itself, and its last writes. */
#include "fence_wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FENCE_POLL_MS 10

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * Asked for shared, so that two who wait do not block each other; asked again and
 * again, because a blocking flock() has no time limit. It is let go at once: what
 * counts is that it could be had.
 */
int fence_wait(const char *path, int timeout_ms)
{
	const struct timespec pause = { .tv_nsec = FENCE_POLL_MS * 1000000L };
	int64_t deadline = now_ms() + timeout_ms;
	int fd, r = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	while (flock(fd, LOCK_SH | LOCK_NB) < 0) {
		r = -errno;
		if (r != -EWOULDBLOCK)
			break;
		r = now_ms() >= deadline ? -ETIMEDOUT : 0;
		if (!r && nanosleep(&pause, NULL) < 0)
			r = -EINTR;
		if (r)
			break;
	}
	close(fd);
	return r;
}

int process_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

int process_kill(int pidfd)
{
	return syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0 ? -errno : 0;
}

int process_wait(int pidfd, int timeout_ms)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	int r = poll(&pfd, 1, timeout_ms);

	if (r < 0)
		return -errno;
	return r ? 0 : -ETIMEDOUT;
}
