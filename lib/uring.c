/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Queues on io_uring: one ring per queue, used by its thread alone.
 *
 * user_data tells what a completion belongs to: three bits of kind, 16 of tag, 32 of the target's
 * cookie. The wake-up of a sleeping ring is a poll on an eventfd that is armed again each time.
 */
#include <dirent.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "point.h"

enum kind { KIND_COMMAND, KIND_IO, KIND_QUEUE, KIND_WAKE, KIND_BUFFER };

#define KIND_SHIFT	61
#define TAG_SHIFT	32
#define MOST_ENTRIES	32768u
#define SPARE_ENTRIES	16u		/* the wake-up, and a target's SQEs of the queue */

struct ring_queue {
	struct io_uring ring;
	void *descs;			/* the driver's pages, read only */
	size_t descs_size;
	unsigned desc_size;
	int event_fd;			/* told of what comes; -1: nobody asked for a descriptor */
};

static uint64_t user_data(enum kind kind, unsigned tag, uint32_t cookie)
{
	return (uint64_t)kind << KIND_SHIFT | (uint64_t)tag << TAG_SHIFT | cookie;
}

/* A free SQE, zeroed; submits what is there if the ring is full. */
static struct io_uring_sqe *get_sqe(struct ring_queue *rq)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&rq->ring);

	if (!sqe && io_uring_submit(&rq->ring) > 0)
		sqe = io_uring_get_sqe(&rq->ring);
	if (sqe)
		memset(sqe, 0, sizeof(*sqe));
	return sqe;
}

static int arm_wake(struct ublk_queue *q)
{
	struct io_uring_sqe *sqe = get_sqe(q->t);

	if (!sqe)
		return -EAGAIN;
	io_uring_prep_poll_add(sqe, q->wake_fd, POLLIN);
	sqe->user_data = user_data(KIND_WAKE, 0, 0);
	return 0;
}

/*
 * One issuer and work only when we ask for it, where the kernel has that (6.1): a request then
 * costs no interruption of the thread. Older kernels get what they know.
 */
static int make_ring(struct io_uring *ring, unsigned entries)
{
	static const unsigned ways[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_COOP_TASKRUN,
		0,
	};
	int r = -EINVAL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways) && r == -EINVAL; i++) {
		struct io_uring_params params = {
			.flags = ways[i] | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
			.cq_entries = 2 * entries,
		};

		r = io_uring_queue_init_params(entries, ring, &params);
	}
	return r < 0 ? ublk_uring_setup_error(r) : 0;
}

static int map_descs(struct ublk_queue *q, struct ring_queue *rq)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), stride;

	rq->desc_size = q->dev->desc_size ? q->dev->desc_size : sizeof(struct ublksrv_io_desc);
	if (rq->desc_size < sizeof(struct ublksrv_io_desc))
		return ublk_set_error(EPROTO, "device %d: the driver's descriptors have %u bytes, "
				      "at least %zu expected", q->dev->id, rq->desc_size,
				      sizeof(struct ublksrv_io_desc));
	rq->descs_size = ((size_t)q->depth * rq->desc_size + page - 1) & ~(page - 1);
	stride = ((size_t)UBLK_MAX_QUEUE_DEPTH * rq->desc_size + page - 1) & ~(page - 1);
	rq->descs = mmap(NULL, rq->descs_size, PROT_READ, MAP_SHARED | MAP_POPULATE,
			 q->dev->chr_fd, (off_t)(UBLKSRV_CMD_BUF_OFFSET + q->index * stride));
	if (rq->descs == MAP_FAILED) {
		rq->descs = NULL;
		return ublk_set_error(errno, "device %d, queue %u: descriptors: %s", q->dev->id,
				      q->index, strerror(errno));
	}
	return 0;
}

static void queue_exit(struct ublk_queue *q)
{
	struct ring_queue *rq = q->t;

	io_uring_queue_exit(&rq->ring);
	if (rq->event_fd >= 0)
		close(rq->event_fd);
	if (rq->descs)
		munmap(rq->descs, rq->descs_size);
	free(rq);
	q->t = NULL;
}

/* Where the pages of requests are registered: an entry for each tag. */
static int make_table(const struct ublk_queue *q, struct ring_queue *rq)
{
	int r;

	if (!ublk_data_mode_is_registered(q->dev->config.data_mode))
		return 0;
	r = io_uring_register_buffers_sparse(&rq->ring, q->depth);
	if (r < 0)
		return ublk_set_error(r, "queue %u: no table for %u registered buffers: %s; data "
				      "mode copy needs none", q->index, q->depth, strerror(-r));
	return 0;
}

static int queue_init(struct ublk_queue *q)
{
	unsigned entries = 2 * q->depth + SPARE_ENTRIES;
	struct ring_queue *rq = calloc(1, sizeof(*rq));
	int r;

	if (!rq)
		return ublk_set_error(ENOMEM, "out of memory");
	rq->event_fd = -1;
	r = make_ring(&rq->ring, entries < MOST_ENTRIES ? entries : MOST_ENTRIES);
	if (r < 0) {
		free(rq);
		return r;
	}
	q->t = rq;
	r = map_descs(q, rq);
	if (!r)
		r = make_table(q, rq);
	if (!r)
		r = arm_wake(q);
	if (r < 0)
		queue_exit(q);
	return r;
}

/*
 * The ring's own descriptor does not do: with DEFER_TASKRUN a request is work that waits for this
 * thread, and 7.2 tells nobody who polls the ring of it. It does tell an eventfd, as all kernels.
 */
static int queue_fd(const struct ublk_queue *q)
{
	struct ring_queue *rq = q->t;
	int fd;

	if (rq->event_fd >= 0)
		return rq->event_fd;
	fd = ublk_event_create();
	if (fd < 0)
		return rq->ring.ring_fd;
	if (io_uring_register_eventfd(&rq->ring, fd) < 0) {
		close(fd);
		return rq->ring.ring_fd;
	}
	ublk_event_set(fd);	/* of what there is already, it would not be told */
	rq->event_fd = fd;
	return fd;
}

static struct io_uring *queue_ring(struct ublk_queue *q)
{
	return &((struct ring_queue *)q->t)->ring;
}

static const struct ublksrv_io_desc *queue_desc(const struct ublk_queue *q, unsigned tag)
{
	const struct ring_queue *rq = q->t;

	return (const void *)((const char *)rq->descs + (size_t)tag * rq->desc_size);
}

/* What FETCH and COMMIT say beside their payload: where to register the slot's next request. */
static uint64_t auto_word(const struct ublk_queue *q, unsigned tag, uint32_t op)
{
	const struct ublk_auto_buf_reg reg = {
		.index = (uint16_t)tag, .flags = UBLK_AUTO_BUF_REG_FALLBACK,
	};

	if (q->bufs || q->dev->config.data_mode != LIBUBLK_DATA_AUTO_REGISTERED ||
	    (op != UBLK_U_IO_FETCH_REQ && op != UBLK_U_IO_COMMIT_AND_FETCH_REQ))
		return 0;
	return ublk_auto_buf_reg_to_sqe_addr(&reg);
}

static int queue_command(struct ublk_queue *q, unsigned tag, uint32_t op, int32_t result,
			 uint64_t addr)
{
	struct ublksrv_io_cmd payload = {
		.q_id = (uint16_t)q->index, .tag = (uint16_t)tag, .result = result, .addr = addr,
	};
	struct io_uring_sqe *sqe = get_sqe(q->t);

	if (!sqe)
		return -EAGAIN;
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = q->dev->chr_fd;
	sqe->cmd_op = op;
	sqe->user_data = user_data(KIND_COMMAND, tag, 0);
	sqe->addr = auto_word(q, tag, op);
	memcpy(sqe->cmd, &payload, sizeof(payload));
	if (op == UBLK_U_IO_REGISTER_IO_BUF || op == UBLK_U_IO_UNREGISTER_IO_BUF)
		sqe->user_data = user_data(KIND_BUFFER, tag, op);
	if (op == UBLK_U_IO_UNREGISTER_IO_BUF)
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	return 0;
}

static struct io_uring_sqe *queue_sqe(struct ublk_queue *q, struct ublk_io *io, uint32_t cookie)
{
	struct io_uring_sqe *sqe = get_sqe(q->t);

	if (sqe)
		sqe->user_data = io ? user_data(KIND_IO, io->tag, cookie) :
				      user_data(KIND_QUEUE, 0, cookie);
	return sqe;
}

/* What is no failure of the ring: a signal, or a full completion queue that we are to empty. */
static int tolerate(int r)
{
	return r == -EINTR || r == -ETIME || r == -EBUSY || r == -EAGAIN ? 0 : r;
}

static int queue_submit(struct ublk_queue *q)
{
	struct io_uring *ring = queue_ring(q);

	return io_uring_sq_ready(ring) ? tolerate(io_uring_submit(ring)) : 0;
}

static int queue_reserve(struct ublk_queue *q, unsigned count)
{
	struct io_uring *ring = queue_ring(q);
	int r;

	if (io_uring_sq_space_left(ring) >= count)
		return 0;
	r = io_uring_submit(ring);
	if (r < 0)
		return r;
	return io_uring_sq_space_left(ring) >= count ? 0 : -ENOSPC;
}

static int handle(struct ublk_queue *q, const struct io_uring_cqe *cqe)
{
	unsigned tag = (unsigned)(cqe->user_data >> TAG_SHIFT) & 0xffff;
	uint32_t cookie = (uint32_t)cqe->user_data;

	switch ((enum kind)(cqe->user_data >> KIND_SHIFT)) {
	case KIND_COMMAND:
		ublk_queue_on_command(q, tag, cqe->res);
		break;
	case KIND_IO:
		if (tag < q->depth)
			ublk_queue_on_io_sqe(q, tag, cookie, cqe);
		break;
	case KIND_BUFFER:
		ublk_queue_on_buffer(q, tag, cookie, cqe->res);
		break;
	case KIND_QUEUE:
		ublk_queue_on_sqe(q, cookie, cqe);
		break;
	case KIND_WAKE:
		ublk_event_clear(q->wake_fd);
		return arm_wake(q);
	}
	return 0;
}

static int wait_in_ring(struct io_uring *ring, int timeout_ms)
{
	struct __kernel_timespec ts = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000LL,
	};
	struct io_uring_cqe *cqe;

	if (io_uring_cq_ready(ring) || !timeout_ms)
		return io_uring_submit_and_get_events(ring);
	if (timeout_ms < 0)
		return io_uring_submit_and_wait(ring, 1);
	return io_uring_submit_and_wait_timeout(ring, &cqe, 1, &ts, NULL);
}

/* One is there: io_uring_peek_cqe() would ask the kernel for what it does not find. */
static struct io_uring_cqe *first_cqe(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	unsigned head;

	io_uring_for_each_cqe(ring, head, cqe)
		return cqe;
	return NULL;
}

static int queue_wait(struct ublk_queue *q, int timeout_ms)
{
	struct io_uring *ring = queue_ring(q);
	int event_fd = ((struct ring_queue *)q->t)->event_fd;
	unsigned n = 0, most;
	int r;

	if (event_fd >= 0)
		ublk_event_clear(event_fd);
	r = tolerate(wait_in_ring(ring, timeout_ms));
	UBLK_POINT(AFTER_SUBMIT);
	if (r < 0)
		return r;
	/* Not more than were there: what callbacks cause is for the next step. */
	for (most = io_uring_cq_ready(ring); n < most; n++) {
		struct io_uring_cqe *in_ring = first_cqe(ring), cqe;

		if (!in_ring)
			break;
		/* Callbacks may submit, so the slot goes back before they run. */
		cqe = *in_ring;
		io_uring_cq_advance(ring, 1);
		r = handle(q, &cqe);
		if (r < 0)
			return r;
	}
	/* io_uring does some of its work at a time, and tells of the rest only once */
	if (n && event_fd >= 0)
		ublk_event_set(event_fd);
	return (int)n;
}

static ssize_t copy(struct ublk_io *io, uint64_t offset, void *buf, size_t len, bool to_kernel)
{
	off_t at = (off_t)(UBLKSRV_IO_BUF_OFFSET + ((uint64_t)io->q->index << UBLK_QID_OFF) +
			   ((uint64_t)io->tag << UBLK_TAG_OFF) + offset);
	int fd = io->q->dev->chr_fd;
	ssize_t n = to_kernel ? pwrite(fd, buf, len, at) : pread(fd, buf, len, at);

	return n < 0 ? -errno : n;
}

static void dev_path(int id, bool is_disk, char ret_path[UBLK_NODE_PATH])
{
	snprintf(ret_path, UBLK_NODE_PATH, "/dev/ublk%c%d", is_disk ? 'b' : 'c', id);
}

static int dev_open(struct ublk_ctl *ctl, int id)
{
	char path[UBLK_NODE_PATH];
	int fd;

	(void)ctl;
	dev_path(id, false, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void dev_close(struct ublk_ctl *ctl, int fd)
{
	(void)ctl;
	close(fd);
}

static int dev_list(struct ublk_ctl *ctl, int **ret_ids, size_t *ret_count)
{
	struct ublk_ids ids = { NULL, 0 };
	struct dirent *entry;
	int id;
	DIR *dir;

	(void)ctl;
	dir = opendir("/sys/class/ublk-char");
	if (!dir && errno != ENOENT)
		return ublk_set_error(errno, "/sys/class/ublk-char: %s", strerror(errno));
	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "ublkc%d", &id) != 1)
			continue;
		if (ublk_ids_add(&ids, id) < 0) {
			free(ids.ids);
			closedir(dir);
			return ublk_set_error(ENOMEM, "out of memory");
		}
	}
	if (dir)
		closedir(dir);
	ublk_ids_sort(&ids);
	*ret_ids = ids.ids;
	*ret_count = ids.count;
	return 0;
}

/* The id outlives the node, by as long as somebody has the disk open; nothing announces that. */
static bool dev_announces(int id)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/ublk-char/ublkc%d", id);
	return !access(path, F_OK) && !ublk_events_are_sent();
}

const struct ublk_transport_ops ublk_uring_transport = {
	.open = ublk_uring_open,
	.close = ublk_uring_close,
	.cmd_submit = ublk_uring_cmd_submit,
	.cmd_wait = ublk_uring_cmd_wait,
	.cmd_cancel = ublk_uring_cmd_cancel,
	.cmd_fd = ublk_uring_cmd_fd,
	.cmd_release = ublk_uring_cmd_release,
	.dev_path = dev_path,
	.dev_open = dev_open,
	.dev_close = dev_close,
	.dev_list = dev_list,
	.dev_announces = dev_announces,
	.queue_init = queue_init,
	.queue_exit = queue_exit,
	.queue_fd = queue_fd,
	.queue_desc = queue_desc,
	.queue_command = queue_command,
	.queue_submit = queue_submit,
	.queue_wait = queue_wait,
	.queue_sqe = queue_sqe,
	.queue_reserve = queue_reserve,
	.queue_ring = queue_ring,
	.copy = copy,
};
