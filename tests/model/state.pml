/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * state.pml - what the model remembers, and every way to change a slot, a phase, a device state
 *
 * Names and edges are those of module/slot_table.h and module/state_table.h: pan is compiled with
 * both headers, so a name that C has not does not compile, an edge that C forbids stops the
 * search, and the edges taken are counted, to be held against the tables when the search is over.
 */

mtype:slot = { FREE, FETCHING, READY, LOOKING, QUEUED, HANDING, GETDATA, SERVER, COMMITTING,
	       ABORTED, ABANDONED, REAPING, CLOSED }
mtype:state = { S_DEAD, S_LIVE, S_QUIESCED, S_FAIL_IO }
mtype:phase = { P_NONE, P_BRINGUP, P_LIVE, P_CLOSING, P_RETIRED }
/*
 * A tag's request: ISSUED is held by queue_rq, KICKED is on its way there again, DETAINED was given
 * up by its slot with its pages still registered (reference.c).
 */
mtype:rq = { IDLE, ISSUED, INSLOT, PARKED, KICKED, DETAINED }

/* ---- bounds and choices; a configuration is a list of -D -------------------------------- */

#ifndef NSL
#define NSL	1		/* slots; each is a tag with its own requests, and its own thread */
#endif
#ifndef NREC
#define NREC	2		/* session objects that exist at once */
#endif
#ifndef NOPEN
#define NOPEN	2		/* sessions in all */
#endif
#ifndef NRQ
#define NRQ	2		/* requests per tag, one after the other */
#endif
#ifndef NKILL
#define NKILL	2		/* processes killed */
#endif
#ifndef NTHREAD
#define NTHREAD	0		/* single threads that end in a living process */
#endif
#ifndef NSTOP
#define NSTOP	0		/* STOP commands */
#endif
#ifndef DEL
#define DEL	0		/* the first of them is a DEL */
#endif
#ifndef NQUIESCE
#define NQUIESCE 0		/* QUIESCE_DEV commands */
#endif
#ifndef NFAULT
#define NFAULT	1		/* copies that need a page fault first */
#endif
#ifndef NEXTRA
#define NEXTRA	1		/* monitor and abort_work runs that have nothing to do */
#endif

#ifndef NCOPY
#define NCOPY	1		/* stretches of user copies */
#endif

#define COPY	0
#define GET	1
#define USER	2
#define REG	3
#ifndef KIND0
#define KIND0	COPY
#endif
#ifndef KIND1
#define KIND1	KIND0
#endif
#if NSL == 1
#define KIND(i)	KIND0
#define HAS_KIND(k)	(KIND0 == k)
#else
#define KIND(i)	(i == 0 -> KIND0 : KIND1)
#define HAS_KIND(k)	(KIND0 == k || KIND1 == k)
#endif

#ifndef REC
#define REC	R_REISSUE
#endif
#define R_OFF	0
#define R_PLAIN	1
#define R_REISSUE	2
#define R_FAIL_IO	3
#define PARK_SERVED	(REC == R_REISSUE)
#define PARK_QUEUED	(REC == R_PLAIN || REC == R_REISSUE)
#define PARK_FRESH	(REC == R_PLAIN || REC == R_REISSUE)
#if REC == R_OFF
#define AFTER	UBLK_STATE_DEAD
#elif REC == R_FAIL_IO
#define AFTER	UBLK_STATE_FAIL_IO
#else
#define AFTER	UBLK_STATE_QUIESCED
#endif

/* ---- the device --------------------------------------------------------------------------- */

#define NX	(NREC * NSL)
#define X(s, i)	((s) * NSL + (i))
#define NOBODY	NREC

mtype:state devst = S_DEAD
byte cur = NOBODY		/* the session that is current */
byte disk			/* 0 none, 1 there, 2 del_gendisk() takes no new requests */
byte stoppers, stops_begun, stops_done
bit stop_queued			/* stop_work is pending */
bit force			/* force_abort */
bit abort_on, abort_run
bit mutex			/* dev->mutex */
bit deleted
bit mon_armed, mon_run
bit alone			/* STOP has cancelled the monitor: it must not be seen */
byte opened, killed, threads_ended, faults, extra, copies, stopped, handed_over
bit kicked			/* only with a mutation */

/* ---- requests, by tag ---------------------------------------------------------------------- */

mtype:rq rq[NSL] = IDLE
byte gen[NSL]			/* which of the tag's requests it is */
bit inq[NSL]			/* queue_rq runs */
bit used[NSL]			/* a ring has its pages registered, or I/O on them under way */
bit parks_late[NSL]		/* DETAINED: is to be parked, else ended */

/* ---- sessions and their slots ---------------------------------------------------------------- */

mtype:phase phase[NREC] = P_NONE
byte ref[NREC], rcu[NREC]	/* references; readers that hold up the end of the object */
byte ready[NREC]
byte threads[NREC]		/* threads of the server still about */
bit alive[NREC]			/* the process: not told to die */
bit fd[NREC]			/* the process has the file open */
bit released[NREC]
bit quiescing[NREC], seen[NREC], resume[NREC]
byte wish[NREC]
bit reap[NREC], reaping[NREC]	/* reap_work is queued; runs */

mtype:slot st[NX] = FREE
bit pins[NX]			/* a user copy is under way */
bit live[NX]			/* a command of the slot is with the driver, not completed */
bit tw[NX]			/* it belongs to its task work */
byte srq[NX]			/* slot->rq */
bit gone[NX]			/* the slot's owner is exiting */
bit stuck[NX]			/* the owner lives and does nothing */
bit begin[NX]			/* a thread is to start */

/* ---- the properties; the hidden names are what pan's message shows ---------------------------- */

hidden byte once, command, stop, quiesced, monitor, table

#define PROPERTY(name, condition) \
	c_code { property_##name++; }; assert((condition) || name)

c_decl {
	\#include "slot_table.h"
	\#include "state_table.h"
	\#include "coverage.h"
};

/* ---- changes -------------------------------------------------------------------------------------- */

/* The word compares equal: right state, no pins. */
#ifdef MUTATION_B5
#define CAN(x, from)	(st[x] == from)
#else
#define CAN(x, from)	(st[x] == from && !pins[x])
#endif

/* After CAN(x, from): the exchange. */
#define MOVE(x, from, to) \
	c_code { slot_edge(UBLK_SLOT_##from, UBLK_SLOT_##to); }; \
	PROPERTY(command, ref[(x) / NSL] || rcu[(x) / NSL]); \
	st[x] = to

/* Leave a state that nobody else may leave. */
#define STORE(x, from, to) \
	PROPERTY(command, ref[(x) / NSL] || rcu[(x) / NSL]); \
	PROPERTY(table, st[x] == from); \
	MOVE(x, from, to)

#define PHASE(s, from, to) \
	c_code { phase_edge(UBLK_PHASE_##from, UBLK_PHASE_##to); }; \
	PROPERTY(table, phase[s] == P_##from); \
	phase[s] = P_##to

#define STATE(from, to) \
	c_code { state_edge(UBLK_STATE_##from, UBLK_STATE_##to); }; \
	PROPERTY(table, devst == S_##from); \
	devst = S_##to

#if NSL == 1
#define ANY(f, s)	(f(X(s, 0)))
#define ANY_TAG(f)	(f(0))
#else
#define ANY(f, s)	(f(X(s, 0)) || f(X(s, 1)))
#define ANY_TAG(f)	(f(0) || f(1))
#endif

#define CLOSING_OR_LATER(s)	(phase[s] == P_CLOSING || phase[s] == P_RETIRED)
#define HAS_COMMAND(x)		(live[x])
#define IS_BUSY(x) \
	(pins[x] || st[x] == FETCHING || st[x] == HANDING || st[x] == COMMITTING)
#define HAS_REQUEST(x) \
	(st[x] == QUEUED || st[x] == HANDING || st[x] == GETDATA || st[x] == SERVER || \
	 st[x] == COMMITTING)
#define MAY_BE_RETIRED(x) \
	(st[x] == FREE || st[x] == ABORTED || st[x] == ABANDONED || st[x] == REAPING || \
	 st[x] == CLOSED)
#define MAY_NOT_BE_RETIRED(x)	(!(MAY_BE_RETIRED(x)))
#define CAN_BE_TAKEN(x)		(CAN(x, QUEUED) || CAN(x, GETDATA) || CAN(x, SERVER))
#define CAN_BE_TAKEN_GONE(x)	(gone[x] && CAN_BE_TAKEN(x))
#define OWNER_LIVES(x)		(!gone[x] && !(MAY_BE_RETIRED(x)))
#define READY_BUT_GONE(x)	(st[x] == READY && gone[x])
#define IS_PARKED(i)		(rq[i] == PARKED)
#define IS_ACTIVE(i)		(rq[i] != IDLE)

/* ublk_census_says_gone() */
#define SAYS_GONE(s)		(!alive[s] && !ANY(OWNER_LIVES, s))

/* An object that nobody refers to is gone; all of it is as new, for the next one. */
#define FORGET_SLOT(x) \
	PROPERTY(command, !live[x] && !tw[x]); \
	st[x] = FREE; srq[x] = 0; gone[x] = 0; stuck[x] = 0

inline try_free(f_s)
{
	if
	:: !ref[f_s] && !rcu[f_s] ->
		PROPERTY(command, phase[f_s] == P_RETIRED);
		FORGET_SLOT(X(f_s, 0));
#if NSL == 2
		FORGET_SLOT(X(f_s, 1));
#endif
		phase[f_s] = P_NONE; ready[f_s] = 0; released[f_s] = 0; quiescing[f_s] = 0;
		seen[f_s] = 0; resume[f_s] = 0; wish[f_s] = 0
	:: else
	fi
}

inline put(p_s)
{
	PROPERTY(command, ref[p_s] > 0);
	ref[p_s]--;
	try_free(p_s)
}

inline rcu_leave(r_s)
{
	rcu[r_s]--;
	try_free(r_s)
}

/* ublk_ch_release(): no descriptor and no command holds the file. */
inline try_release(l_s)
{
	if
	:: !fd[l_s] && !released[l_s] && !ANY(HAS_COMMAND, l_s) ->
		released[l_s] = 1;
		put(l_s)
	:: else
	fi
}

/* The command goes back to the server's ring. by_tw: the caller is its task work (R7, I2). */
#define COMPLETE(s, x, by_tw) \
	PROPERTY(command, live[x] && tw[x] == by_tw); \
	PROPERTY(command, ref[s] || rcu[s]); \
	live[x] = 0; \
	tw[x] = 0; \
	try_release(s)

/* The caller has request number g of the tag. */
#define END(i, g) \
	PROPERTY(once, rq[i] == INSLOT && gen[i] == g && !used[i]); \
	rq[i] = IDLE

#define PARK(i, g) \
	PROPERTY(once, rq[i] == INSLOT && gen[i] == g && !used[i] && REC != R_OFF); \
	rq[i] = PARKED

#ifdef MUTATION_B6
#define DETAINS(i)	false
#else
#define DETAINS(i)	(used[i])
#endif

/* ublk_settle() */
inline settle(t_i, t_g, t_park)
{
	if
	:: DETAINS(t_i) ->
		PROPERTY(once, rq[t_i] == INSLOT && gen[t_i] == t_g);
		rq[t_i] = DETAINED;
		parks_late[t_i] = t_park
	:: !DETAINS(t_i) && t_park -> PARK(t_i, t_g)
	:: !DETAINS(t_i) && !(t_park) -> END(t_i, t_g)
	fi
}

/* ublk_monitor_arm_locked() */
inline arm()
{
	if
#ifdef MUTATION_R11
	:: cur != NOBODY -> mon_armed = 1
#else
	:: !stoppers && cur != NOBODY -> mon_armed = 1
#endif
	:: else
	fi
}

inline kick()
{
	if :: rq[0] == PARKED && disk -> rq[0] = KICKED :: else fi;
#if NSL == 2
	if :: rq[1] == PARKED && disk -> rq[1] = KICKED :: else fi
#endif
}
