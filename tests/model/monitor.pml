/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * monitor.pml - the monitor (module/recovery.c)
 *
 * Its runs come at any time. One that would find nothing is left out, but for a few (NEXTRA): so
 * no run of the model is endless, and "does it ever end" becomes "where can it stand still".
 */

/* What a run of the monitor would find something in. */
#define USEFUL(s) \
	(resume[s] || (phase[s] != P_CLOSING && SAYS_GONE(s)) || \
	 (phase[s] != P_CLOSING && quiescing[s] && !seen[s]) || \
	 (phase[s] == P_CLOSING && !ANY(IS_BUSY, s)) || \
	 (phase[s] != P_CLOSING && ANY(READY_BUT_GONE, s)) || \
	 (phase[s] != P_CLOSING && quiescing[s] && seen[s] && !ANY(HAS_REQUEST, s)))

/* The monitor must not be seen once STOP has cancelled it (I6). */
#define MONITOR_MAY	PROPERTY(monitor, !alone)

proctype Monitor()
{
	byte s = NOBODY;
	byte c, owned, lost, held, g, w;
	bit look, parks, left, is_gone, handed, asked;
	mtype:phase judged;
end_monitor:
	atomic {
		mon_armed && cur != NOBODY &&
		(USEFUL(cur) || extra < NEXTRA);
		MONITOR_MAY;
		if
		:: USEFUL(cur) -> skip
		:: else -> extra++
		fi;
		mon_armed = 0; mon_run = 1;
		s = cur; ref[s]++;
		if
		:: stoppers -> goto out
		:: else
		fi
	};
	atomic {
		MONITOR_MAY;
		asked = quiescing[s];
		judged = phase[s];
		if
		:: resume[s] -> resume[s] = 0
		:: else -> goto hand_over
		fi
	};
#ifndef MUTATION_R2
	barrier();
#endif
	atomic { kick() };
hand_over: /* ublk_monitor_quiesce() */
	atomic {
		if
		:: asked && !seen[s] -> w = wish[s]
		:: else -> goto look_around
		fi
	};
	barrier();
	atomic { seen[s] = quiescing[s] && wish[s] == w; w = 0 };
look_around:
	census(s);
	atomic {
		MONITOR_MAY;
		is_gone = released[s] || (lost == owned && !alive[s]);
		handed = asked && seen[s] && !held;
		asked = 0; held = 0;
		if
		:: is_gone || handed || judged == P_CLOSING -> skip
		:: else ->
			if
			:: lost -> owned = 0; lost = 0; goto reap_gone
			:: else -> owned = 0; goto again
			fi
		fi;
		owned = 0; lost = 0;
		if
		:: judged == P_LIVE && REC == R_OFF ->
			/* ublk_stop_begin(), of this session and of nobody's stop (R14) */
			if
			:: !stoppers && cur == s -> stop_begin()
			:: else
			fi;
			goto out
		:: else
		fi
	};
	/* ublk_monitor_close(): exactly the value judged (R6) */
	atomic {
		MONITOR_MAY;
		if
		:: !stoppers && phase[s] == judged && (is_gone || seen[s] || judged == P_CLOSING) ->
			if
			:: judged == P_BRINGUP -> PHASE(s, BRINGUP, CLOSING)
			:: judged == P_LIVE -> PHASE(s, LIVE, CLOSING)
			:: else
			fi
		:: else -> goto again
		fi
	};
	/* ublk_monitor_wind_up() */
	barrier();
	do
	:: atomic {
		c < NSL ->
		if
		:: IS_BUSY(X(s, c)) -> c = 0; goto again
		:: else -> c++
		fi
	   }
	:: atomic { c == NSL -> c = 0; break }
	od;
	abort_slots(s, PARK_SERVED, PARK_QUEUED, false);
	close_slots(s);
	/* ublk_monitor_retire() */
	atomic {
#ifndef MUTATION_R5
		if
		:: left -> left = 0; goto again
		:: else
		fi;
#else
		left = 0;
#endif
		MONITOR_MAY;
		if
		:: stoppers -> goto out
		:: else
		fi;
		PROPERTY(once, !ANY(MAY_NOT_BE_RETIRED, s));	/* I7 */
		retire(s);
		if
		:: devst != S_LIVE -> skip
		:: devst == S_LIVE && REC == R_FAIL_IO -> STATE(LIVE, FAIL_IO)
		:: else -> STATE(LIVE, QUIESCED)
		fi;
		PROPERTY(table, FITS)
	};
#if REC == R_OFF || REC == R_FAIL_IO
	atomic { kick(); goto out };
#else
	goto out;
#endif
reap_gone: /* ublk_reap_gone() */
	do
	:: atomic {
		c < NSL && !look ->
		if
		:: CAN(X(s, c), READY) -> MOVE(X(s, c), READY, LOOKING); look = 1
		:: else -> c++
		fi
	   }
	:: atomic {
		look ->
		if
		:: gone[X(s, c)] -> ready[s]--; STORE(X(s, c), LOOKING, REAPING)
		:: else -> STORE(X(s, c), LOOKING, READY)
		fi;
		look = 0; c++
	   }
	:: atomic { c == NSL -> c = 0; start_reaper(s); break }
	od;
again:
	atomic {
		arm();
out:
		put(s);
		s = NOBODY; judged = 0; is_gone = 0; handed = 0; asked = 0;
		mon_run = 0;
		goto end_monitor
	}
}
