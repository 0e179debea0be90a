// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Two COMMITs of one slot at once, both waiting for the same page of the server's buffer. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reg.h"

#define BLOCK		4096
/* for the second COMMIT to get where the first one is; nothing depends on it */
#define SECOND_MS	200

struct scene {
	struct reg *reg;
	struct reg_uffd uffd;
	pthread_t server, pager, reader;
	atomic_bool is_live, is_over;
	unsigned int refused, more;
};

static void *pager_main(void *arg)
{
	struct scene *s = arg;

	if (!reg_uffd_wanted(&s->uffd))
		raw_die(RAW_EXIT_FAIL, "no COMMIT touched the page");
	usleep(SECOND_MS * 1000);
	reg_uffd_serve(&s->uffd);
	return NULL;
}

static void *server_main(void *arg)
{
	struct scene *s = arg;
	struct io_uring ring;
	unsigned int tag, given = 0;
	int res, i;

	if (io_uring_queue_init(16, &ring, 0) < 0)
		raw_die(RAW_EXIT_FAIL, "ring");
	reg_queue_io(&ring, s->reg->cfd, UBLK_U_IO_FETCH_REQ, 0, 0, s->uffd.area, 0);
	io_uring_submit(&ring);
	while (reg_wait_some(&ring, REG_PATIENCE_MS, &tag, &res)) {
		if (res == UBLK_IO_RES_ABORT)
			break;
		if (res != UBLK_IO_RES_OK) {
			if (res != -EBUSY && res != -EINVAL)
				raw_die(RAW_EXIT_FAIL, "a COMMIT ended with %d", res);
			s->refused++;
			continue;
		}
		given++;
		/* the first request is answered twice, all others once */
		for (i = 0; i < (given == 1 ? 2 : 1); i++)
			reg_queue_io(&ring, s->reg->cfd, UBLK_U_IO_COMMIT_AND_FETCH_REQ, 0,
				     REG_BUF_BYTES, s->uffd.area, IOSQE_ASYNC);
		io_uring_submit(&ring);
	}
	s->more = given;
	io_uring_queue_exit(&ring);
	return NULL;
}

/* Each block is the page's pattern, or a COMMIT was lost, or counted twice. */
static void read_blocks(struct scene *s)
{
	int fd = raw_block_open(s->reg->info.dev_id, O_RDONLY | O_DIRECT, 10000);
	unsigned char *buf = aligned_alloc(BLOCK, BLOCK);
	int i;

	if (fd < 0 || !buf)
		raw_die(RAW_EXIT_FAIL, "the disk: %s", strerror(-fd));
	for (i = 0; i < 8; i++)
		if (pread(fd, buf, BLOCK, (off_t)i * REG_BUF_BYTES) != BLOCK ||
		    memcmp(buf, s->uffd.pattern, BLOCK))
			raw_die(RAW_EXIT_FAIL, "block %d is not what was committed", i);
	close(fd);
	free(buf);
}

int reg_async_commits(struct reg *reg)
{
	static struct scene s;
	int res;

	s.reg = reg;
	reg_uffd_hide(&s.uffd, REG_BUF_BYTES);
	memset(s.uffd.pattern, 0x5a, BLOCK);
	reg_add(reg, 1, UBLK_F_NO_AUTO_PART_SCAN, 1 << 20);
	reg_open(reg);
	if (pthread_create(&s.pager, NULL, pager_main, &s) ||
	    pthread_create(&s.server, NULL, server_main, &s))
		raw_die(RAW_EXIT_FAIL, "no thread");
	res = reg_start(reg, REG_PATIENCE_MS);
	if (res < 0)
		raw_die(RAW_EXIT_FAIL, "START: %s", raw_errno_name(res));
	read_blocks(&s);
	reg_stop(reg);
	pthread_join(s.server, NULL);
	pthread_join(s.pager, NULL);
	reg_close(reg);
	reg_del(reg);
	raw_say("requests=%u refused=%u", s.more, s.refused);
	if (s.refused != 1)
		raw_die(RAW_EXIT_FAIL, "%u of two COMMITs were refused, not one", s.refused);
	return 0;
}
