// SPDX-License-Identifier: GPL-2.0-only
// since: 6.16.  The ring a command came from, as an opaque pointer.
#include "uring_api.h"

void *probe(struct io_uring_cmd *cmd);
void *probe(struct io_uring_cmd *cmd)
{
	return io_uring_cmd_ctx_handle(cmd);
}
