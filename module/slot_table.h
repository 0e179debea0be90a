/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * slot_table.h - who owns a slot: the states, and every legal change between them
 *
 * A slot stands for one tag of one queue in one session. Exactly one party owns it, and the
 * state says which. This header has no kernel includes: the module, the unit tests and the
 * model check all compile or read the same table.
 *
 * state       owner                    request              command
 * FREE        nobody                   -                    -
 * FETCHING    a FETCH being run        -                    that FETCH
 * READY       whoever exchanges first  -                    held by the slot
 * LOOKING     monitor, for a moment    -                    held by the slot
 * QUEUED      pending task work        held                 belongs to its task work
 * HANDING     the copy to the server   held                 belongs to the one who copies
 * GETDATA     server (owes a buffer)   held                 -
 * SERVER      server                   held                 -
 * COMMITTING  a COMMIT being run       held                 that COMMIT
 * ABORTED     nobody, was the server   taken away           -
 * ABANDONED   pending task work        taken away           belongs to its task work
 * REAPING     the session's reaper     -                    to be completed by the reaper
 * CLOSED      nobody, for good         -                    -
 *
 * With zero copy "held" and "taken away" are about the slot's reference to the request: rings that
 * have its pages registered have further ones, and who drops the last one ends the request as the
 * slot's owner has settled it (reference.c). So a slot may be READY again, ABORTED or ABANDONED,
 * its request not over yet; but no other one can come to the slot then, for the tag is in use.
 *
 * FETCHING, HANDING and COMMITTING are one notion, "the kernel is working on it": they never
 * sleep (the copies run with page faults disabled), so whoever meets one comes back soon. A
 * SERVER slot whose word also counts pins (a user copy under way, a reference being taken) counts
 * as such, too.
 */
#ifndef UBLK_SLOT_TABLE_H
#define UBLK_SLOT_TABLE_H

enum ublk_slot_state {
	UBLK_SLOT_FREE,
	UBLK_SLOT_FETCHING,
	UBLK_SLOT_READY,
	UBLK_SLOT_LOOKING,
	UBLK_SLOT_QUEUED,
	UBLK_SLOT_HANDING,
	UBLK_SLOT_GETDATA,
	UBLK_SLOT_SERVER,
	UBLK_SLOT_COMMITTING,
	UBLK_SLOT_ABORTED,
	UBLK_SLOT_ABANDONED,
	UBLK_SLOT_REAPING,
	UBLK_SLOT_CLOSED,
	UBLK_NR_SLOT_STATES
};

/* The slot's word: the state in the low byte, above it the number of pins. */
#define UBLK_SLOT_STATE_MASK	0xffu
#define UBLK_SLOT_PIN		0x100u

#define UBLK_SLOT_BIT(state)	(1u << UBLK_SLOT_##state)

/* Indexed by the state that is left; a bit for each state that may follow. */
static const unsigned int ublk_slot_edges[UBLK_NR_SLOT_STATES] = {
	/* FETCH takes it; the end of the session closes it */
	[UBLK_SLOT_FREE] = UBLK_SLOT_BIT(FETCHING) | UBLK_SLOT_BIT(CLOSED),
	/* published: command and owner are stored */
	[UBLK_SLOT_FETCHING] = UBLK_SLOT_BIT(READY),
	/* queue_rq; monitor's look; io_uring's cancel or the publisher itself; monitor or STOP */
	[UBLK_SLOT_READY] = UBLK_SLOT_BIT(QUEUED) | UBLK_SLOT_BIT(LOOKING) |
			    UBLK_SLOT_BIT(FREE) | UBLK_SLOT_BIT(REAPING),
	/* alive; its owner or ring is going away */
	[UBLK_SLOT_LOOKING] = UBLK_SLOT_BIT(READY) | UBLK_SLOT_BIT(REAPING),
	/* task work starts; monitor or abort take the request */
	[UBLK_SLOT_QUEUED] = UBLK_SLOT_BIT(HANDING) | UBLK_SLOT_BIT(ABANDONED),
	/*
	 * handed over; handed over, data to be asked for; the buffer must be faulted in or the
	 * pages registered first (back to where it came from); the buffer is bad, so the request
	 * failed and the command stays; nobody to hand over to
	 */
	[UBLK_SLOT_HANDING] = UBLK_SLOT_BIT(SERVER) | UBLK_SLOT_BIT(GETDATA) |
			      UBLK_SLOT_BIT(QUEUED) | UBLK_SLOT_BIT(READY) | UBLK_SLOT_BIT(FREE),
	/* NEED_GET_DATA brings a buffer; monitor or abort */
	[UBLK_SLOT_GETDATA] = UBLK_SLOT_BIT(HANDING) | UBLK_SLOT_BIT(ABORTED),
	/* COMMIT; monitor or abort */
	[UBLK_SLOT_SERVER] = UBLK_SLOT_BIT(COMMITTING) | UBLK_SLOT_BIT(ABORTED),
	/* published again; refused, or the buffer must be faulted in first */
	[UBLK_SLOT_COMMITTING] = UBLK_SLOT_BIT(READY) | UBLK_SLOT_BIT(SERVER),
	[UBLK_SLOT_ABORTED] = 0,
	/* the task work comes at last */
	[UBLK_SLOT_ABANDONED] = UBLK_SLOT_BIT(FREE),
	/* completed, session goes on; completed, session is closing */
	[UBLK_SLOT_REAPING] = UBLK_SLOT_BIT(FREE) | UBLK_SLOT_BIT(CLOSED),
	[UBLK_SLOT_CLOSED] = 0,
};

/* The kernel is working on the slot: come back, do not touch. */
#define UBLK_SLOT_BUSY_MASK \
	(UBLK_SLOT_BIT(FETCHING) | UBLK_SLOT_BIT(HANDING) | UBLK_SLOT_BIT(COMMITTING))

/* A request is bound to the slot. */
#define UBLK_SLOT_REQUEST_MASK                                                      \
	(UBLK_SLOT_BIT(QUEUED) | UBLK_SLOT_BIT(HANDING) | UBLK_SLOT_BIT(GETDATA) |  \
	 UBLK_SLOT_BIT(SERVER) | UBLK_SLOT_BIT(COMMITTING))

/* What a retired session may still hold; QUEUED and beyond would lose a request (I7). */
#define UBLK_SLOT_RETIRED_MASK                                                       \
	(UBLK_SLOT_BIT(FREE) | UBLK_SLOT_BIT(ABORTED) | UBLK_SLOT_BIT(ABANDONED) |   \
	 UBLK_SLOT_BIT(REAPING) | UBLK_SLOT_BIT(CLOSED))

static inline int ublk_slot_edge_is_legal(unsigned int from, unsigned int to)
{
	return from < UBLK_NR_SLOT_STATES && to < UBLK_NR_SLOT_STATES &&
	       (ublk_slot_edges[from] >> to & 1);
}

static inline const char *ublk_slot_state_name(unsigned int state)
{
	static const char *const names[UBLK_NR_SLOT_STATES] = {
		[UBLK_SLOT_FREE] = "FREE",
		[UBLK_SLOT_FETCHING] = "FETCHING",
		[UBLK_SLOT_READY] = "READY",
		[UBLK_SLOT_LOOKING] = "LOOKING",
		[UBLK_SLOT_QUEUED] = "QUEUED",
		[UBLK_SLOT_HANDING] = "HANDING",
		[UBLK_SLOT_GETDATA] = "GETDATA",
		[UBLK_SLOT_SERVER] = "SERVER",
		[UBLK_SLOT_COMMITTING] = "COMMITTING",
		[UBLK_SLOT_ABORTED] = "ABORTED",
		[UBLK_SLOT_ABANDONED] = "ABANDONED",
		[UBLK_SLOT_REAPING] = "REAPING",
		[UBLK_SLOT_CLOSED] = "CLOSED",
	};

	return state < UBLK_NR_SLOT_STATES ? names[state] : "?";
}

#endif /* UBLK_SLOT_TABLE_H */
