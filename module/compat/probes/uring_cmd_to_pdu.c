// SPDX-License-Identifier: GPL-2.0-only
// since: 6.10.  Typed, size checked access to the driver's bytes in a command.
#include "uring_api.h"

struct probe {
	void *p;
};

struct probe *probe(struct io_uring_cmd *cmd);
struct probe *probe(struct io_uring_cmd *cmd)
{
	return io_uring_cmd_to_pdu(cmd, struct probe);
}
