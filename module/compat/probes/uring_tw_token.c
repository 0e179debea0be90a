// SPDX-License-Identifier: GPL-2.0-only
// since: 6.19.  Task work of commands has the type of all other task work of
// io_uring; before, it gets the command and the issue flags.
#include "uring_api.h"

static void probe_tw(struct io_tw_req tw_req, io_tw_token_t tw)
{
	struct io_uring_cmd *cmd = io_uring_cmd_from_tw(tw_req);

	if (!tw.cancel)
		cmd->flags = IO_URING_CMD_TASK_WORK_ISSUE_FLAGS;
}

void probe(struct io_uring_cmd *cmd);
void probe(struct io_uring_cmd *cmd)
{
	io_uring_cmd_complete_in_task(cmd, probe_tw);
}
