// SPDX-License-Identifier: GPL-2.0-only
// since: 6.5.  The command points to its SQE; before, only to the payload.
#include "uring_api.h"

const void *probe(struct io_uring_cmd *cmd);
const void *probe(struct io_uring_cmd *cmd)
{
	return cmd->sqe->cmd;
}
