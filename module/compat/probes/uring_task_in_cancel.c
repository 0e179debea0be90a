// SPDX-License-Identifier: GPL-2.0-only
// since: 6.3.  "This task is cancelling all it has"; before, it has the
// name that uring_task_in_idle.c asks for.
#include "uring_api.h"

int probe(struct io_uring_task *tctx);
int probe(struct io_uring_task *tctx)
{
	return atomic_read(&tctx->in_cancel);
}
