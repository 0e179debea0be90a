/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* The process that serves the device now, and what the driver says of it. */
#ifndef EXAMPLES_TORTURE_SERVER_H
#define EXAMPLES_TORTURE_SERVER_H

#include <stdint.h>
#include <sys/types.h>
#include <ublk.h>

struct server {
	struct ublk_ctl *ctl;
	int id;
	pid_t pid;		/* -1 = none known */
	int pidfd;		/* -1 = none */
};

/*
 * Waits until the device is LIVE with a living server, other than @not_this. Returns 0,
 * -ETIMEDOUT, -errno.
 */
int server_wait(struct server *server, pid_t not_this, int timeout_ms);
/* Until it is not LIVE with @pid any more. Returns 0, -ETIMEDOUT. */
int server_wait_settled(struct server *server, pid_t pid, int timeout_ms);

int server_is_alive(const struct server *server);
/* Returns 0 or -errno. */
int server_signal(const struct server *server, int signal);
/* Waits until the process has ended. Returns 0, -ETIMEDOUT. */
int server_wait_dead(const struct server *server, int timeout_ms);
void server_forget(struct server *server);

/*
 * The process that has the device's char device open, LIVE or not yet: found by its
 * descriptors. -1 = nobody.
 */
pid_t server_find(int id);

/* Requests that crashes took from servers so far, by the module's counters; -1 = not told. */
int64_t server_caught(int id);

#endif
