/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Probes for tracers (bpftrace, perf, gdb, systemtap): a nop each, and a note in the file that says
 * where it is and where its arguments are. Without <sys/sdt.h> at build there are none. Their names
 * and arguments do not change; docs/observability.md lists them.
 */
#ifndef LIBUBLK_PROBE_H
#define LIBUBLK_PROBE_H

#ifdef UBLK_HAVE_SDT
#include <sys/sdt.h>
#define UBLK_PROBE2(name, a, b)		DTRACE_PROBE2(libublk, name, a, b)
#define UBLK_PROBE4(name, a, b, c, d)	DTRACE_PROBE4(libublk, name, a, b, c, d)
#define UBLK_PROBE6(name, a, b, c, d, e, f) DTRACE_PROBE6(libublk, name, a, b, c, d, e, f)
#else
#define UBLK_PROBE2(name, a, b)		((void)0)
#define UBLK_PROBE4(name, a, b, c, d)	((void)0)
#define UBLK_PROBE6(name, a, b, c, d, e, f) ((void)0)
#endif

/* Steps of a takeover, second argument of takeover_step. */
enum ublk_takeover_step {
	UBLK_STEP_BEGIN,		/* it is ours, and without a server */
	UBLK_STEP_RECOVERY_STARTED,	/* START_USER_RECOVERY */
	UBLK_STEP_OPENED,		/* the character device: nobody else can attach */
	UBLK_STEP_FENCED,		/* nothing of the dead server is under way */
	UBLK_STEP_RECORDED,		/* the record names us */
	UBLK_STEP_LIVE,			/* END_USER_RECOVERY */
};

#endif /* LIBUBLK_PROBE_H */
