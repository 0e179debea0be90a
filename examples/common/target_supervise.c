// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* --supervise: the parent of a target's server. */
#include "program.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "health.h"
#include "notify.h"

#define CHECKS_PER_LIMIT	8

static struct pulse_watch *watch;
static unsigned int watchdog_ms;	/* 0 = systemd expects nothing */

/* Looked at first, so that a deleted device does not flash up for target_open() to refuse. */
static int device_given_up(int id)
{
	struct ublk_device_info info = { .size = sizeof(info) };
	struct ublk_ctl *ctl;
	int r, given_up;

	if (ublk_ctl_open(&ctl) < 0)
		return 0;
	r = ublk_device_get_info(ctl, id, &info);
	given_up = r == -ENODEV || (!r && info.state == LIBUBLK_STATE_DEAD);
	ublk_ctl_close(ctl);
	return given_up;
}

/* Runs in the child. What fails at the very first start will fail again. */
static int worker(unsigned int attempt, void *user)
{
	struct pulse *pulse = program.target.pulse;
	int status;

	(void)user;
	pulse_reset(pulse);
	program.is_retry = attempt > 0;
	if (attempt && pulse->id >= 0) {
		if (device_given_up(pulse->id))
			return 0;
		program.config.id = pulse->id;
		/* --force was said of the first takeover; the record has that backing now */
		program.config.flags &= ~LIBUBLK_ANY_BACKING;
	}
	status = serve();
	if (program.is_given_up)
		return 0;
	return status && !attempt ? LIBUBLK_EXIT_GIVE_UP : status;
}

static void worker_event(int event, long value, void *user)
{
	char text[96];

	(void)user;
	switch (event) {
	case LIBUBLK_WORKER_STARTED:
		if (program.common.ready_fd < 0)
			return;
		/* the worker has them now; kept open here, the caller never sees them close */
		leave_terminal();
		close(program.common.ready_fd);
		program.common.ready_fd = -1;
		return;
	case LIBUBLK_WORKER_KILLED:
		snprintf(text, sizeof(text), "the server was killed by signal %ld", value);
		break;
	case LIBUBLK_WORKER_BACKOFF:
		snprintf(text, sizeof(text), "starting the server again in %ld ms", value);
		break;
	case LIBUBLK_WORKER_HUNG:
		snprintf(text, sizeof(text),
			 "the server has requests and answered none for %lld s: killed",
			 (long long)program.common.hang_timeout);
		break;
	case LIBUBLK_WORKER_GIVE_UP:
		if (program.target.pulse->id < 0)
			return;		/* it never came up, and has said why */
		snprintf(text, sizeof(text),
			 "gave up after %ld starts; device %d waits for \"ublk recover %d\"",
			 value, program.target.pulse->id, program.target.pulse->id);
		break;
	default:
		return;
	}
	say_error(text);
	notify_status(text);
}

static int is_hung(void *user)
{
	const struct pulse *pulse = program.target.pulse;

	(void)user;
	if (watchdog_ms)
		notify_alive();
	return watch && pulse_hangs(watch, pulse_waiting(pulse->id), health_now_ms());
}

/* What is to be looked at between deaths, and how often. */
static int watch_begin(struct ublk_supervisor_config *config)
{
	int64_t limit_ms = program.common.hang_timeout * 1000, check_ms = 1000;

	watchdog_ms = notify_watchdog_ms();
	if (limit_ms) {
		watch = pulse_watch_new(program.target.pulse, limit_ms);
		if (!watch)
			return -ENOMEM;
		check_ms = limit_ms / CHECKS_PER_LIMIT;
	}
	if (watchdog_ms && check_ms > watchdog_ms / 2)
		check_ms = watchdog_ms / 2;
	if (watch || watchdog_ms) {
		config->is_hung = is_hung;
		config->check_ms = check_ms > 0 ? (uint32_t)check_ms : 1;
	}
	return 0;
}

int supervise(void)
{
	struct ublk_supervisor_config config = UBLK_SUPERVISOR_CONFIG_INIT;
	sigset_t signals;
	int fd, r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		say_error("cannot watch for signals");
		return EXIT_FAILED;
	}
	avoid_oom();
	config.worker = worker;
	config.stop_fd = fd;
	config.event = worker_event;
	config.max_restarts = (uint32_t)program.common.restarts;
	r = watch_begin(&config);
	if (r < 0)
		say_error("no memory");
	else
		r = ublk_supervise(&config, NULL);
	pulse_watch_free(watch);
	close(fd);
	/* the worker has reported its own failure */
	return r < 0 ? EXIT_FAILED : 0;
}
