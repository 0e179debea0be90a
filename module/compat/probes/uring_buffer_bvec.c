// SPDX-License-Identifier: GPL-2.0-only
// since: 6.15, until 7.2.  The same under its first names; 7.3 gave one of them another meaning.
// symbol: io_buffer_register_bvec
// symbol: io_buffer_unregister_bvec
#include "uring_api.h"

int probe(struct io_uring_cmd *cmd, struct request *rq, void (*release)(void *));
int probe(struct io_uring_cmd *cmd, struct request *rq, void (*release)(void *))
{
	return io_buffer_register_bvec(cmd, rq, release, 0, 0) ?:
	       io_buffer_unregister_bvec(cmd, 0, 0);
}
