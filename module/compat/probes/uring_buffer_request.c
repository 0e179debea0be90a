// SPDX-License-Identifier: GPL-2.0-only
// since: 7.3.  The pages of a request as a registered buffer of the command's ring, new names.
// symbol: io_buffer_register_request
// symbol: io_buffer_unregister
#include "uring_api.h"

int probe(struct io_uring_cmd *cmd, struct request *rq, void (*release)(void *));
int probe(struct io_uring_cmd *cmd, struct request *rq, void (*release)(void *))
{
	return io_buffer_register_request(cmd, rq, release, 0, 0) ?:
	       io_buffer_unregister(cmd, 0, 0);
}
