/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * state_table.h - device states, session phases and recovery policy, as tables
 *
 * No kernel includes: the unit tests compile the same tables as the module. The device states'
 * numbers are those of the interface (dev_info.state).
 */
#ifndef UBLK_STATE_TABLE_H
#define UBLK_STATE_TABLE_H

enum ublk_state {
	UBLK_STATE_DEAD = 0,
	UBLK_STATE_LIVE = 1,
	UBLK_STATE_QUIESCED = 2,
	UBLK_STATE_FAIL_IO = 3,
	UBLK_NR_STATES
};

#define UBLK_STATE_BIT(state)	(1u << UBLK_STATE_##state)

/* Indexed by the state that is left. */
static const unsigned int ublk_state_edges[UBLK_NR_STATES] = {
	/* START */
	[UBLK_STATE_DEAD] = UBLK_STATE_BIT(LIVE),
	/* STOP; the server is gone or asked to hand over, by policy */
	[UBLK_STATE_LIVE] = UBLK_STATE_BIT(DEAD) | UBLK_STATE_BIT(QUIESCED) |
			    UBLK_STATE_BIT(FAIL_IO),
	/* END_USER_RECOVERY; STOP */
	[UBLK_STATE_QUIESCED] = UBLK_STATE_BIT(LIVE) | UBLK_STATE_BIT(DEAD),
	[UBLK_STATE_FAIL_IO] = UBLK_STATE_BIT(LIVE) | UBLK_STATE_BIT(DEAD),
};

static inline int ublk_state_edge_is_legal(unsigned int from, unsigned int to)
{
	return from < UBLK_NR_STATES && to < UBLK_NR_STATES && (ublk_state_edges[from] >> to & 1);
}

static inline const char *ublk_state_name(unsigned int state)
{
	static const char *const names[UBLK_NR_STATES] = {
		[UBLK_STATE_DEAD] = "DEAD",
		[UBLK_STATE_LIVE] = "LIVE",
		[UBLK_STATE_QUIESCED] = "QUIESCED",
		[UBLK_STATE_FAIL_IO] = "FAIL_IO",
	};

	return state < UBLK_NR_STATES ? names[state] : "?";
}

/* One server's tenure. A phase only ever rises. */
enum ublk_phase {
	UBLK_PHASE_NONE,	/* not yet current; only seen in traces, as "from" */
	UBLK_PHASE_BRINGUP,	/* opened, fetching */
	UBLK_PHASE_LIVE,	/* serves */
	UBLK_PHASE_CLOSING,	/* monitor or STOP takes its slots away */
	UBLK_PHASE_RETIRED,	/* whatever still refers to it gets -ENODEV */
	UBLK_NR_PHASES
};

static inline const char *ublk_phase_name(unsigned int phase)
{
	static const char *const names[UBLK_NR_PHASES] = {
		[UBLK_PHASE_NONE] = "NONE",
		[UBLK_PHASE_BRINGUP] = "BRINGUP",
		[UBLK_PHASE_LIVE] = "LIVE",
		[UBLK_PHASE_CLOSING] = "CLOSING",
		[UBLK_PHASE_RETIRED] = "RETIRED",
	};

	return phase < UBLK_NR_PHASES ? names[phase] : "?";
}

enum ublk_recovery {
	UBLK_RECOVERY_OFF,
	UBLK_RECOVERY_PLAIN,
	UBLK_RECOVERY_REISSUE,
	UBLK_RECOVERY_FAIL_IO,
	UBLK_NR_RECOVERY
};

/*
 * The four questions about a device whose server is gone: does it wait for another server, and
 * is a request parked (kept for that server) or failed, depending on how far it had come?
 */
struct ublk_policy {
	enum ublk_state after;		/* state once the session is retired */
	unsigned char park_served;	/* the server had it (SERVER, GETDATA) */
	unsigned char park_queued;	/* on its way to the server (QUEUED, HANDING) */
	unsigned char park_fresh;	/* arrives while there is no server */
};

static const struct ublk_policy ublk_policies[UBLK_NR_RECOVERY] = {
	[UBLK_RECOVERY_OFF] = { UBLK_STATE_DEAD, 0, 0, 0 },
	[UBLK_RECOVERY_PLAIN] = { UBLK_STATE_QUIESCED, 0, 1, 1 },
	[UBLK_RECOVERY_REISSUE] = { UBLK_STATE_QUIESCED, 1, 1, 1 },
	[UBLK_RECOVERY_FAIL_IO] = { UBLK_STATE_FAIL_IO, 0, 0, 0 },
};

#endif /* UBLK_STATE_TABLE_H */
