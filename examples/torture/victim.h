/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Killing the server and getting a new one, while the writer goes on: in a thread of its own,
 * one strike at a time.
 */
#ifndef EXAMPLES_TORTURE_VICTIM_H
#define EXAMPLES_TORTURE_VICTIM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "options.h"
#include "server.h"
#include "settings.h"

enum victim_stage {
	VICTIM_SERVES,		/* a server is there, or was when we last looked */
	VICTIM_STRUCK,		/* between servers */
	VICTIM_WANTS_CLOSED,	/* mode off: the disk is dead, nobody may have it open */
	VICTIM_BACK,		/* the next server is there; victim_settle() ends the strike */
	VICTIM_STUCK,		/* see sentence */
};

struct victim_kill {
	int64_t caught;		/* requests on their way to the server or with it */
	int64_t own;		/* our own I/Os under way */
};

#define VICTIM_ROW_MAX 128

struct victim {
	const struct settings *settings;
	struct server server;
	_Atomic int stage;
	_Atomic unsigned int own;	/* I/Os of the writer under way, told by it */
	_Atomic int is_closed;		/* the answer to WANTS_CLOSED */
	int64_t caught;			/* by all deaths so far; -1 = not told */
	uint64_t random;		/* for what a strike does; set before each */
	int has_died_itself;
	int is_armed;			/* the server kills itself at settings->kill_at */
	struct victim_kill kills[VICTIM_ROW_MAX];
	int nr_kills;
	int error;			/* at STUCK; -ENOMSG: nothing hangs, it is no test */
	char sentence[256];
	pthread_t thread;
};

/* Runs CMD if there is one, and waits for the server. Returns 0 or -errno with @err. */
int victim_bring_up(struct victim *victim, struct option_error *err);
void victim_let_go(struct victim *victim);

/* The server that was there is there still. */
int victim_is_alive(const struct victim *victim);

/*
 * Begins a strike: the signal is sent at once, the rest is the thread's. @has_died_itself: there is
 * nobody to kill any more. Returns 0 or -errno.
 */
int victim_strike(struct victim *victim, uint64_t random, int has_died_itself);
/* At BACK: ends it; kills[] tells what it was. */
void victim_settle(struct victim *victim);

#endif
