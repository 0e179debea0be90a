/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* request.pml - the block layer and queue_rq (module/request.c), a process per tag */

#define TAKE_FRESH(i)	(disk == 1 && rq[i] == IDLE && gen[i] < NRQ)

#ifdef MUTATION_A4
#define FORCE_FIRST	false		/* force_abort is tested where parking is decided */
#else
#define FORCE_FIRST	force
#endif

/* Nobody died and nothing took too long: then STOP has written all back first (R16). */
#ifdef CLEAN
#define FAILED_CLEANLY	PROPERTY(stop, false)
#else
#define FAILED_CLEANLY	skip
#endif

proctype Tag(byte i)
{
	byte s;
end_idle:
	do
	:: atomic {
		TAKE_FRESH(i) || rq[i] == KICKED ->
		if
		:: rq[i] == IDLE -> gen[i]++
		:: else
		fi;
		rq[i] = ISSUED; inq[i] = 1;
		if
		:: FORCE_FIRST -> goto fail
		:: else
		fi
	   };
	   atomic {
		if
		:: (cur == NOBODY || phase[cur] != P_LIVE) && PARK_FRESH -> goto park
		:: (cur == NOBODY || phase[cur] != P_LIVE) && !PARK_FRESH -> goto fail
		:: else
		fi;
		if
		:: quiescing[cur] -> goto park
		:: !quiescing[cur] && (st[X(cur, i)] == READY || st[X(cur, i)] == LOOKING) ->
			s = cur;
			rcu[s]++
		:: else -> goto not_sent
		fi
	   };
	   /* ublk_slot_take_ready() spins while the monitor looks */
	   atomic {
		st[X(s, i)] != LOOKING;
		if
		:: CAN(X(s, i), READY) ->
			rq[i] = INSLOT; srq[X(s, i)] = gen[i];
			MOVE(X(s, i), READY, QUEUED);
			PROPERTY(command, live[X(s, i)] && !tw[X(s, i)]);
			tw[X(s, i)] = 1;
			rcu_leave(s);
			inq[i] = 0; s = 0;
			goto end_idle
		:: else
		fi;
		rcu_leave(s);
		s = 0
	   };
not_sent:
	   atomic {
		/* what to do is decided here, and done later */
		if
		:: PARK_FRESH && !stoppers -> goto park
		:: else -> goto fail
		fi
	   };
park:
	   atomic {
		PROPERTY(once, rq[i] == ISSUED && REC != R_OFF);
		rq[i] = PARKED;
		inq[i] = 0; s = 0;
		goto end_idle
	   };
fail:
	   atomic {
		PROPERTY(once, rq[i] == ISSUED);
		FAILED_CLEANLY;
		rq[i] = IDLE;
		inq[i] = 0; s = 0
	   }
	od
}
