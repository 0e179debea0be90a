// SPDX-License-Identifier: GPL-2.0-only
// since: 6.7.  io_uring asks the driver to end the commands of a ring that goes
// away.  Before, nobody does: compat can only offer a way to look.
// symbol: io_uring_cmd_mark_cancelable
#include "uring_api.h"

int probe(struct io_uring_cmd *cmd, unsigned int issue_flags);
int probe(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
	return issue_flags & IO_URING_F_CANCEL;
}
