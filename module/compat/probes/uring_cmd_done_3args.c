// SPDX-License-Identifier: GPL-2.0-only
// since: 6.18.  The second result, for 32 byte CQEs, left io_uring_cmd_done().
#include "uring_api.h"

void probe(struct io_uring_cmd *cmd);
void probe(struct io_uring_cmd *cmd)
{
	io_uring_cmd_done(cmd, 0, 0);
}
