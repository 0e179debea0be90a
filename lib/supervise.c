/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The parent of a server: it holds no I/O state, so nothing can make it die of what its worker
 * died of. It watches the worker by a pidfd, because a number may by then be another process and
 * SIGCHLD would belong to the whole program.
 */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

extern char **environ;

#define MOST_RESTARTS	1000

/* Older libcs lack these. */
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

struct supervisor {
	struct ublk_supervisor_config config;
	void *user;
	unsigned nr_starts;
	int64_t starts[MOST_RESTARTS];	/* when; ring by nr_starts */
	unsigned nr_early;		/* deaths in a row, each soon after the start */
	int pidfd;			/* -1: no worker */
};

static void tell(const struct supervisor *s, int event, long value)
{
	if (s->config.event)
		s->config.event(event, value, s->user);
}

static int check(struct ublk_supervisor_config *c)
{
	if (!c->worker == !c->argv)
		return ublk_set_error(EINVAL, "supervisor: exactly one of worker and argv");
	if (!c->max_restarts)
		c->max_restarts = 5;
	if (!c->window_ms)
		c->window_ms = 60000;
	if (!c->backoff_min_ms)
		c->backoff_min_ms = 100;
	if (!c->backoff_max_ms)
		c->backoff_max_ms = 10000;
	if (!c->stop_timeout_ms)
		c->stop_timeout_ms = 60000;
	if (!c->check_ms)
		c->check_ms = 1000;
	if (!c->steady_ms)
		c->steady_ms = 1000;
	if (c->max_restarts > MOST_RESTARTS)
		return ublk_set_error(EINVAL, "supervisor: max_restarts must be 1 .. %d",
				      MOST_RESTARTS);
	if (c->backoff_max_ms < c->backoff_min_ms)
		return ublk_set_error(EINVAL, "supervisor: backoff_max_ms < backoff_min_ms");
	return 0;
}

/* Threads do not survive a fork, but the locks they hold do. */
static int refuse_threads(void)
{
	struct dirent *entry;
	int nr = 0;
	DIR *dir = opendir("/proc/self/task");

	while (dir && (entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return nr > 1 ? ublk_set_error(EINVAL, "supervisor: the process has %d threads; supervise "
				       "before there are others, or use argv", nr) : 0;
}

static int spawn(struct supervisor *s)
{
	const struct ublk_supervisor_config *c = &s->config;
	pid_t pid;
	int r = 0;

	if (c->worker) {
		fflush(NULL);		/* or both would write what is buffered */
		pid = fork();
		if (!pid)
			exit(c->worker(s->nr_starts, s->user));
		r = pid < 0 ? errno : 0;
	} else {
		r = posix_spawnp(&pid, c->argv[0], NULL, NULL, (char *const *)c->argv, environ);
	}
	if (r)
		return ublk_set_error(r, "cannot start the worker: %s", strerror(r));
	s->starts[s->nr_starts++ % MOST_RESTARTS] = ublk_now_ms();
	/* Its own child, not waited for: the number cannot have changed hands. */
	s->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (s->pidfd < 0) {
		r = ublk_set_error(errno, "pidfd_open: %s", strerror(errno));
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
		return r;
	}
	tell(s, LIBUBLK_WORKER_STARTED, pid);
	return 0;
}

/* 1 the worker ended, 0 time over, -ECANCELED stop_fd, -errno. */
static int wait_event(struct supervisor *s, int timeout_ms, bool may_stop)
{
	int64_t deadline = ublk_deadline(timeout_ms);
	struct pollfd p[2] = {
		{ .fd = s->pidfd, .events = POLLIN },
		{ .fd = may_stop ? s->config.stop_fd : -1, .events = POLLIN },
	};
	int r;

	do {
		r = poll(p, ARRAY_SIZE(p), ublk_time_left(deadline));
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return ublk_set_error(errno, "poll: %s", strerror(errno));
	if (p[0].revents)
		return 1;
	return p[1].revents ? -ECANCELED : 0;
}

/*
 * The same, with a look at the worker now and then. One that hangs is killed once: it may take its
 * time to die, and until it has there is no other.
 */
static int wait_worker(struct supervisor *s)
{
	bool is_killed = false;
	int r;

	for (;;) {
		bool is_watched = s->config.is_hung && !is_killed;

		r = wait_event(s, is_watched ? (int)s->config.check_ms : -1, true);
		if (r)
			return r;
		if (!is_watched || !s->config.is_hung(s->user))
			continue;
		tell(s, LIBUBLK_WORKER_HUNG, 0);
		syscall(SYS_pidfd_send_signal, s->pidfd, SIGKILL, NULL, 0);
		is_killed = true;
	}
}

/* The worker's end: its exit status, or -1 if a signal killed it. */
static int reap(struct supervisor *s)
{
	int64_t since = s->starts[(s->nr_starts - 1) % MOST_RESTARTS];
	siginfo_t info = { .si_status = 0 };

	while (waitid((idtype_t)P_PIDFD, (id_t)s->pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
	close(s->pidfd);
	s->pidfd = -1;
	s->nr_early = ublk_now_ms() - since < s->config.steady_ms ? s->nr_early + 1 : 0;
	if (info.si_code == CLD_EXITED) {
		tell(s, LIBUBLK_WORKER_EXITED, info.si_status);
		return info.si_status;
	}
	tell(s, LIBUBLK_WORKER_KILLED, info.si_status);
	return -1;
}

static int stop(struct supervisor *s)
{
	int r;

	syscall(SYS_pidfd_send_signal, s->pidfd, SIGTERM, NULL, 0);
	r = wait_event(s, (int)s->config.stop_timeout_ms, false);
	if (r > 0) {
		reap(s);
		return 0;
	}
	close(s->pidfd);
	s->pidfd = -1;
	return r ? r : ublk_set_error(ETIMEDOUT, "the worker did not end within %u ms of SIGTERM "
				      "and is left alone", s->config.stop_timeout_ms);
}

static unsigned restarts_in_window(const struct supervisor *s)
{
	int64_t since = ublk_now_ms() - s->config.window_ms;
	unsigned n = 0, i;

	/* The first start is none of them. */
	for (i = s->nr_starts; i > 1 && n < s->config.max_restarts; i--, n++) {
		if (s->starts[(i - 1) % MOST_RESTARTS] < since)
			break;
	}
	return n;
}

static int give_up(struct supervisor *s, const char *why)
{
	tell(s, LIBUBLK_WORKER_GIVE_UP, (long)s->nr_starts);
	return ublk_set_error(ECHILD, "%s; the device stays as its recovery policy says and can "
			      "be taken over by hand", why);
}

/*
 * How long to wait before the next start. Not at all after a single death: that is an accident,
 * and I/O waits. When one that was just started dies again, the pause doubles each time; up to half
 * of it is left to chance, so that servers that died together do not all come back together.
 */
static uint32_t pause_ms(const struct supervisor *s)
{
	unsigned n = s->nr_early < 20 ? s->nr_early : 20;
	uint64_t ms = (uint64_t)s->config.backoff_min_ms << n >> 2;
	uint32_t chance = 0;

	if (n < 2)
		return 0;
	if (ms > s->config.backoff_max_ms)
		ms = s->config.backoff_max_ms;
	if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) < 0)
		chance = (uint32_t)ublk_now_ms();
	return (uint32_t)(ms - chance % (ms / 2 + 1));
}

/* Waits before the next start; -ECANCELED: stop_fd. */
static int back_off(struct supervisor *s)
{
	uint32_t ms = pause_ms(s);

	if (restarts_in_window(s) >= s->config.max_restarts)
		return give_up(s, "the worker died too often");
	tell(s, LIBUBLK_WORKER_BACKOFF, (long)ms);
	return wait_event(s, (int)ms, true);
}

static int supervise(struct supervisor *s)
{
	int r;

	for (;;) {
		r = spawn(s);
		if (r < 0)
			return r;
		r = wait_worker(s);
		if (r == -ECANCELED)
			return stop(s);
		if (r < 0)
			return r;
		r = reap(s);
		if (!r)
			return 0;
		if (r == LIBUBLK_EXIT_GIVE_UP)
			return give_up(s, "the worker says that starting it again is of no use");
		r = back_off(s);
		if (r == -ECANCELED)
			return 0;
		if (r < 0)
			return r;
	}
}

UBLK_EXPORT int ublk_supervise(const struct ublk_supervisor_config *config, void *user)
{
	size_t least = offsetof(struct ublk_supervisor_config, max_restarts);
	struct supervisor *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return ublk_set_error(ENOMEM, "out of memory");
	s->user = user;
	s->pidfd = -1;
	r = ublk_copy_sized(&s->config, sizeof(s->config), config, config->size, least,
			    "ublk_supervisor_config");
	if (!r && config->size < offsetof(struct ublk_supervisor_config, event))
		s->config.stop_fd = -1;
	if (!r)
		r = check(&s->config);
	if (!r && s->config.worker)
		r = refuse_threads();
	if (!r)
		r = supervise(s);
	if (s->pidfd >= 0)
		close(s->pidfd);
	free(s);
	return r;
}
