// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* ublk wait, quiesce and resize: one state or size to get to. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "device_report.h"
#include "size.h"

#define WAIT_TIMEOUT_S 60

static int state_parse(const char *text)
{
	static const int states[] = {
		LIBUBLK_STATE_DEAD, LIBUBLK_STATE_LIVE, LIBUBLK_STATE_QUIESCED,
		LIBUBLK_STATE_FAIL_IO, LIBUBLK_STATE_GONE,
	};
	char name[16];
	size_t i;

	for (i = 0; i < sizeof(name) - 1 && text[i]; i++)
		name[i] = text[i] == '-' ? '_' : (char)toupper((unsigned char)text[i]);
	name[i] = '\0';
	for (i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (!strcmp(ublk_state_name(states[i]), name))
			return states[i];
	return -EINVAL;
}

/* All verbs here: an id and, if @operands is 2, one more word. */
static int begin(struct command_call *call, int operands, int *ret_id)
{
	int status = command_id(call, 0, ret_id);

	if (status != STATUS_OK)
		return status;
	if (call->argc != operands)
		return command_fail_status(call, STATUS_USAGE, -EINVAL, "usage: ublk %s %s",
					   call->command->verb, call->command->operands);
	return command_connect(call);
}

static int report_gone(struct command_call *call, int id)
{
	printf(call->is_json ? "{ \"id\": %d, \"state\": \"GONE\" }\n" : "ublk %d is GONE\n", id);
	return STATUS_OK;
}

int verb_wait(struct command_call *call)
{
	int status, id, state, r;

	if (call->argc != 2)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "usage: ublk wait ID STATE");
	state = state_parse(call->argv[1]);
	/* GONE is -1 and legal; -EINVAL is not */
	if (state == -EINVAL)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "\"%s\" is no state: dead, live, quiesced, fail-io or "
					   "gone",
					   call->argv[1]);
	status = begin(call, 2, &id);
	if (status != STATUS_OK)
		return status;
	r = ublk_device_wait_state(call->ctl, id, state, command_timeout_ms(call, WAIT_TIMEOUT_S));
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	return state == LIBUBLK_STATE_GONE ? report_gone(call, id) : device_report(call, id);
}

int verb_quiesce(struct command_call *call)
{
	int status, id, r;

	status = begin(call, 1, &id);
	if (status != STATUS_OK)
		return status;
	r = ublk_device_quiesce(call->ctl, id, command_timeout_ms(call, WAIT_TIMEOUT_S));
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	return device_report(call, id);
}

int verb_resize(struct command_call *call)
{
	uint64_t size;
	int status, id, r;

	status = begin(call, 2, &id);
	if (status != STATUS_OK)
		return status;
	if (size_parse(call->argv[1], &size) < 0 || !size)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "\"%s\" is no size such as 10G or 1073741824",
					   call->argv[1]);
	r = ublk_device_resize(call->ctl, id, size);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	return device_report(call, id);
}
