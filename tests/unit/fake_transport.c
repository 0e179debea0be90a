// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The transport table over the fake kernel: commands, nodes, queues. */
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_kernel.h"

#define SQES	32
/* A look at the fake kernel; nothing wakes a waiter of another process. */
#define LOOK_MS	1

struct fake_cmd {
	bool is_over, is_cancelled;
};

struct fake_queue {
	unsigned session;
	struct ublksrv_io_desc descs[FAKE_DEPTH];
	struct io_uring_sqe sqes[SQES];
	struct ublk_io *ios[SQES];	/* whose; NULL: the queue's */
	uint32_t cookies[SQES];
	unsigned nr_sqes;
};

static int fake_ctl_open(void **ret_t)
{
	fake_step();
	*ret_t = fake;
	return 0;
}

static void fake_ctl_close(void *t)
{
	(void)t;
}

static void look(struct ublk_cmd *cmd)
{
	struct fake_cmd *c = cmd->t;
	bool is_over;

	if (c->is_over)
		return;
	fake_lock();
	cmd->res = fake_execute(cmd, &is_over);
	if (!is_over && c->is_cancelled && !fake->ignores_cancel) {
		cmd->res = -EINTR;
		is_over = true;
	}
	c->is_over = is_over;
	fake_unlock();
}

static int fake_cmd_submit(struct ublk_cmd *cmd)
{
	fake_step();
	cmd->t = calloc(1, sizeof(struct fake_cmd));
	if (!cmd->t)
		abort();
	fake->nr_commands[cmd->op & 31]++;
	look(cmd);
	/* Also between what the kernel did and our hearing of it. */
	fake_step();
	return 0;
}

static int fake_cmd_wait(struct ublk_cmd *cmd, int timeout_ms, int interrupt_fd)
{
	int64_t deadline = ublk_deadline(timeout_ms);
	struct fake_cmd *c = cmd->t;

	for (;;) {
		int left = ublk_time_left(deadline);

		look(cmd);
		if (c->is_over)
			return 0;
		if (!left)
			return -ETIME;
		if (ublk_poll_in(interrupt_fd, left < 0 || left > LOOK_MS ? LOOK_MS : left) > 0)
			return -ECANCELED;
	}
}

static void fake_cmd_cancel(struct ublk_cmd *cmd)
{
	((struct fake_cmd *)cmd->t)->is_cancelled = true;
}

static int fake_cmd_fd(const struct ublk_cmd *cmd)
{
	(void)cmd;
	return -1;
}

static void fake_cmd_release(struct ublk_cmd *cmd)
{
	free(cmd->t);
	cmd->t = NULL;
}

/* The "fd" of ublkcN is N + 1000: nothing else in the library may touch it. */
static int fake_dev_open(struct ublk_ctl *ctl, int id)
{
	struct fake_device *dev = &fake->devices[id];
	int r = 0;

	(void)ctl;
	fake_step();
	fake_lock();
	if (!dev->exists)
		r = -ENOENT;
	else if (dev->is_node_open || fake_is_unnoticed(dev))
		r = -EBUSY;
	else
		dev->is_node_open = true;
	if (!r) {
		memset(dev->slots, 0, sizeof(dev->slots));
		for (int q = 0; q < FAKE_QUEUES; q++)
			for (int tag = 0; tag < FAKE_DEPTH; tag++)
				dev->slots[q][tag].request = -1;
	}
	fake_unlock();
	return r ? r : 1000 + id;
}

static void fake_dev_close(struct ublk_ctl *ctl, int fd)
{
	(void)ctl;
	fake_server_gone(fd - 1000);
}

static int fake_dev_list(struct ublk_ctl *ctl, int **ret_ids, size_t *ret_count)
{
	struct ublk_ids ids = { NULL, 0 };
	int id;

	(void)ctl;
	for (id = 0; id < FAKE_DEVICES; id++) {
		if (fake->devices[id].exists)
			ublk_ids_add(&ids, id);
	}
	*ret_ids = ids.ids;
	*ret_count = ids.count;
	return 0;
}

static struct fake_device *device_of(const struct ublk_queue *q)
{
	return &fake->devices[q->dev->id];
}

static int fake_queue_init(struct ublk_queue *q)
{
	struct fake_queue *fq = calloc(1, sizeof(*fq));

	fake_step();
	if (!fq || q->depth > FAKE_DEPTH || q->index >= FAKE_QUEUES)
		abort();
	fq->session = device_of(q)->session;
	q->t = fq;
	return 0;
}

static void fake_queue_exit(struct ublk_queue *q)
{
	free(q->t);
	q->t = NULL;
}

static int fake_queue_fd(const struct ublk_queue *q)
{
	return q->wake_fd;
}

static const struct ublksrv_io_desc *fake_queue_desc(const struct ublk_queue *q, unsigned tag)
{
	return &((struct fake_queue *)q->t)->descs[tag];
}

static void commit(struct fake_slot *slot, int32_t result)
{
	struct fake_request *request;

	if (slot->request < 0)
		abort();
	request = &fake->requests[slot->request];
	if (request->op == UBLK_IO_OP_READ && slot->addr && result > 0 && !request->is_in_memory)
		memcpy(request->data, (void *)(uintptr_t)slot->addr, sizeof(request->data));
	if (slot->is_registered)
		abort();		/* the library unregisters first */
	if (request->op == UBLK_IO_OP_ZONE_APPEND) {
		request->append_sector = slot->addr;	/* no buffer: it shares the field */
		slot->addr = 0;
	}
	request->state = FAKE_DONE;
	request->result = result;
	request->nr_done++;
	slot->request = -1;
}

/* REGISTER, heard of at the next look; UNREGISTER, never heard of. */
static int fake_buffer_command(struct fake_slot *slot, uint32_t op, unsigned tag, uint64_t index)
{
	bool is_register = op == UBLK_U_IO_REGISTER_IO_BUF;

	fake_step();
	fake_lock();
	if (index != tag || slot->is_registered == is_register || slot->request < 0)
		abort();
	slot->is_registered = is_register;
	slot->is_registering = is_register;
	if (is_register)
		fake->nr_registers++;
	else
		fake->nr_unregisters++;
	fake_unlock();
	return 0;
}

static int fake_queue_command(struct ublk_queue *q, unsigned tag, uint32_t op, int32_t result,
			      uint64_t addr)
{
	struct fake_queue *fq = q->t;
	struct fake_slot *slot = &device_of(q)->slots[q->index][tag];

	if (op == UBLK_U_IO_REGISTER_IO_BUF || op == UBLK_U_IO_UNREGISTER_IO_BUF)
		return fake_buffer_command(slot, op, tag, addr);
	fake_step();
	fake_lock();
	if (slot->is_held)
		abort();		/* two commands for one tag */
	slot->is_held = true;
	slot->addr = addr;
	if (fq->session != device_of(q)->session)
		slot->is_refused = true;
	else if (op == UBLK_U_IO_COMMIT_AND_FETCH_REQ)
		commit(slot, result);
	fake_unlock();
	return 0;
}

static int fake_queue_submit(struct ublk_queue *q)
{
	(void)q;
	fake_step();
	return 0;
}

static struct io_uring_sqe *fake_queue_sqe(struct ublk_queue *q, struct ublk_io *io,
					   uint32_t cookie)
{
	struct fake_queue *fq = q->t;

	if (fq->nr_sqes == SQES)
		return NULL;
	fq->ios[fq->nr_sqes] = io;
	fq->cookies[fq->nr_sqes] = cookie;
	memset(&fq->sqes[fq->nr_sqes], 0, sizeof(fq->sqes[0]));
	return &fq->sqes[fq->nr_sqes++];
}

static int fake_queue_reserve(struct ublk_queue *q, unsigned count)
{
	return count <= SQES - ((struct fake_queue *)q->t)->nr_sqes ? 0 : -ENOSPC;
}

static struct io_uring *fake_queue_ring(struct ublk_queue *q)
{
	(void)q;
	return NULL;
}

static unsigned end_sqes(struct ublk_queue *q)
{
	struct io_uring_cqe cqe = { .res = fake->sqe_result };
	struct fake_queue *fq = q->t;
	struct ublk_io *ios[SQES];
	uint32_t cookies[SQES];
	unsigned n = fq->nr_sqes, i;

	if (fake->holds_sqes)
		return 0;
	memcpy(ios, fq->ios, sizeof(ios));
	memcpy(cookies, fq->cookies, sizeof(cookies));
	fq->nr_sqes = 0;
	fake->nr_sqes += n;
	for (i = 0; i < n; i++) {
		if (ios[i])
			ublk_queue_on_io_sqe(q, ublk_io_tag(ios[i]), cookies[i], &cqe);
		else
			ublk_queue_on_sqe(q, cookies[i], &cqe);
	}
	return n;
}

static int next_request(const struct ublk_queue *q)
{
	unsigned i;

	for (i = 0; i < fake->nr_requests; i++) {
		const struct fake_request *request = &fake->requests[i];

		if (request->state == FAKE_WAITING && request->device == q->dev->id &&
		    request->queue == (int)q->index)
			return (int)i;
	}
	return -1;
}

static void hand_over(struct ublk_queue *q, unsigned tag, int index)
{
	struct fake_slot *slot = &device_of(q)->slots[q->index][tag];
	struct ublksrv_io_desc *desc = &((struct fake_queue *)q->t)->descs[tag];
	struct fake_request *request = &fake->requests[index];
	bool has_data = request->op == UBLK_IO_OP_READ || request->op == UBLK_IO_OP_WRITE ||
			request->op == UBLK_IO_OP_ZONE_APPEND;

	slot->request = index;
	request->state = FAKE_IN_SERVER;
	request->nr_delivered++;
	desc->op_flags = request->op | (request->has_metadata ? UBLK_IO_F_INTEGRITY : 0);
	if (device_of(q)->info.flags & UBLK_F_AUTO_BUF_REG && has_data && fake->fails_auto_reg)
		desc->op_flags |= UBLK_IO_F_NEED_REG_BUF;
	desc->nr_sectors = has_data ? 1 : 0;
	if (request->op == UBLK_IO_OP_REPORT_ZONES)
		desc->nr_zones = FAKE_DATA / 64;
	desc->start_sector = request->sector;
	desc->addr = slot->addr;
	if (request->is_in_memory) {
		desc->op_flags |= UBLK_IO_F_SHMEM_ZC;
		desc->addr = request->memory;
		return;
	}
	if (request->op == UBLK_IO_OP_WRITE && slot->addr)
		memcpy((void *)(uintptr_t)slot->addr, request->data, sizeof(request->data));
}

/* What the command of @tag ends with; 1000: not now. */
static int look_at(struct ublk_queue *q, unsigned tag)
{
	struct fake_slot *slot = &device_of(q)->slots[q->index][tag];
	struct fake_queue *fq = q->t;
	int index;

	if (!slot->is_held)
		return 1000;
	if (fake->io_error)
		return fake->io_error;
	if (slot->is_refused || fq->session != device_of(q)->session)
		return UBLK_IO_RES_ABORT;
	if (slot->is_asking) {
		slot->is_asking = false;
		return UBLK_IO_RES_OK;
	}
	index = device_of(q)->info.state == UBLK_S_DEV_LIVE ? next_request(q) : -1;
	if (index < 0)
		return 1000;
	hand_over(q, tag, index);
	if ((device_of(q)->info.flags & UBLK_F_NEED_GET_DATA) &&
	    fake->requests[index].op == UBLK_IO_OP_WRITE && !fake->requests[index].is_in_memory) {
		slot->is_asking = true;
		return UBLK_IO_RES_NEED_GET_DATA;
	}
	return UBLK_IO_RES_OK;
}

/* The REGISTER of @tag, if there is one. */
static unsigned end_register(struct ublk_queue *q, unsigned tag)
{
	struct fake_slot *slot = &device_of(q)->slots[q->index][tag];
	bool is_over;

	fake_lock();
	is_over = slot->is_registering;
	slot->is_registering = false;
	if (is_over && fake->register_result < 0)
		slot->is_registered = false;
	fake_unlock();
	if (is_over)
		ublk_queue_on_buffer(q, tag, UBLK_U_IO_REGISTER_IO_BUF, fake->register_result);
	return is_over;
}

static unsigned end_commands(struct ublk_queue *q)
{
	unsigned tag, n = 0;

	for (tag = 0; tag < q->depth; tag++) {
		int res;

		n += end_register(q, tag);

		fake_lock();
		res = look_at(q, tag);
		if (res != 1000)
			device_of(q)->slots[q->index][tag].is_held = false;
		fake_unlock();
		if (res == 1000)
			continue;
		n++;
		fake_step();
		ublk_queue_on_command(q, tag, res);
	}
	return n;
}

static int fake_queue_wait(struct ublk_queue *q, int timeout_ms)
{
	int64_t deadline = ublk_deadline(timeout_ms);

	for (;;) {
		int left = ublk_time_left(deadline);
		unsigned n = end_commands(q);

		n += end_sqes(q);
		if (n || !left)
			return (int)n;
		if (ublk_poll_in(q->wake_fd, left < 0 || left > LOOK_MS ? LOOK_MS : left) > 0) {
			ublk_event_clear(q->wake_fd);
			return 1;
		}
	}
}

static ssize_t fake_copy(struct ublk_io *io, uint64_t offset, void *buf, size_t len,
			 bool to_kernel)
{
	struct fake_slot *slot = &device_of(io->q)->slots[io->q->index][io->tag];
	struct fake_request *request = &fake->requests[slot->request];
	unsigned char *data;

	if (slot->request < 0)
		return -EINVAL;
	data = offset & UBLKSRV_IO_INTEGRITY_FLAG ?
		       request->metadata + (offset ^ UBLKSRV_IO_INTEGRITY_FLAG) :
		       request->data + offset;
	/* In two pieces, as a real copy may come. */
	if (len > 1)
		len = (len + 1) / 2;
	memcpy(to_kernel ? data : buf, to_kernel ? buf : data, len);
	return (ssize_t)len;
}

const struct ublk_transport_ops fake_transport = {
	.open = fake_ctl_open,
	.close = fake_ctl_close,
	.cmd_submit = fake_cmd_submit,
	.cmd_wait = fake_cmd_wait,
	.cmd_cancel = fake_cmd_cancel,
	.cmd_fd = fake_cmd_fd,
	.cmd_release = fake_cmd_release,
	.dev_path = fake_path,
	.dev_open = fake_dev_open,
	.dev_close = fake_dev_close,
	.dev_list = fake_dev_list,
	.queue_init = fake_queue_init,
	.queue_exit = fake_queue_exit,
	.queue_fd = fake_queue_fd,
	.queue_desc = fake_queue_desc,
	.queue_command = fake_queue_command,
	.queue_submit = fake_queue_submit,
	.queue_wait = fake_queue_wait,
	.queue_sqe = fake_queue_sqe,
	.queue_reserve = fake_queue_reserve,
	.queue_ring = fake_queue_ring,
	.copy = fake_copy,
};
