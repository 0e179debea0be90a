/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * ublk.pml - the slot ownership and crash protocol: all of it, and what must hold at the end
 *
 * docs/model.md says what is modelled, how to run it and how to read a counterexample. The file
 * names are those of the module's rooms.
 */
#include "state.pml"
#include "request.pml"
#include "server.pml"
#include "abort.pml"
#include "stop.pml"
#include "monitor.pml"
#include "control.pml"
#include "rest.pml"

init {
	atomic {
		POLICY_IS_THAT_OF_C;
		run Tag(0);
		run Thread(0, 0);
		run Reaper(0);
#if NREC == 2
		run Thread(1, 0);
		run Reaper(1);
#endif
#if NSL == 2
		run Tag(1);
		run Thread(0, 1);
#if NREC == 2
		run Thread(1, 1);
#endif
#endif
		run Monitor();
		run Starter();
#if NOPEN > 1 && REC != R_OFF
		run Ender();
#endif
#if NKILL + NTHREAD
		run Killer();
#endif
#if HAS_KIND(USER)
		run Copier(0, 0);
		run Copier(1, 0);
#endif
#if HAS_KIND(REG)
		run Holder(0);
#endif
#if NQUIESCE
		run Quiescer();
#endif
#if NSTOP || REC == R_OFF
		run StopWork();
		run AbortWork();
#endif
#if NSTOP
		run Stopper(DEL);
#endif
#if NSTOP > 1
		run Stopper(0);
#endif
		run Rest()
	}
}
