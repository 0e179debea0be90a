/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * rest.pml - what must hold when nothing can move any more
 *
 * No run is endless (spin shows that, too), so every run comes to rest somewhere, and "always ends",
 * "is reachable again", "exactly once or parked" are asked there.
 */

#define IS_CURRENT_LIVE(x)	(cur == (x) / NSL && phase[cur] == P_LIVE)
#define LOST_A_THREAD		ANY(OWNER_IS_GONE, cur)
#define OWNER_IS_GONE(x)	(gone[x])

#define MAY_STAY_PARKED(i) \
	(PARK_FRESH && \
	 ((cur == NOBODY && devst == S_QUIESCED) || \
	  (cur != NOBODY && phase[cur] == P_BRINGUP && LOST_A_THREAD && devst == S_QUIESCED) || \
	  (cur != NOBODY && phase[cur] == P_LIVE && gone[X(cur, i)])))

/* A server that does nothing, or a thread of it that is dead, keeps what it has: STOP helps. */
#define MAY_STAY_SERVED(i) \
	(cur != NOBODY && phase[cur] == P_LIVE && HAS_REQUEST(X(cur, i)) && \
	 !IS_BUSY(X(cur, i)) && srq[X(cur, i)] == gen[i] && \
	 (stuck[X(cur, i)] || gone[X(cur, i)]))

#define REQUEST_RESTS(i) \
	(rq[i] == IDLE || (rq[i] == PARKED && MAY_STAY_PARKED(i)) || \
	 (rq[i] == INSLOT && MAY_STAY_SERVED(i)))

/* Held for the next request; or its task work never comes; or the reaper never gets uring_lock. */
#define COMMAND_RESTS(x) \
	(!live[x] || \
	 (st[x] == READY && cur == (x) / NSL && !CLOSING_OR_LATER(cur) && !gone[x] && !tw[x]) || \
	 (st[x] == ABANDONED && tw[x]) || \
	 (st[x] == QUEUED && tw[x] && IS_CURRENT_LIVE(x) && (stuck[x] || gone[x])) || \
	 (st[x] == REAPING && reaping[(x) / NSL]))

/* A session that is over exists only for those who still have its file. */
#define SESSION_RESTS(s) \
	(phase[s] != P_RETIRED || fd[s] || ANY(HAS_COMMAND, s) || reaping[s])

proctype Rest()
{
end_rest:
	atomic {
		timeout ->
		PROPERTY(once, REQUEST_RESTS(0));
		PROPERTY(command, COMMAND_RESTS(X(0, 0)) && SESSION_RESTS(0));
		PROPERTY(command, COMMAND_RESTS(X(1, 0)) && SESSION_RESTS(1));
#if NSL == 2
		PROPERTY(once, REQUEST_RESTS(1));
		PROPERTY(command, COMMAND_RESTS(X(0, 1)));
		PROPERTY(command, COMMAND_RESTS(X(1, 1)));
#endif
		/* STOP always ends, and leaves nothing */
		PROPERTY(stop, !stoppers && !stop_queued && !abort_on && stopped == NSTOP);
		PROPERTY(stop, !deleted || (cur == NOBODY && !disk && devst == S_DEAD));
		/* where nobody serves any more another server can come, or has been refused by STOP */
		PROPERTY(quiesced, cur == NOBODY || alive[cur]);
		PROPERTY(quiesced, cur != NOBODY || devst != S_LIVE);
		PROPERTY(quiesced, cur == NOBODY || phase[cur] == P_LIVE || LOST_A_THREAD);
		PROPERTY(table, FITS);
		PROPERTY(monitor, !mon_run)
	}
}

/* The questions of ublk_policies[] as the model asks them, against the table */
#define POLICY_IS_THAT_OF_C \
	assert(c_expr { ublk_policies[REC].park_served == (PARK_SERVED) && \
			ublk_policies[REC].park_queued == (PARK_QUEUED) && \
			ublk_policies[REC].park_fresh == (PARK_FRESH) && \
			ublk_policies[REC].after == (AFTER) })
