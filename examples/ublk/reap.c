// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Which devices and records nobody needs any more, judged from facts alone. */
#include "reap.h"

#include <errno.h>
#include <stdio.h>
#include <ublk.h>

static enum reap_verdict judge_record(const struct reap_facts *facts, char ret[256])
{
	if (facts->has_record) {
		snprintf(ret, 256, "there is a record, but no such device");
		return REAP_REMOVE;
	}
	/* somebody should look at that first */
	snprintf(ret, 256, "there is no such device, and a record that cannot be believed or read");
	return REAP_LEAVE;
}

static void describe(const struct reap_facts *facts, char ret[256])
{
	char server[64] = "has no server";

	if (facts->server_pid > 0)
		snprintf(server, sizeof(server), "has lost its server, process %d",
			 facts->server_pid);
	snprintf(ret, 256, "is %s, %s, and %s%s", ublk_state_name(facts->state), server,
		 facts->has_record ? "can be recovered" : "has no record",
		 facts->state == LIBUBLK_STATE_DEAD && facts->has_record ?
		 " (there is no disk any more)" : "");
}

enum reap_verdict reap_judge(const struct reap_facts *facts, char ret[256])
{
	if (!facts->has_device)
		return judge_record(facts, ret);
	if (facts->is_server_alive) {
		snprintf(ret, 256, "is served by process %d", facts->server_pid);
		return REAP_LEAVE;
	}
	if (facts->supervisor[0]) {
		snprintf(ret, 256, "is supervised by %.150s, which gives it a new server",
			 facts->supervisor);
		return REAP_LEAVE;
	}
	describe(facts, ret);
	return facts->usage[0] ? REAP_IN_USE : REAP_REMOVE;
}
