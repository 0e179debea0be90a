// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * The queue layer as an event loop of somebody else's would use it: two devices of two queues
 * each, all in the main thread, around one poll(). Every second request is completed by a helper
 * thread. Serves memory until both devices are stopped from outside.
 *
 *   ublk-one-thread copy|get-data|user-copy
 *
 * Says "live ID" for each device. Status 0: every request was completed once and no queue failed.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ublk.h>

#define DEVICES		2
#define QUEUES		2
#define CAPACITY	(16u << 20)

struct disk {
	struct ublk_device *dev;
	struct ublk_queue *q[QUEUES];
	unsigned nr_queues, nr_open;
	int is_starting;
	char *data;
};

static struct disk disks[DEVICES];
static int helper_pipe[2];		/* struct ublk_io * to be completed in the helper */

static void die(const char *what)
{
	fprintf(stderr, "ublk-one-thread: %s: %s\n", what, ublk_last_error());
	exit(1);
}

static int move(struct ublk_io *io, const struct disk *disk)
{
	char *at = disk->data + ublk_io_offset(io);

	switch (ublk_io_op(io)) {
	case LIBUBLK_OP_READ:
		return ublk_io_copy_in(io, 0, at, ublk_io_length(io));
	case LIBUBLK_OP_WRITE:
		return ublk_io_copy_out(io, 0, at, ublk_io_length(io));
	case LIBUBLK_OP_FLUSH:
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int submit(struct ublk_io *io, void *user)
{
	if (ublk_io_tag(io) % 2) {
		/* Smaller than PIPE_BUF: whole or not at all. */
		if (write(helper_pipe[1], &io, sizeof(io)) != (ssize_t)sizeof(io))
			return -EIO;
		return 0;
	}
	ublk_io_complete(io, move(io, user));
	return 0;
}

static void *helper(void *arg)
{
	struct ublk_io *io;

	(void)arg;
	while (read(helper_pipe[0], &io, sizeof(io)) == (ssize_t)sizeof(io))
		ublk_io_complete_mt(io, move(io, ublk_device_user(ublk_queue_device(
							ublk_io_queue(io)))));
	return NULL;
}

static const struct ublk_target_ops ops = {
	.size = UBLK_TARGET_OPS_SIZE, .name = "one-thread", .submit = submit,
};

static void add(struct ublk_ctl *ctl, struct disk *disk, uint32_t mode)
{
	struct ublk_device_config config = UBLK_DEVICE_CONFIG_INIT;
	unsigned i;

	config.capacity = CAPACITY;
	config.nr_queues = QUEUES;
	config.queue_depth = 16;
	config.data_mode = mode;
	config.attrs = LIBUBLK_ATTR_VOLATILE_CACHE;
	disk->data = calloc(1, CAPACITY);
	if (!disk->data || ublk_device_create(ctl, &config, &ops, disk, &disk->dev) < 0)
		die("create");
	disk->nr_queues = ublk_device_config_of(disk->dev)->nr_queues;
	for (i = 0; i < disk->nr_queues; i++) {
		if (ublk_queue_open(disk->dev, i, &disk->q[i]) < 0)
			die("queue");
		disk->nr_open++;
	}
	if (ublk_device_start_begin(disk->dev) < 0)
		die("start");
	disk->is_starting = 1;
}

static void poll_start(struct disk *disk)
{
	int r;

	if (!disk->is_starting)
		return;
	r = ublk_device_start_poll(disk->dev);
	if (r == -EAGAIN)
		return;
	if (r < 0)
		die("start");
	disk->is_starting = 0;
	printf("live %d\n", ublk_device_id(disk->dev));
	fflush(stdout);
}

static int check_stats(const struct ublk_queue *q)
{
	struct ublk_queue_stats s = { .size = sizeof(s) };

	if (ublk_queue_get_stats(q, &s) < 0)
		die("stats");
	fprintf(stderr, "queue: %llu delivered, %llu completed, %llu failed\n",
		(unsigned long long)s.delivered, (unsigned long long)s.completed,
		(unsigned long long)s.failed);
	return s.delivered == s.completed && !s.double_completions && !s.bad_results;
}

static void step(struct disk *disk, unsigned i)
{
	int r = ublk_queue_step(disk->q[i], 0);

	if (r >= 0)
		return;
	if (r != -ENODEV)
		die("step");
	if (!check_stats(disk->q[i])) {
		fprintf(stderr, "ublk-one-thread: requests were lost or completed twice\n");
		exit(1);
	}
	ublk_queue_close(disk->q[i]);
	disk->q[i] = NULL;
	disk->nr_open--;
}

static unsigned collect(struct pollfd *fds)
{
	unsigned n = 0, d, i;

	for (d = 0; d < DEVICES; d++) {
		if (disks[d].is_starting)
			fds[n++].fd = ublk_device_start_fd(disks[d].dev);
		for (i = 0; i < disks[d].nr_queues; i++) {
			if (disks[d].q[i])
				fds[n++].fd = ublk_queue_fd(disks[d].q[i]);
		}
	}
	for (d = 0; d < n; d++)
		fds[d].events = POLLIN;
	return n;
}

static void serve(void)
{
	struct pollfd fds[DEVICES * (QUEUES + 1)];
	unsigned n, d, i;

	while ((n = collect(fds))) {
		/* No time limit: a descriptor that is not readable when it should be hangs us. */
		if (poll(fds, n, -1) < 0 && errno != EINTR)
			die("poll");
		for (d = 0; d < DEVICES; d++) {
			poll_start(&disks[d]);
			for (i = 0; i < disks[d].nr_queues; i++) {
				if (disks[d].q[i])
					step(&disks[d], i);
			}
		}
	}
}

static uint32_t mode_of(const char *name)
{
	if (!strcmp(name, "get-data"))
		return LIBUBLK_DATA_GET_DATA;
	return strcmp(name, "user-copy") ? LIBUBLK_DATA_COPY : LIBUBLK_DATA_USER_COPY;
}

int main(int argc, char **argv)
{
	struct ublk_ctl *ctl;
	pthread_t thread;
	unsigned d;

	if (argc != 2 || pipe(helper_pipe) < 0)
		return 2;
	if (ublk_ctl_open(&ctl) < 0)
		die("control node");
	if (pthread_create(&thread, NULL, helper, NULL))
		return 1;
	for (d = 0; d < DEVICES; d++)
		add(ctl, &disks[d], mode_of(argv[1]));
	serve();
	close(helper_pipe[1]);
	pthread_join(thread, NULL);
	for (d = 0; d < DEVICES; d++) {
		ublk_device_free(disks[d].dev);
		free(disks[d].data);
	}
	ublk_ctl_close(ctl);
	return 0;
}
