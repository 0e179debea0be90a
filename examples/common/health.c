// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A server without a supervisor looks after itself. */
#include "health.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "notify.h"

#define CHECKS_PER_LIMIT	8

static struct {
	const struct pulse *pulse;
	struct pulse_watch *watch;	/* NULL = no limit */
	int64_t period_ms;
	int has_watchdog;
} health;

int64_t health_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void *health_main(void *arg)
{
	const struct timespec pause = { .tv_sec = health.period_ms / 1000,
					.tv_nsec = health.period_ms % 1000 * 1000000L };

	(void)arg;
	for (;;) {
		int waiting = health.watch ? pulse_waiting(health.pulse->id) : 0;

		if (health.watch && pulse_hangs(health.watch, waiting, health_now_ms())) {
			fprintf(stderr, "the server of device %d has requests and answers none: "
					"killed\n", health.pulse->id);
			kill(getpid(), SIGKILL);
		}
		if (health.has_watchdog)
			notify_alive();
		nanosleep(&pause, NULL);
	}
	return NULL;
}

void health_start(const struct pulse *pulse, int64_t limit_ms)
{
	unsigned int watchdog_ms = notify_watchdog_ms();
	sigset_t all, before;
	pthread_t thread;

	if (!limit_ms && !watchdog_ms)
		return;
	health.pulse = pulse;
	health.watch = limit_ms ? pulse_watch_new(pulse, limit_ms) : NULL;
	health.has_watchdog = watchdog_ms > 0;
	health.period_ms = limit_ms ? limit_ms / CHECKS_PER_LIMIT : watchdog_ms / 2;
	if (watchdog_ms && health.period_ms > watchdog_ms / 2)
		health.period_ms = watchdog_ms / 2;
	/* signals are for the threads that wait for them */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (!pthread_create(&thread, NULL, health_main, NULL))
		pthread_detach(thread);
	else
		fprintf(stderr, "no thread to watch the server: it goes unwatched\n");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}
