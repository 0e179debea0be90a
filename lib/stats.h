/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What each request passes by: some 25 instructions when it comes, some 25 when it is done. In the
 * queue's thread, which alone writes the queue's counters.
 */
#ifndef LIBUBLK_STATS_H
#define LIBUBLK_STATS_H

#include "internal.h"

/* Readers are other processes, so the compiler must neither tear nor repeat a store. */
#define STATS_STORE(at, value)	__atomic_store_n(&(at), (value), __ATOMIC_RELAXED)
#define STATS_LOAD(at)		__atomic_load_n(&(at), __ATOMIC_RELAXED)
#define STATS_ADD(at, value)	STATS_STORE(at, STATS_LOAD(at) + (value))

static inline unsigned ublk_stats_kind(unsigned op)
{
	if (op <= LIBUBLK_OP_DISCARD)
		return op;		/* the same numbers, which stats.c asserts */
	return op == LIBUBLK_OP_WRITE_ZEROES ? UBLK_STATS_WRITE_ZEROES : UBLK_STATS_OTHER;
}

/* It is with the target, and counted in q->stats. */
static inline void ublk_stats_begin(struct ublk_io *io)
{
	struct ublk_queue *q = io->q;
	unsigned kind = ublk_stats_kind(ublksrv_get_op(&io->desc));

	STATS_STORE(q->counters->in_flight, (uint64_t)q->stats.in_target);
	io->counters = &q->counters->kinds[kind];
	io->begun_ns = 0;
	if (!--q->to_measure[kind])
		ublk_stats_measure_begin(io, kind);
}

/* Its io->result is there. */
static inline void ublk_stats_end(struct ublk_io *io)
{
	struct ublk_queue *q = io->q;
	struct ublk_stats_kind *c = io->counters;

	STATS_STORE(q->counters->in_flight, (uint64_t)q->stats.in_target);
	STATS_ADD(c->ops, 1);
	if (io->result < 0)
		STATS_ADD(c->errors, 1);
	else
		STATS_ADD(c->bytes, (uint64_t)io->desc.nr_sectors << SECTOR_SHIFT);
	if (io->begun_ns)
		ublk_stats_measure_end(io);
}

#endif /* LIBUBLK_STATS_H */
