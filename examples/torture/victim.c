// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Killing the server and getting a new one. */
#include "victim.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shell.h"

#define RETRY_MS 200
#define ARMED_MS 2000
#define DURING_MS 120		/* most of a recovery's length, on an idle machine */

static uint64_t draw(struct victim *v, uint64_t limit)
{
	v->random = v->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (v->random >> 33) % limit;
}

static void sleep_ms(uint64_t ms)
{
	const struct timespec pause = { (time_t)(ms / 1000), (long)(ms % 1000 * 1000000) };

	nanosleep(&pause, NULL);
}

static int patience_ms(const struct victim *v)
{
	return (int)v->settings->hang_seconds * 1000;
}

static int serves_until_point(const struct settings *s)
{
	return s->kill_at && !settings_is_bring_up_point(s->kill_at);
}

static int recovers_by_itself(const struct settings *s)
{
	return s->recover && !strcmp(s->recover, "none");
}

/* For a server that shall serve, and die of the point only if that is one of serving. */
static const char *point_for_serving(const struct settings *s)
{
	return serves_until_point(s) ? s->kill_at : NULL;
}

static int stuck(struct victim *v, const char *what, int error)
{
	snprintf(v->sentence, sizeof(v->sentence), "%s: %s", what, strerror(-error));
	return error;
}

static pid_t start_recovery(struct victim *v, const char *kill_at)
{
	char line[64];

	snprintf(line, sizeof(line), "ublk recover %d", v->server.id);
	return shell_start(NULL, v->settings->recover ?: line, kill_at);
}

/* Returns the status of the command, -ETIMEDOUT, -errno. */
static int recover_once(struct victim *v, const char *kill_at)
{
	pid_t pid = start_recovery(v, kill_at);

	return pid < 0 ? pid : shell_wait(pid, patience_ms(v));
}

int victim_bring_up(struct victim *v, struct option_error *err)
{
	const struct settings *s = v->settings;
	int r = ublk_ctl_open(&v->server.ctl);

	v->server.id = (int)s->id;
	v->server.pid = v->server.pidfd = -1;
	if (r < 0)
		return option_fail(err, "%s", ublk_last_error());
	if (s->command) {
		pid_t pid = shell_start(s->command, NULL, point_for_serving(s));

		if (pid < 0)
			return option_fail(err, "%s: %s", s->command[0], strerror(-pid));
		r = shell_wait(pid, patience_ms(v));
		v->is_armed = !r && serves_until_point(s);
		/* it may pass the point before it is LIVE: while the partitions are looked for */
		if (r && serves_until_point(s) && !recover_once(v, NULL))
			r = 0;
		if (r)
			return option_fail(err, "the command that should bring up the device "
						"ended with status %d",
					   r);
	}
	r = server_wait(&v->server, -1, s->command ? patience_ms(v) : 1000);
	if (r)
		return option_fail(err, "device %d is not LIVE: %s; give the command that makes "
					"it behind --",
				   v->server.id, r == -ETIMEDOUT ? "it has no server" :
								   ublk_last_error());
	v->caught = server_caught(v->server.id);
	return 0;
}

void victim_let_go(struct victim *v)
{
	server_forget(&v->server);
	ublk_ctl_close(v->server.ctl);
	v->server.ctl = NULL;
}

int victim_is_alive(const struct victim *v)
{
	return v->stage == VICTIM_SERVES && server_is_alive(&v->server);
}

static void note_kill(struct victim *v)
{
	if (v->nr_kills < VICTIM_ROW_MAX - 1)
		v->kills[v->nr_kills++] = (struct victim_kill){ 0, v->own };
}

/* What the last kill caught, now that the driver is done with it. */
static void note_caught(struct victim *v)
{
	struct victim_kill *kill = &v->kills[v->nr_kills - 1];
	int64_t caught = server_caught(v->server.id);

	kill->caught = v->caught < 0 || caught < 0 ? kill->own : caught - v->caught;
	v->caught = caught;
}

static void first_blow(struct victim *v)
{
	server_signal(&v->server, v->settings->is_stop_first ? SIGSTOP : SIGKILL);
}

/* The server has had its blow, or died by itself: until the driver is done with it. */
static int death(struct victim *v)
{
	pid_t pid = v->server.pid;

	note_kill(v);
	if (v->settings->is_stop_first && !v->has_died_itself) {
		sleep_ms(1 + draw(v, 50));
		server_signal(&v->server, SIGKILL);
	}
	if (server_wait_dead(&v->server, patience_ms(v)))
		return stuck(v, "the server does not die of SIGKILL", -ETIMEDOUT);
	if (server_wait_settled(&v->server, pid, patience_ms(v)))
		return stuck(v, "the driver does not notice that the server died", -ETIMEDOUT);
	note_caught(v);
	return 0;
}

/* Whoever serves or is about to, after a random while. */
static int kill_the_next(struct victim *v)
{
	uint64_t tries = (uint64_t)patience_ms(v) / 5;
	pid_t old = v->server.pid, pid;

	sleep_ms(draw(v, DURING_MS));
	do {
		pid = server_find(v->server.id);
		if (pid > 0 && pid != old)
			break;
		sleep_ms(5);
	} while (--tries);
	if (!tries)
		return stuck(v, "no new server comes", -ETIMEDOUT);
	kill(pid, SIGKILL);
	v->server.pid = pid;
	note_kill(v);
	return 0;
}

/*
 * A server that shall not live long: it dies during its recovery, at the point or at our hand, or
 * soon after it.
 */
static int short_life(struct victim *v)
{
	const struct settings *s = v->settings;
	int is_self_kill = s->kill_at && settings_is_bring_up_point(s->kill_at);
	int is_during = draw(v, 2), r;
	pid_t pid = -1;

	if (!recovers_by_itself(s)) {
		pid = start_recovery(v, is_self_kill ? s->kill_at : NULL);
		if (pid < 0)
			return stuck(v, "cannot start the recovery", pid);
	}
	if (!is_self_kill && (is_during || recovers_by_itself(s))) {
		r = kill_the_next(v);
		if (r)
			return r;
	}
	r = pid > 0 ? shell_wait(pid, patience_ms(v)) : 0;
	if (r == -ETIMEDOUT)
		return stuck(v, "the recovery does not end", r);
	if (is_self_kill) {
		if (!r)
			return stuck(v, "the server passed the point and lived: it has to look at "
					"UBLK_KILL_AT", -ENOMSG);
		note_kill(v);
		note_caught(v);
		return 0;
	}
	if (is_during || recovers_by_itself(s)) {
		note_caught(v);
		return 0;
	}
	if (r)
		return 0;
	r = server_wait(&v->server, -1, patience_ms(v));
	if (r)
		return stuck(v, "no LIVE server after the recovery", r);
	sleep_ms(draw(v, DURING_MS));
	v->has_died_itself = 0;
	first_blow(v);
	return death(v);
}

/* The command, again until it succeeds: another may be ending the old server still. */
static int recover_with(struct victim *v, const char *kill_at)
{
	int left = patience_ms(v), r;

	do {
		r = recover_once(v, kill_at);
		if (!r)
			return 0;
		if (r == -ETIMEDOUT || kill_at)
			break;
		sleep_ms(RETRY_MS);
		left -= RETRY_MS;
	} while (left > 0);
	if (!kill_at)
		snprintf(v->sentence, sizeof(v->sentence),
			 "the recovery does not succeed (status %d)", r);
	return -ETIMEDOUT;
}

/*
 * The one that stays; until the point, if there is one. It may pass that at once, serving what the
 * last one left behind: then the next one has to live without.
 */
static int recover(struct victim *v)
{
	const struct settings *s = v->settings;
	pid_t old = recovers_by_itself(s) ? v->server.pid : -1;
	int r;

	v->is_armed = 0;
	if (serves_until_point(s) && !recovers_by_itself(s)) {
		r = recover_with(v, s->kill_at) ?: server_wait(&v->server, -1, ARMED_MS);
		v->is_armed = !r;
		if (!r)
			return 0;
		note_kill(v);
		note_caught(v);
	}
	r = recovers_by_itself(s) ? 0 : recover_with(v, NULL);
	if (r)
		return r;
	r = server_wait(&v->server, old, patience_ms(v));
	return r ? stuck(v, "no LIVE server after the recovery", r) : 0;
}

/* The device is gone with its server: another one like it. */
static int bring_back(struct victim *v)
{
	int left = patience_ms(v), r;
	pid_t pid;

	/* one that died before it is LIVE would leave a device to be deleted again */
	v->is_armed = 0;
	v->is_closed = 0;
	v->stage = VICTIM_WANTS_CLOSED;
	while (!v->is_closed)
		sleep_ms(1);
	v->stage = VICTIM_STRUCK;
	r = ublk_device_delete(v->server.ctl, v->server.id, 0, patience_ms(v));
	if (r < 0 && r != -ENODEV)
		return stuck(v, "the dead device cannot be deleted", r);
	for (;;) {
		pid = shell_start(v->settings->command, NULL, NULL);
		if (pid < 0)
			return stuck(v, "cannot start the command", pid);
		r = shell_wait(pid, patience_ms(v));
		left -= RETRY_MS;
		if (!r || r == -ETIMEDOUT || left < 0)
			break;
		/* the backing may be locked still, by what the dead server has under way */
		sleep_ms(RETRY_MS);
	}
	if (r)
		return stuck(v, "the command failed", -EIO);
	r = server_wait(&v->server, -1, patience_ms(v));
	v->caught = server_caught(v->server.id);	/* another device, that begins at 0 */
	return r ? stuck(v, "no LIVE server after the command", r) : 0;
}

static int strike(struct victim *v)
{
	const struct settings *s = v->settings;
	int extra = (int)s->kills_in_a_row - 1, r;

	if (s->kill_at && settings_is_bring_up_point(s->kill_at) && !extra)
		extra = 1;
	r = death(v);
	if (r)
		return r;
	if (s->mode == MODE_OFF)
		return bring_back(v);
	while (!r && extra--)
		r = short_life(v);
	return r ? r : recover(v);
}

static void *strike_main(void *arg)
{
	struct victim *v = arg;

	v->error = strike(v);
	v->stage = v->error ? VICTIM_STUCK : VICTIM_BACK;
	return NULL;
}

int victim_strike(struct victim *v, uint64_t random, int has_died_itself)
{
	int r;

	v->random = random;
	v->has_died_itself = has_died_itself;
	v->nr_kills = 0;
	v->stage = VICTIM_STRUCK;
	if (!has_died_itself)
		first_blow(v);
	r = pthread_create(&v->thread, NULL, strike_main, v);
	return -r;
}

void victim_settle(struct victim *v)
{
	pthread_join(v->thread, NULL);
	v->stage = VICTIM_SERVES;
}
