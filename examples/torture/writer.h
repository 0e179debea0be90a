/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The one who writes and reads: a ring, the I/Os under way, each told to the history when it
 * is issued and when it has ended. One thread; nothing ever kills it.
 */
#ifndef EXAMPLES_TORTURE_WRITER_H
#define EXAMPLES_TORTURE_WRITER_H

#include <liburing.h>
#include <stdint.h>

#include "history.h"
#include "plan.h"
#include "ranges.h"
#include "settings.h"
#include "subject.h"

enum writer_source {
	SOURCE_NONE,		/* nothing new */
	SOURCE_FILL,		/* every block once, in order */
	SOURCE_PLAN,		/* the schedule */
	SOURCE_READ_BACK,	/* every block once, in order */
};

struct job {
	int is_used;
	struct step step;
	uint64_t op;
	char *buffer;
	enum writer_source source;
};

struct writer_counts {
	uint64_t done[5];	/* per enum judge_kind */
	uint64_t fua;		/* of the writes */
	uint64_t failed;	/* where that is allowed */
	uint64_t bytes_written;
};

struct writer {
	const struct settings *settings;
	const struct subject *subject;
	struct history *history;
	struct plan *plan;
	struct io_uring ring;
	struct ranges *ranges;
	int wake_fd;
	uint64_t wake_value;
	struct job *jobs;
	unsigned int nr_jobs, nr_busy;
	enum writer_source source;
	uint64_t next_block;		/* FILL, READ_BACK */
	struct step *again;		/* READ_BACK: failed, where that is allowed */
	unsigned int nr_again;
	struct step waiting;		/* of the plan, but no thread was idle */
	int is_waiting;
	int is_permissive;		/* an I/O may fail now */
	int is_broken;			/* the history cannot be kept: the run is void */
	uint64_t calm_until_ms;		/* after a failure */
	uint64_t moved_ms;		/* when the last I/O ended */
	int no_discard, no_zeroes;
	struct writer_counts counts;
	/* the kernel has all that fits now */
	void (*submitted)(void *user);
	/* between taking what has ended and telling the history: did the server die? */
	void (*look)(void *user);
	void *user;
};

uint64_t clock_ms(void);

/* Returns 0, or -errno. */
int writer_open(struct writer *writer, struct option_error *err);
/* With nothing under way. */
void writer_close(struct writer *writer);

void writer_use(struct writer *writer, enum writer_source source);
/* Issues what fits, waits for at most @ms until something ends, judges it. */
void writer_turn(struct writer *writer, int ms);
/* FILL or READ_BACK has come to its end, and all of it is done; NONE: nothing is under way. */
int writer_is_done(const struct writer *writer);

#endif
