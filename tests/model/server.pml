/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * server.pml - a thread of a server and what it does in the kernel (module/iocmd.c, request.c)
 *
 * A thread has one slot. What it does in the kernel goes on to its end when the owner is gone: that
 * is an io-wq worker, or a thread that dumps core meanwhile. After that task work pending is run by
 * a stand-in, or never (a ring that a child keeps). Who kills is in control.pml.
 */

#define ME		X(s, i)
#define LIVING		(alive[s] && !gone[ME])

#ifdef MUTATION_B18
#define B18	true
#else
#define B18	false
#endif

#ifdef CLEAN
#define MAY_STICK	false
#else
#define MAY_STICK	true
#endif

#define CAN_OPEN(s) \
	(phase[s] == P_NONE && opened < NOPEN && cur == NOBODY && !stoppers && !deleted && \
	 (s == 0 || phase[0] != P_NONE))

/* ublk_ch_open(), ublk_session_become_current() */
inline open_device()
{
	opened++;
	PHASE(s, NONE, BRINGUP);
	ref[s] = 2;
	fd[s] = 1;
	alive[s] = 1;
	cur = s;
	threads[s] = NSL;
#if NSL == 2
	begin[X(s, 1)] = 1;
#endif
	arm()
}

/* ublk_publish() after the slot became READY: barrier, look. The session may be gone but for RCU. */
#define LOOK_AGAIN(count, done, next) \
	atomic { \
		count; \
		if \
		:: !B18 && CLOSING_OR_LATER(s) -> ready[s]-- \
		:: B18 || !CLOSING_OR_LATER(s) -> done; rcu_leave(s); goto next \
		fi \
	}; \
	atomic { \
		st[ME] != LOOKING; \
		if \
		:: CAN(ME, READY) -> MOVE(ME, READY, FREE); bounced = 1 \
		:: else -> ready[s]++ \
		fi; \
		rcu_leave(s) \
	}

/* The buffer is brought in, holding no slot but maybe uring_lock: until the thread dies. */
inline fault_in()
{
	if
	:: true
	:: atomic { MAY_STICK -> stuck[ME] = 1 };
end_fault:
	   atomic { gone[ME] -> stuck[ME] = 0 }
	fi
}

proctype Thread(byte s; byte i)
{
	byte g;		/* the request in hand */
	bit bounced, parks, tried;
end_none:
	if
	:: atomic { i == 0 && CAN_OPEN(s) -> open_device() }
	:: atomic { begin[ME] -> begin[ME] = 0 }
	fi;

fetch:	/* the phase, and is there a slot left to fetch */
	atomic {
		if
		:: phase[s] != P_BRINGUP || ready[s] == NSL || !LIVING -> goto give_up
		:: else
		fi
	};
	atomic {
		if
		:: CAN(ME, FREE) -> MOVE(ME, FREE, FETCHING); live[ME] = 1
		:: else -> PROPERTY(table, st[ME] == CLOSED); goto give_up
		fi
	};
	atomic { rcu[s]++; STORE(ME, FETCHING, READY) };
	LOOK_AGAIN(ready[s]++, skip, serve);
	goto return_command;

serve:	/* in user space, or waiting there */
end_serve:
	if
	:: atomic { tw[ME] -> goto task_work }
	:: atomic { LIVING && (st[ME] == SERVER || st[ME] == ABORTED) -> goto commit }
	:: atomic { LIVING && st[ME] == GETDATA -> goto get_data }
	:: atomic { LIVING && (st[ME] == FREE || st[ME] == CLOSED) -> goto give_up }
	:: atomic { LIVING && MAY_STICK && (st[ME] == SERVER || st[ME] == GETDATA) -> stuck[ME] = 1 };
end_stuck:
	   atomic { gone[ME] || st[ME] == ABORTED -> stuck[ME] = 0; goto serve }
	:: atomic { !LIVING && CAN(ME, READY) -> goto cancel }
	:: atomic { gone[ME] && !live[ME] -> goto ended }
#ifdef FALLBACK
	/* its files are closed before a stand-in runs its task work */
	:: atomic { gone[ME] && !alive[s] && tw[ME] && fd[s] -> threads[s] = 0; fd[s] = 0; goto task_work }
#endif
	/* its ring is never torn down: a child has it */
	:: atomic { gone[ME] && tw[ME] && MAY_STICK -> goto end_lost }
	fi;

commit:	/* COMMIT_AND_FETCH; a copier's pin is waited for */
	atomic {
		!pins[ME] || st[ME] != SERVER;
		if
		:: st[ME] == SERVER -> MOVE(ME, SERVER, COMMITTING)
		:: else -> PROPERTY(table, st[ME] == ABORTED); goto late
		fi
	};
	if
	:: atomic {
		KIND(i) != USER && KIND(i) != REG && faults < NFAULT -> faults++;
		STORE(ME, COMMITTING, SERVER)
	   };
	   fault_in();
	   atomic {
		if
		:: gone[ME] -> goto serve
		:: else -> goto commit
		fi
	   }
	:: atomic {
		PROPERTY(command, !live[ME] && !tw[ME]);
		live[ME] = 1;
		g = srq[ME];
#ifdef MUTATION_R1
		END(i, g);
	   };
	   atomic {
#endif
		rcu[s]++;
		STORE(ME, COMMITTING, READY)
	   }
	fi;
	LOOK_AGAIN(skip, skip, committed);
committed:
	atomic {
#ifndef MUTATION_R1
		settle(i, g, false);
#endif
		g = 0;
		if
		:: bounced -> skip
		:: else -> goto serve
		fi
	};
return_command: /* if it is the caller's again */
	atomic {
		if
		:: bounced -> bounced = 0; COMPLETE(s, ME, 0)
		:: else
		fi;
		goto serve
	};

get_data: /* NEED_GET_DATA */
	atomic {
		if
		:: CAN(ME, GETDATA) -> MOVE(ME, GETDATA, HANDING)
		:: else -> PROPERTY(table, st[ME] == ABORTED); goto late
		fi
	};
	if
	:: atomic { faults < NFAULT -> faults++; STORE(ME, HANDING, GETDATA) };
	   fault_in();
	   atomic {
		if
		:: gone[ME] -> goto serve
		:: else -> goto get_data
		fi
	   }
	:: atomic { STORE(ME, HANDING, SERVER); goto serve }
	fi;

task_work: /* ublk_request_tw() */
	atomic {
		if
		:: CAN(ME, QUEUED) -> MOVE(ME, QUEUED, HANDING)
		:: else -> PROPERTY(table, st[ME] == ABANDONED); goto bury
		fi
	};
	if
	:: atomic { LIVING && phase[s] == P_LIVE && !force -> goto hand_over }
	:: atomic { !(LIVING && phase[s] == P_LIVE && !force) -> parks = PARK_QUEUED && !force }
	fi;
	/* ublk_bounce(): the request first, the slot last (R5) */
	atomic {
		if
		:: parks -> settle(i, srq[ME], true)
		:: else -> settle(i, srq[ME], false)
		fi;
		parks = 0
	};
bury:	/* a reference is held, for the command may have the last one */
	atomic {
#ifndef MUTATION_BURY
		ref[s]++;
#endif
		tried = 0;
		COMPLETE(s, ME, 1)
	};
	atomic {
		if
		:: st[ME] == HANDING -> STORE(ME, HANDING, FREE)
		:: else -> STORE(ME, ABANDONED, FREE)
		fi;
#ifndef MUTATION_BURY
		put(s);
#endif
#ifdef FALLBACK
		if
		:: phase[s] == P_NONE -> goto end_none	/* that was the last of it */
		:: else
		fi;
#endif
		goto serve
	};
hand_over:
	if
	/* ublk_auto_reg(): the reference first, then without owning the slot */
	:: atomic { KIND(i) == REG && !tried -> tried = 1; used[i] = 1; STORE(ME, HANDING, QUEUED) };
	   goto task_work
	:: atomic { KIND(i) == COPY && faults < NFAULT -> faults++; STORE(ME, HANDING, QUEUED) };
	   fault_in();
	   goto task_work
	:: atomic { KIND(i) == COPY && faults == NFAULT -> g = srq[ME]; goto refuse }
	:: atomic { KIND(i) == GET -> STORE(ME, HANDING, GETDATA) }
	:: atomic { STORE(ME, HANDING, SERVER) }
	fi;
	atomic { tried = 0; COMPLETE(s, ME, 1); goto serve };
refuse:	/* the buffer is bad: the request fails, the slot goes on */
	atomic { rcu[s]++; tw[ME] = 0; STORE(ME, HANDING, READY) };
	LOOK_AGAIN(skip, skip, refused);
	atomic {
		if
		:: bounced -> bounced = 0; COMPLETE(s, ME, 0)
		:: else
		fi
	};
refused:
	atomic { END(i, g); g = 0; goto serve };

cancel:	/* ublk_cancel(); kernels before 6.7 do not tell, then the monitor finds out */
	atomic {
#ifndef MUTATION_A9
		ready[s]--;
#endif
		if
		:: cur == s -> arm()	/* ublk_monitor_hint() */
		:: else
		fi
	};
	atomic {
		st[ME] != LOOKING;
		if
		:: CAN(ME, READY) -> MOVE(ME, READY, FREE); COMPLETE(s, ME, 0)
#ifdef MUTATION_A1
		:: CAN(ME, QUEUED) -> st[ME] = FREE; COMPLETE(s, ME, 0)
#endif
#ifdef MUTATION_A9
		:: else
#else
		:: else -> ready[s]++
#endif
		fi;
		goto serve
	};

late:	/* -ENODEV */
give_up: /* a server whose slot is taken away ends */
	atomic {
		if
		:: gone[ME] -> skip
		:: else -> alive[s] = 0
		fi;
		goto serve
	};

ended:	/* another thread may fetch what this one had */
	atomic {
		if
		:: alive[s] && phase[s] == P_BRINGUP && CAN(ME, FREE) -> gone[ME] = 0; goto fetch
		:: else
		fi;
		gone[ME] = 1;
		if
		:: threads[s] -> threads[s]--
		:: else
		fi;
		if
		:: threads[s] == 0 && fd[s] -> alive[s] = 0; fd[s] = 0; try_release(s)
		:: else
		fi;
		goto end_none
	};
end_lost:
	false
}

/*
 * The rings that have the pages of the tag's request (module/reference.c): when they let go is up to
 * the server, or to I/O of a dead one; unregistering at COMMIT, too, may or may not be in time.
 */
proctype Holder(byte i)
{
end_holder:
	do
	:: atomic {
		used[i] -> used[i] = 0;
		if
		:: rq[i] == DETAINED && !parks_late[i] -> rq[i] = IDLE
		:: rq[i] == DETAINED && parks_late[i] ->
			/* ublk_park_late() */
			PROPERTY(once, REC != R_OFF);
			rq[i] = PARKED;
			parks_late[i] = 0;
#ifndef MUTATION_LATE
			if
			:: cur != NOBODY && phase[cur] == P_LIVE -> resume[cur] = 1; arm()
			:: else
			fi
#endif
		:: else
		fi
	   }
	od
}

/* pread() or pwrite() on the device (module/usercopy.c), in any thread or process */
proctype Copier(byte s; byte i)
{
end_copier:
	do
	:: atomic { copies < NCOPY && fd[s] && alive[s] && st[ME] == SERVER -> copies++; ref[s]++ };
	   /* the look at phase and force_abort, the pin, the copy */
	   atomic {
		if
		:: CLOSING_OR_LATER(s) || force || gone[ME] -> put(s); goto end_copier
		:: else
		fi
	   };
	   atomic {
		if
		:: st[ME] == SERVER -> pins[ME] = 1
		:: else -> put(s); goto end_copier
		fi
	   };
	   atomic {
		PROPERTY(once, st[ME] == SERVER && rq[i] == INSLOT && gen[i] == srq[ME]);
		pins[ME] = 0;
		put(s)
	   }
	od
}
