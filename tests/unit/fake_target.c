// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The target of the unit tests. */
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fake_target.h"

struct fake_target *fake_target_new(void)
{
	struct fake_target *target = mmap(NULL, sizeof(*target), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (target == MAP_FAILED)
		abort();
	target->fence_fd = -1;
	return target;
}

void fake_target_free(struct fake_target *target)
{
	munmap(target, sizeof(*target));
}

static int open_it(struct ublk_device *dev, int recovering, void *user)
{
	struct fake_target *target = user;

	(void)dev;
	target->nr_open++;
	target->recovering = recovering;
	if (target->open_result)
		return ublk_set_error(target->open_result, "the backing is on the moon");
	return 0;
}

static void close_it(struct ublk_device *dev, void *user)
{
	(void)dev;
	((struct fake_target *)user)->nr_close++;
}

static int fence(struct ublk_device *dev, void *user)
{
	const struct fake_target *target = user;

	(void)dev;
	return target->fence_fd < 0 ? -EOPNOTSUPP : target->fence_fd;
}

static int open_queue(struct ublk_queue *q, void *user)
{
	(void)q;
	return ((struct fake_target *)user)->queue_open_result;
}

static void started(struct ublk_device *dev, void *user)
{
	(void)dev;
	((struct fake_target *)user)->nr_started++;
}

static int move(struct fake_target *target, struct ublk_io *io)
{
	unsigned char *at = target->data[ublk_io_offset(io) / FAKE_DATA % FAKE_REQUESTS];

	switch (ublk_io_op(io)) {
	case LIBUBLK_OP_READ:
		return ublk_io_copy_in(io, 0, at, FAKE_DATA);
	case LIBUBLK_OP_WRITE:
		return ublk_io_copy_out(io, 0, at, FAKE_DATA);
	case LIBUBLK_OP_FLUSH:
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int submit(struct ublk_io *io, void *user)
{
	struct fake_target *target = user;
	int r;

	target->nr_submit++;
	if (target->exits_thread)
		pthread_exit(NULL);
	if (target->submit_result)
		return target->submit_result;
	if (target->holds) {
		target->held[target->nr_held++] = io;
		return 0;
	}
	r = move(target, io);
	if (r < 0)
		return r;
	if (target->uses_sqes)
		return ublk_io_get_sqe(io, 0x12345678) ? 0 : -EAGAIN;
	ublk_io_complete(io, 0);
	return 0;
}

static void cqe(struct ublk_io *io, uint32_t cookie, const struct io_uring_cqe *c, void *user)
{
	struct fake_target *target = user;

	target->nr_cqe++;
	if (target->uses_sqes)
		ublk_io_complete(io, cookie == 0x12345678 ? c->res : -EBADMSG);
}

const struct ublk_target_ops fake_target_ops = {
	.size = UBLK_TARGET_OPS_SIZE, .name = "fake", .io_priv_size = 24,
	.submit = submit, .cqe = cqe, .open = open_it, .close = close_it, .fence = fence,
	.queue_open = open_queue, .started = started,
};

struct ublk_device_config fake_config(unsigned queues)
{
	struct ublk_device_config config = UBLK_DEVICE_CONFIG_INIT;

	config.capacity = 1 << 20;
	config.nr_queues = (uint16_t)queues;
	config.queue_depth = FAKE_DEPTH;
	config.max_io = 4096;
	config.recovery = LIBUBLK_RECOVERY_REISSUE;
	return config;
}

int fake_server_start(struct fake_server *server, struct ublk_device *dev)
{
	unsigned i;
	int r = 0;

	memset(server, 0, sizeof(*server));
	server->dev = dev;
	server->nr_queues = ublk_device_config_of(dev)->nr_queues;
	for (i = 0; i < server->nr_queues && !r; i++)
		r = ublk_queue_open(dev, i, &server->q[i]);
	if (!r)
		r = ublk_device_start_begin(dev);
	return r ? r : ublk_device_start_poll(dev);
}

int fake_server_step(struct fake_server *server)
{
	unsigned i;
	int r = 0;

	for (i = 0; i < server->nr_queues; i++)
		r = ublk_queue_step(server->q[i], 0);
	return r;
}

void fake_server_end(struct fake_server *server)
{
	unsigned i;

	for (i = 0; i < server->nr_queues; i++)
		ublk_queue_close(server->q[i]);
	ublk_device_free(server->dev);
}
