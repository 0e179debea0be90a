/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Lies about data: what ublk-fault does behind the back of the target it wraps, for testing
 * who has to notice. All of it is done at once, in the queue's thread.
 */
#ifndef EXAMPLES_FAULT_CHEAT_H
#define EXAMPLES_FAULT_CHEAT_H

#include <pthread.h>
#include <stdint.h>
#include <ublk.h>

#include "target.h"

/* A write that is taken back when so many requests more have come. */
#define CHEAT_REVERT_AFTER 24

struct fault_cheat {
	const struct target *inner;	/* has read_at and write_at */
	uint64_t capacity;
	uint32_t block;
	pthread_mutex_t lock;		/* of all below, and one cheat at a time */
	void *old;			/* what will be put back; NULL = nothing */
	uint64_t old_offset, old_len;
	unsigned int old_left;		/* requests until then */
};

/* Returns 0, or -EOPNOTSUPP: @inner keeps nothing that could be changed. */
int fault_cheat_init(struct fault_cheat *cheat, const struct target *inner,
		     const struct ublk_device_config *config);
void fault_cheat_exit(struct fault_cheat *cheat);

/* Each returns the request's result; the request is then not passed on. */
/* WRITE: half of the first block stays as it was. */
int fault_cheat_tear(struct fault_cheat *cheat, struct ublk_io *io);
/* WRITE: one length too far, or too near at the end. */
int fault_cheat_misplace(struct fault_cheat *cheat, struct ublk_io *io);

/* These leave the request to be passed on. */
/* WRITE: remembers what is there, to put it back later. */
void fault_cheat_revert(struct fault_cheat *cheat, struct ublk_io *io);
/* DISCARD: the block behind it goes, too. */
void fault_cheat_clobber(struct fault_cheat *cheat, struct ublk_io *io);
/* Any request: is it time to put something back? */
void fault_cheat_tick(struct fault_cheat *cheat);

#endif
