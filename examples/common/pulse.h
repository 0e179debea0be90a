/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The pulse of a server: what it was given and what it has answered, per queue, in memory
 * that its supervisor shares. Who watches needs no help of who is watched: a server that
 * is stopped, or stuck in a request, is seen by what it does not do.
 */
#ifndef EXAMPLES_PULSE_H
#define EXAMPLES_PULSE_H

#include <stdatomic.h>
#include <stdint.h>

#define PULSE_MAX_QUEUES 4096	/* LIBUBLK_MAX_QUEUES */

/* A cache line each: they are written at every request, each by its queue's thread alone. */
struct pulse_queue {
	_Alignas(64) _Atomic uint64_t given;
	_Atomic uint64_t answered;
};

struct pulse {
	_Atomic int id;			/* the device, once it was live; stays from then on */
	_Atomic int is_live;		/* of the present server */
	_Atomic unsigned int nr_queues;
	struct pulse_queue queues[];	/* PULSE_MAX_QUEUES; pages come as they are used */
};

/* In memory that children share. NULL: none left. Never freed: it ends with the last of them. */
struct pulse *pulse_new(void);

static inline void pulse_count(_Atomic uint64_t *counter)
{
	atomic_store_explicit(counter,
			      atomic_load_explicit(counter, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* Before a new server: nothing given, not live. Only while none lives. */
void pulse_reset(struct pulse *pulse);

/* It is live, with so many queues. */
void pulse_set_live(struct pulse *pulse, int id, unsigned int nr_queues);

struct pulse_watch;

/**
 * pulse_watch_new() - begin to watch
 * @limit_ms: how long a server may have requests and answer none of them
 */
struct pulse_watch *pulse_watch_new(const struct pulse *pulse, int64_t limit_ms);
void pulse_watch_free(struct pulse_watch *watch);

/**
 * pulse_hangs() - one look
 * @waiting: requests that the kernel has in the server's name; -1 = not known
 * @now_ms: a clock that does not jump
 *
 * A queue hangs if it has requests and has answered none for the limit. The server hangs if
 * the kernel waits for it and no queue has answered anything for so long, also if it never
 * took the requests. One that has nothing to do does not hang, and neither does one that
 * is not live yet: a takeover has limits of its own.
 *
 * Return: 1 it hangs, 0 not.
 */
int pulse_hangs(struct pulse_watch *watch, int waiting, int64_t now_ms);

/* Requests of disk @id that the kernel has started and not ended; -1 = not known. */
int pulse_waiting(int id);

#endif
