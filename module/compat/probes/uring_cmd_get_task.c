// SPDX-License-Identifier: GPL-2.0-only
// since: 6.7.  The task a command belongs to; its place in struct io_kiocb
// moved in 6.13, so the accessor is used wherever there is one.
#include "uring_api.h"

struct task_struct *probe(struct io_uring_cmd *cmd);
struct task_struct *probe(struct io_uring_cmd *cmd)
{
	return io_uring_cmd_get_task(cmd);
}
