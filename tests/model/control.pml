/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* control.pml - START, END_USER_RECOVERY, QUIESCE_DEV (module/lifecycle.c, handover.c); who kills */

#ifdef MUTATION_B7
#define ALL_READY(s)	true
#else
#define ALL_READY(s)	(ready[s] == NSL)
#endif

#define MAY_GO_LIVE(from) \
	(!stoppers && !deleted && devst == from && cur != NOBODY && \
	 phase[cur] == P_BRINGUP && ALL_READY(cur))

/* ublk_session_go_live(): one section (R9) */
#define GO_LIVE(from) \
	PROPERTY(table, !ANY(NOT_FETCHED, cur)); \
	PHASE(cur, BRINGUP, LIVE); \
	STATE(from, LIVE); \
	resume[cur] = 1; \
	arm()

#define NOT_FETCHED(x)	(st[x] != READY && st[x] != LOOKING)

/* START_DEV: holds the mutex while the disk is made */
proctype Starter()
{
end_start:
	do
	:: atomic { MAY_GO_LIVE(S_DEAD) && !mutex && !disk -> mutex = 1; GO_LIVE(DEAD) };
	   /* until now the monitor has no disk to wait for or to kick */
#ifdef MUTATION_B10
	   atomic { disk = 1 };
end_scan: /* a partition scan, under the mutex */
	   atomic { gen[0] && rq[0] == IDLE };
	   atomic { mutex = 0 }
#else
	   atomic { disk = 1; mutex = 0 }
#endif
	od
}

/* END_USER_RECOVERY: the taker-over; it is another process than the server, and is not killed */
proctype Ender()
{
end_end:
	do
	:: atomic { MAY_GO_LIVE(S_QUIESCED) -> GO_LIVE(QUIESCED) }
	:: atomic { MAY_GO_LIVE(S_FAIL_IO) -> GO_LIVE(FAIL_IO) }
	od
}

/* QUIESCE_DEV: time is over, or a signal comes, whenever they like */
proctype Quiescer()
{
	byte s = NOBODY;
end_quiesce:
	do
	:: atomic {
		handed_over < NQUIESCE && devst == S_LIVE && !stoppers && cur != NOBODY &&
		!quiescing[cur] ->
		handed_over++;
		s = cur;
		ref[s]++;
		wish[s]++;
		quiescing[s] = 1;
		arm()
	   };
	   if
	   :: atomic { phase[s] == P_RETIRED }
	   :: atomic { stoppers }
	   :: true
	   fi;
	   /* ublk_quiesce_roll_back() */
	   atomic {
		if
		:: phase[s] == P_LIVE ->
			seen[s] = 0;
			quiescing[s] = 0;
#ifdef MUTATION_B20
			skip	/* nobody kicks what was parked */
#else
			resume[s] = 1;
			arm()
#endif
		:: else
		fi
	   };
	   atomic { phase[s] != P_CLOSING -> put(s); s = NOBODY }
	od
}

proctype Killer()
{
end_killer:
	do
	/* SIGKILL: the process is doomed, then its threads go one by one */
	:: atomic { killed < NKILL && alive[0] -> killed++; alive[0] = 0 }
	:: atomic { killed < NKILL && alive[1] -> killed++; alive[1] = 0 }
	:: atomic { fd[0] && !alive[0] && !gone[X(0, 0)] -> gone[X(0, 0)] = 1 }
	:: atomic { fd[1] && !alive[1] && !gone[X(1, 0)] -> gone[X(1, 0)] = 1 }
#if NSL == 2
	:: atomic { fd[0] && !alive[0] && !gone[X(0, 1)] -> gone[X(0, 1)] = 1 }
	:: atomic { fd[1] && !alive[1] && !gone[X(1, 1)] -> gone[X(1, 1)] = 1 }
#endif
	/* one thread by itself */
	:: atomic {
		threads_ended < NTHREAD && alive[0] && !gone[X(0, NSL - 1)] ->
		threads_ended++; gone[X(0, NSL - 1)] = 1
	   }
	od
}
