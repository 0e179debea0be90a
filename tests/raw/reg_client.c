// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A client of the disk whose last reference to it is that of a read under way. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reg.h"

/* Prints CLOSED when the read is under way and nothing else holds the file, then waits for it. */
int reg_last_close(struct reg *reg)
{
	unsigned char *buf = aligned_alloc(4096, 4096);
	struct iocb cb = { .aio_lio_opcode = IOCB_CMD_PREAD, .aio_nbytes = 4096 };
	struct iocb *list[] = { &cb };
	struct io_event event;
	aio_context_t ctx = 0;
	int fd = raw_block_open(reg->info.dev_id, O_RDONLY | O_DIRECT, 10000);

	if (fd < 0 || !buf)
		raw_die(RAW_EXIT_FAIL, "ublkb%u: %s", reg->info.dev_id, strerror(-fd));
	cb.aio_fildes = fd;
	cb.aio_buf = (uintptr_t)buf;
	if (syscall(__NR_io_setup, 1, &ctx) < 0 || syscall(__NR_io_submit, ctx, 1, list) != 1)
		raw_die(RAW_EXIT_FAIL, "aio: %s", strerror(errno));
	close(fd);
	raw_say("CLOSED");
	while (syscall(__NR_io_getevents, ctx, 1, 1, &event, NULL) != 1)
		if (errno != EINTR)
			raw_die(RAW_EXIT_FAIL, "aio: %s", strerror(errno));
	raw_say("READ res=%lld", (long long)event.res);
	return event.res == 4096 ? 0 : RAW_EXIT_FAIL;
}
