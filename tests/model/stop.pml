/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* stop.pml - STOP and DEL (module/stop.c, device.c): one work does it, the commands wait for it */

inline stop_begin()
{
	stoppers++;
	stops_begun++;
	stop_queued = 1
}

proctype StopWork()
{
	byte s = NOBODY;
	byte c, owned, lost, held, served, ticket;
	bit look, left;
end_stop_work:
	atomic { stop_queued -> stop_queued = 0 };
	atomic {
		if
		:: !stoppers -> goto end_stop_work	/* an earlier run has served it, too */
		:: else
		fi
	};
	atomic {
		served = stoppers;
		ticket = stops_begun;
		s = cur;
		if
		:: s != NOBODY -> ref[s]++
		:: else
		fi
	};
	/* cancel_delayed_work_sync(&dev->monitor_work) */
	atomic { !mon_run -> mon_armed = 0; alone = 1 };
	atomic { !mutex -> mutex = 1 };
	/* ublk_stop_disk(), ublk_abort_begin() */
	atomic {
		if
		:: !disk -> goto no_disk
		:: else
		fi;
		if
		:: HOPELESS(s) -> force = 1; goto watch
		:: else
		fi
#ifdef MUTATION_R16
		; force = 1
#endif
	};
	census(s);
	atomic {
		if
		:: released[s] || (lost == owned && !alive[s]) -> force = 1
		:: else
		fi;
		owned = 0; lost = 0; held = 0
	};
watch:
	atomic { abort_on = 1 };
	/* del_gendisk(): writes back first, then takes no new requests and waits for all */
	atomic { disk = 2 };
	atomic { !ANY_TAG(IS_ACTIVE) };
	/* ublk_abort_end() */
	atomic { abort_on = 0 };
	atomic {
		!abort_run;
		PROPERTY(stop, !ANY_TAG(IS_ACTIVE));
		disk = 0
	};
no_disk:
	atomic {
		if
		:: devst == S_LIVE -> STATE(LIVE, DEAD)
		:: devst == S_QUIESCED -> STATE(QUIESCED, DEAD)
		:: devst == S_FAIL_IO -> STATE(FAIL_IO, DEAD)
		:: else
		fi;
		if
		:: s == NOBODY -> skip
		:: s != NOBODY && phase[s] == P_BRINGUP -> PHASE(s, BRINGUP, CLOSING)
		:: s != NOBODY && phase[s] == P_LIVE -> PHASE(s, LIVE, CLOSING)
		:: else
		fi;
		mutex = 0;
		if
		:: s == NOBODY -> goto done
		:: else
		fi
	};
	/* ublk_stop_session(): a server that is just publishing takes its slot back by itself (R8) */
	close_slots(s);
	atomic {
		left = 0;
		PROPERTY(monitor, alone && !mon_run);
		PROPERTY(once, !ANY(KEEPS_REQUEST, s));		/* I7 */
		retire(s);
		PROPERTY(table, FITS);
		put(s);
		s = NOBODY
	};
done:
	atomic {
		stoppers = stoppers - served;
		stops_done = ticket;
		served = 0; ticket = 0;
		alone = 0;
		if
		:: !stoppers -> force = 0
		:: else
		fi;
		/* the session that nobody would watch (R13) */
		PROPERTY(stop, stoppers || cur == NOBODY);
		goto end_stop_work
	}
}

/* STOP_DEV; with DEL also the end of the node, and a second stop for a START in between */
proctype Stopper(bit del)
{
	byte ticket;
end_not_asked:
	atomic { true -> stop_begin(); ticket = stops_begun };
	atomic { stops_done >= ticket };
	if
	:: del ->
		atomic { deleted = 1 };
		atomic { stop_begin(); ticket = stops_begun };
		atomic {
			stops_done >= ticket;
			PROPERTY(stop, !disk && cur == NOBODY && devst == S_DEAD)
		}
	:: !del
	fi;
	atomic { stopped++ }
}
