/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* abort.pml - the mechanism that monitor and STOP share, and abort_work (module/abort.c) */

/* ublk_barrier(): each queue_rq that runs now ends; without a disk there is none. */
inline barrier()
{
	atomic { !disk || !inq[0] };
#if NSL == 2
	atomic { !disk || !inq[1] }
#endif
}

/* ublk_take_census(): sets owned, lost (of these), held. LOOKING lasts a few instructions. */
inline census(c_s)
{
	do
	:: atomic {
		c < NSL && !look ->
		if
		:: HAS_REQUEST(X(c_s, c)) -> held++
		:: else
		fi;
		if
		:: CAN(X(c_s, c), READY) -> owned++; MOVE(X(c_s, c), READY, LOOKING); look = 1
		:: MAY_BE_RETIRED(X(c_s, c)) -> c++
		:: else ->
			owned++;
			if
			:: gone[X(c_s, c)] -> lost++
			:: else
			fi;
			c++
		fi
	   }
	:: atomic {
		look ->
		if
		:: gone[X(c_s, c)] -> lost++
		:: else
		fi;
		STORE(X(c_s, c), LOOKING, READY);
		look = 0; c++
	   }
	:: atomic { c == NSL -> c = 0; break }
	od
}

/* ublk_abort_slots(): the exchange, then what becomes of the request */
inline abort_slots(a_s, park_served, park_queued, gone_only)
{
	do
	:: atomic {
		c < NSL && !g ->
		if
		:: gone_only && !gone[X(a_s, c)] -> c++
		:: else ->
			g = srq[X(a_s, c)];
			if
			:: CAN(X(a_s, c), QUEUED) ->
				MOVE(X(a_s, c), QUEUED, ABANDONED);
				parks = park_queued
			:: CAN(X(a_s, c), GETDATA) ->
				MOVE(X(a_s, c), GETDATA, ABORTED);
				parks = park_served
			:: CAN(X(a_s, c), SERVER) ->
				PROPERTY(once, !pins[X(a_s, c)]);
				MOVE(X(a_s, c), SERVER, ABORTED);
				parks = park_served
			:: else -> g = 0; c++
			fi
		fi
	   }
	:: atomic {
		g ->
		if
		:: parks -> settle(c, g, true)
		:: else -> settle(c, g, false); FAILED_CLEANLY
		fi;
		g = 0; parks = 0; c++
	   }
	:: atomic { c == NSL -> c = 0; break }
	od
}

/* ublk_reap() */
inline start_reaper(r_s)
{
	if
	:: reap[r_s] -> skip
	:: else -> reap[r_s] = 1; ref[r_s]++
	fi
}

/* ublk_close_slots(): sets left */
inline close_slots(k_s)
{
	do
	:: atomic {
		c < NSL && st[X(k_s, c)] != LOOKING ->
		PROPERTY(table, CLOSING_OR_LATER(k_s));
		if
		:: CAN(X(k_s, c), READY) -> MOVE(X(k_s, c), READY, REAPING)
		:: CAN(X(k_s, c), FREE) -> MOVE(X(k_s, c), FREE, CLOSED)
		:: else
		fi;
		if
		:: MAY_BE_RETIRED(X(k_s, c)) -> skip
		:: else -> left = 1
		fi;
		c++
	   }
	:: atomic { c == NSL -> c = 0; start_reaper(k_s); break }
	od;
#ifdef MUTATION_R17
	atomic { !reap[k_s] && !reaping[k_s] }	/* without a bound */
#endif
}

#define IS_QUIET(x)	(MAY_BE_RETIRED(x) || IS_BUSY(x) || st[x] == READY)
#define IS_NOT_QUIET(x)	(!(IS_QUIET(x)))

/* ublk_session_retire_locked() */
/* with STOP task work may be about to let go of what it ended */
#define KEEPS_REQUEST(x)	(HAS_REQUEST(x) && st[x] != HANDING)

inline retire(e_s)
{
	PHASE(e_s, CLOSING, RETIRED);
	PROPERTY(table, cur == e_s);
	cur = NOBODY;
	put(e_s)
}

/* ublk_state_check_locked() (I8) */
#define FITS \
	(devst != S_LIVE || (cur != NOBODY && (phase[cur] == P_LIVE || phase[cur] == P_CLOSING)))

/* ublk_reap_work(): takes uring_lock for each, nobody waits for it without a bound (R17) */
proctype Reaper(byte s)
{
	byte c;
end_reaper:
	do
	:: atomic {
		reap[s] -> reap[s] = 0; reaping[s] = 1
	   };
	   do
	   :: atomic { c < NSL && st[X(s, c)] != REAPING -> c++ }
#ifdef ULOCK
	   :: atomic { c < NSL && st[X(s, c)] == REAPING -> goto end_stuck_for_ever }
#endif
	   :: atomic {
		c < NSL && st[X(s, c)] == REAPING ->
		COMPLETE(s, X(s, c), 0)
	      };
	      atomic {
		if
		:: CLOSING_OR_LATER(s) -> STORE(X(s, c), REAPING, CLOSED)
		:: else -> STORE(X(s, c), REAPING, FREE)
		fi;
		c++
	      }
	   :: atomic { c == NSL -> c = 0; break }
	   od;
	   atomic { reaping[s] = 0; put(s) }
	od;
end_stuck_for_ever: /* a stuck thread has uring_lock */
	false
}

/* Is there no point, or no point any more, in letting the server finish? ublk_must_force() */
#define HOPELESS(s) \
	(s == NOBODY || devst != S_LIVE || phase[s] != P_LIVE)

#define ABORT_CAN_TAKE(x)	(CAN_BE_TAKEN(x) && (force || gone[x]))

/* What a pass of abort_work would find something in; time is over whenever it likes. */
#define PASS_USEFUL \
	((!force && (MAY_STICK || HOPELESS(cur) || SAYS_GONE(cur))) || \
	 (cur != NOBODY && ANY(ABORT_CAN_TAKE, cur)) || \
	 (ANY_TAG(IS_PARKED) && (force || cur == NOBODY || !quiescing[cur])))

/* A clean STOP has a server that is slow, but not for ever. */
proctype AbortWork()
{
	byte s = NOBODY;
	byte c, owned, lost, held, g;
	bit look, parks, forced;
end_abort:
	atomic {
		abort_on && (PASS_USEFUL || extra < NEXTRA);
		if
		:: PASS_USEFUL -> skip
		:: else -> extra++
		fi;
		abort_run = 1;
		s = cur;
		if
		:: s == NOBODY -> force = 1; goto pass_on
		:: else -> ref[s]++
		fi;
		if
		:: force -> goto take
		:: !force && HOPELESS(s) -> force = 1; goto take
		:: !force && !HOPELESS(s) -> skip
		fi
	};
	census(s);
	atomic {
		if
		:: released[s] || (lost == owned && !alive[s]) -> force = 1
		:: else
		:: MAY_STICK -> force = 1	/* nothing was committed for stop_timeout_ms */
		fi;
		owned = 0; lost = 0; held = 0
	};
take:
	atomic { forced = force };
	abort_slots(s, false, false, !forced);
	atomic { forced = 0; put(s); s = NOBODY };
pass_on:
	atomic {
#ifdef MUTATION_R3
		if
		:: kicked -> skip
		:: else -> kick(); kicked = 1
		fi;
#else
		kick();
#endif
		abort_run = 0;
		goto end_abort
	}
}
