// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* STOP and DEL against somebody who opens the node the moment that it is there. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "reg.h"

#define DEPTH		4

struct opener {
	pthread_t thread;
	char path[32];
	atomic_bool is_over;
	unsigned long opened, refused;
};

static unsigned char buffer[REG_BUF_BYTES];

/* What is fetched has to come back: the ring could not be closed otherwise. */
static void fetch_all(int fd)
{
	struct io_uring ring;
	unsigned int tag, left = DEPTH;
	int res;

	if (io_uring_queue_init(DEPTH, &ring, 0) < 0)
		raw_die(RAW_EXIT_FAIL, "ring");
	for (tag = 0; tag < DEPTH; tag++)
		reg_queue_io(&ring, fd, UBLK_U_IO_FETCH_REQ, tag, 0, buffer, 0);
	io_uring_submit(&ring);
	for (; left; left--) {
		res = reg_wait(&ring, &tag);
		if (res != -ENODEV)
			raw_die(RAW_EXIT_FAIL, "FETCH of tag %u: %d", tag, res);
	}
	io_uring_queue_exit(&ring);
}

static void *opener_main(void *arg)
{
	struct opener *o = arg;

	while (!atomic_load(&o->is_over)) {
		int fd = open(o->path, O_RDWR | O_CLOEXEC);

		if (fd < 0) {
			if (errno != ENOENT && errno != ENXIO && errno != ENODEV && errno != EBUSY)
				raw_die(RAW_EXIT_FAIL, "%s: %s", o->path, strerror(errno));
			o->refused++;
			continue;
		}
		o->opened++;
		fetch_all(fd);
		close(fd);
	}
	return NULL;
}

int reg_open_del(struct reg *reg)
{
	struct opener o = { .opened = 0 };
	unsigned int i;

	if (reg->info.dev_id == (uint32_t)-1)
		reg->info.dev_id = 0;
	snprintf(o.path, sizeof(o.path), "/dev/ublkc%u", reg->info.dev_id);
	if (pthread_create(&o.thread, NULL, opener_main, &o))
		raw_die(RAW_EXIT_FAIL, "no thread");
	for (i = 0; i < reg->rounds; i++) {
		reg_add(reg, DEPTH, i & 1 ? UBLK_F_USER_RECOVERY : 0, 16 << 20);
		usleep(reg_random(reg, 20000));
		if (i & 2)
			reg_stop(reg);
		reg_del(reg);
	}
	atomic_store(&o.is_over, true);
	pthread_join(o.thread, NULL);
	raw_say("rounds=%u opened=%lu refused=%lu", reg->rounds, o.opened, o.refused);
	return o.opened ? 0 : RAW_EXIT_FAIL;
}
