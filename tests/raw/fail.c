// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Which step of a raw server's life is to meet a fault. */
#include <string.h>

#include "fault.h"
#include "server.h"

static const char *const steps[] = {
	"add", "params", "open", "fetch", "live", "start-recovery",
};

bool fail_parse(struct options *opt, char *text)
{
	char *colon = strchr(text, ':');
	size_t i;

	if (!colon)
		return false;
	*colon = '\0';
	opt->fail_at = text;
	opt->fail_nth = raw_number(colon + 1, "--fail-nth");
	for (i = 0; i < raw_array_size(steps); i++)
		if (!strcmp(steps[i], text))
			return true;
	return false;
}

static bool is_step(struct server *srv, const char *step)
{
	return srv->opt.fail_at && !strcmp(srv->opt.fail_at, step);
}

bool fail_begin(struct server *srv, const char *step, struct fault *fault)
{
	if (!is_step(srv, step))
		return false;
	fault_arm(fault, srv->opt.fail_nth);
	return true;
}

void fail_end(struct server *srv, const char *step, struct fault *fault)
{
	srv->ctrl.failed_nth = fault_disarm(fault);
	fail_say(srv, step);
}

void fail_next_command(struct server *srv, const char *step)
{
	if (is_step(srv, step))
		srv->ctrl.fail_nth = srv->opt.fail_nth;
}

void fail_say(struct server *srv, const char *step)
{
	if (is_step(srv, step))
		raw_say("FAULT %s hit=%d", step, srv->ctrl.failed_nth);
}
