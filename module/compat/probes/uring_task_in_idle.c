// SPDX-License-Identifier: GPL-2.0-only
// since: 6.0, until 6.2.  "This task is cancelling all it has"; 6.3 gave the
// member the name that uring_task_in_cancel.c asks for.
#include "uring_api.h"

int probe(struct io_uring_task *tctx);
int probe(struct io_uring_task *tctx)
{
	return atomic_read(&tctx->in_idle);
}
