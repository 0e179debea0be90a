/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Ownership of requests. Every tag is with exactly one of kernel, target and library:
 *
 *   IDLE --FETCH--> KERNEL --request--> TARGET --complete--> DONE --COMMIT--> KERNEL
 *                     '--abort--> ENDED
 *
 * All edges are made in the queue's thread but TARGET to DONE, which is a compare-and-exchange
 * that any thread may win; what makes a second completion harmless. A tag in DONE is committed
 * when the target's own SQEs for it are back, so that an ublk_io cannot mean a new request while
 * completions of the old one are under way.
 *
 * Drives no ring: it speaks to the transport, and the transport calls ublk_queue_on_*().
 */
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "point.h"
#include "probe.h"
#include "stats.h"

#define LARGEST_ERRNO	4095		/* what a system call can return */

static int send_command(struct ublk_queue *q, struct ublk_io *io, uint32_t op, int32_t result)
{
	bool is_register = op == UBLK_U_IO_REGISTER_IO_BUF;
	uint64_t addr = is_register ? io->tag : (uintptr_t)ublk_buffer_of(io);
	int r;

	/* without buffers, as a zoned device is: the field is that of the buffer's address */
	if (!q->bufs && op == UBLK_U_IO_COMMIT_AND_FETCH_REQ &&
	    ublk_io_op(io) == LIBUBLK_OP_ZONE_APPEND)
		addr = io->append_sector;
	r = q->transport->queue_command(q, io->tag, op, result, addr);

	if (r < 0) {
		atomic_store_explicit(&io->state, IO_ENDED, memory_order_relaxed);
		ublk_queue_set_error(q, r);
		return r;
	}
	atomic_store_explicit(&io->state, is_register ? IO_REGISTERING : IO_KERNEL,
			      memory_order_relaxed);
	q->nr_kernel++;
	return 0;
}

/* Only a failure is heard of: the COMMIT that follows does not wait for it, the request does. */
static void unregister(struct ublk_queue *q, struct ublk_io *io)
{
	int r = q->transport->queue_command(q, io->tag, UBLK_U_IO_UNREGISTER_IO_BUF, 0, io->tag);

	io->is_registered = false;
	if (r < 0)
		ublk_queue_set_error(q, r);
}

static void commit(struct ublk_queue *q, struct ublk_io *io)
{
	struct ublk_device *dev = q->dev;

	if (io->is_registered)
		unregister(q, io);
	UBLK_POINT(BEFORE_COMMIT);
	if (!dev->ops.point) {
		send_command(q, io, UBLK_U_IO_COMMIT_AND_FETCH_REQ, io->result);
		UBLK_POINT(COMMIT_PREPARED);
		return;
	}
	/* A program that wants to see the moments gets each COMMIT submitted by itself. */
	ublk_device_point(dev, "before-commit");
	if (!send_command(q, io, UBLK_U_IO_COMMIT_AND_FETCH_REQ, io->result) &&
	    q->transport->queue_submit(q) >= 0)
		ublk_device_point(dev, "after-commit");
}

/* In the queue's thread, once per request: the target is done with it. */
static void settle(struct ublk_io *io)
{
	struct ublk_queue *q = io->q;

	io->is_settled = true;
	q->stats.in_target--;
	q->stats.completed++;
	if (io->result < 0)
		q->stats.failed++;
	ublk_stats_end(io);
	UBLK_PROBE4(request_done, q->dev->id, q->index, io->tag, io->result);
	if (!io->nr_sqes)
		commit(q, io);
}

/* Of the data that go with a request. */
static uint64_t data_bytes(const struct ublk_io *io)
{
	unsigned op = ublk_io_op(io);

	return op == LIBUBLK_OP_READ || op == LIBUBLK_OP_WRITE || op == LIBUBLK_OP_ZONE_APPEND ?
		       ublk_io_length(io) : ublk_zone_report_bytes(io);
}

static int32_t result_for_kernel(const struct ublk_io *io, int result)
{
	return result ? result : (int32_t)data_bytes(io);
}

/* True for the one completion that counts. */
static bool win(struct ublk_io *io, int result)
{
	struct ublk_queue *q = io->q;
	int expected = IO_TARGET;

	if (result > 0) {
		atomic_fetch_add(&q->bad_results, 1);
		ublk_log(LIBUBLK_LOG_ERROR, "target %s completed a request with %d: a result is 0 "
			 "or a negative errno", q->dev->name, result);
		result = -EIO;
	}
	if (!atomic_compare_exchange_strong(&io->state, &expected, IO_DONE)) {
		atomic_fetch_add(&q->double_completions, 1);
		ublk_log(LIBUBLK_LOG_ERROR, "target %s completed tag %u of queue %u twice",
			 q->dev->name, io->tag, q->index);
		return false;
	}
	io->result = result_for_kernel(io, result);
	return true;
}

UBLK_EXPORT void ublk_io_complete(struct ublk_io *io, int result)
{
	if (!pthread_equal(pthread_self(), io->q->thread)) {
		ublk_io_complete_mt(io, result);
		return;
	}
	if (win(io, result))
		settle(io);
}

UBLK_EXPORT void ublk_io_complete_mt(struct ublk_io *io, int result)
{
	struct ublk_queue *q = io->q;
	struct ublk_io *head;

	if (!win(io, result))
		return;
	head = atomic_load_explicit(&q->remote, memory_order_relaxed);
	do {
		io->remote_next = head;
	} while (!atomic_compare_exchange_weak_explicit(&q->remote, &head, io,
							memory_order_release,
							memory_order_relaxed));
	/* Whoever found the list empty wakes the queue; the rest goes along. */
	if (!head)
		ublk_event_set(q->wake_fd);
}

static unsigned drain_remote(struct ublk_queue *q)
{
	struct ublk_io *io = atomic_load_explicit(&q->remote, memory_order_relaxed);
	unsigned n = 0;

	if (io)		/* most often there is none, and no exchange that says so */
		io = atomic_exchange_explicit(&q->remote, NULL, memory_order_acquire);
	while (io) {
		struct ublk_io *next = io->remote_next;

		settle(io);
		io = next;
		n++;
	}
	return n;
}

/* What the driver promised never to send; nor could the result be told in a COMMIT. */
static bool is_too_long(const struct ublk_queue *q, const struct ublk_io *io)
{
	return data_bytes(io) > (q->bufs ? q->buf_stride : q->dev->config.max_io);
}

/* Its pages are in the ring's table, or not needed there. */
static void submit(struct ublk_queue *q, struct ublk_io *io)
{
	int r;

	atomic_store_explicit(&io->state, IO_TARGET, memory_order_relaxed);
	r = q->dev->ops.submit(io, q->dev->user);
	if (r)
		ublk_io_complete(io, r);
}

/* Is it up to us to register its pages? Also if the driver was to, and could not. */
static bool wants_register(const struct ublk_queue *q, const struct ublk_io *io)
{
	uint32_t mode = q->dev->config.data_mode;

	/* with buffers of its own a queue has no pages to register */
	return !q->bufs && ublk_io_buffer_index(io) >= 0 &&
	       (mode == LIBUBLK_DATA_REGISTERED || io->desc.op_flags & UBLK_IO_F_NEED_REG_BUF);
}

static void deliver(struct ublk_queue *q, struct ublk_io *io)
{
	/* A copy: what the kernel's page says later is about a later request. */
	io->desc = *q->transport->queue_desc(q, io->tag);
	io->append_sector = io->desc.start_sector;
	io->is_settled = false;
	UBLK_POINT(DELIVERED);
	atomic_store_explicit(&io->state, IO_TARGET, memory_order_relaxed);
	q->stats.delivered++;
	q->stats.in_target++;
	ublk_stats_begin(io);
	/* As the driver says it: to make bytes of sectors for nobody would cost each request. */
	UBLK_PROBE6(request_start, q->dev->id, q->index, io->tag, io->desc.op_flags,
		    io->desc.start_sector, io->desc.nr_sectors);
	if (is_too_long(q, io)) {
		ublk_log(LIBUBLK_LOG_ERROR, "a request of %llu bytes, the device's largest is %u",
			 (unsigned long long)data_bytes(io), q->dev->config.max_io);
		ublk_io_complete(io, -EIO);
		return;
	}
	if (ublk_is_in_memory(io) && !ublk_memory_of(io)) {
		ublk_log(LIBUBLK_LOG_ERROR, "device %d: a request is in buffer %u, which this "
			 "server has not registered", q->dev->id,
			 ublk_shmem_zc_index(io->desc.addr));
		ublk_io_complete(io, -EIO);
		return;
	}
	if (wants_register(q, io))
		send_command(q, io, UBLK_U_IO_REGISTER_IO_BUF, 0);
	else
		submit(q, io);
}

void ublk_queue_on_buffer(struct ublk_queue *q, unsigned tag, uint32_t op, int res)
{
	struct ublk_io *io;

	if (tag >= q->depth)
		return;
	io = &q->ios[tag];
	if (op == UBLK_U_IO_UNREGISTER_IO_BUF) {
		/* the request would never end */
		if (res < 0)
			ublk_queue_set_error(q, res >= -LARGEST_ERRNO ? res : -EPROTO);
		return;
	}
	if (atomic_load_explicit(&io->state, memory_order_relaxed) != IO_REGISTERING)
		return;
	q->nr_kernel--;
	if (res >= 0) {
		io->is_registered = true;
		submit(q, io);
		return;
	}
	/* the COMMIT hears it, too, if the session is over */
	if (res != -ENODEV)
		ublk_log(LIBUBLK_LOG_ERROR, "device %d, queue %u: the pages of a request cannot be "
			 "registered: %s", q->dev->id, q->index, strerror(-res));
	atomic_store_explicit(&io->state, IO_TARGET, memory_order_relaxed);
	ublk_io_complete(io, -EIO);
}

void ublk_queue_on_command(struct ublk_queue *q, unsigned tag, int res)
{
	struct ublk_io *io;

	if (tag >= q->depth)
		return;
	io = &q->ios[tag];
	if (atomic_load_explicit(&io->state, memory_order_relaxed) != IO_KERNEL)
		return;
	q->nr_kernel--;
	switch (res) {
	case UBLK_IO_RES_OK:
		deliver(q, io);
		return;
	case UBLK_IO_RES_NEED_GET_DATA:
		send_command(q, io, UBLK_U_IO_NEED_GET_DATA, 0);
		UBLK_POINT(GET_DATA_PREPARED);
		return;
	}
	/* Never fetched again: the session is over, whatever the tag's last request was. */
	atomic_store_explicit(&io->state, IO_ENDED, memory_order_relaxed);
	if (res != UBLK_IO_RES_ABORT)
		ublk_queue_set_error(q, res < 0 && res >= -LARGEST_ERRNO ? res : -EPROTO);
}

void ublk_queue_set_error(struct ublk_queue *q, int err)
{
	if (q->error)
		return;
	q->error = err;
	ublk_set_error(err, "device %d, queue %u: the driver refuses to go on: %s", q->dev->id,
		       q->index, strerror(-err));
}

void ublk_queue_on_io_sqe(struct ublk_queue *q, unsigned tag, uint32_t cookie,
			  const struct io_uring_cqe *cqe)
{
	struct ublk_io *io = &q->ios[tag];

	UBLK_POINT(AFTER_IO_SQE);
	if (!(cqe->flags & IORING_CQE_F_MORE)) {
		io->nr_sqes--;
		q->stats.sqes_in_flight--;
	}
	if (q->dev->ops.cqe)
		q->dev->ops.cqe(io, cookie, cqe, q->dev->user);
	if (!io->nr_sqes && io->is_settled &&
	    atomic_load_explicit(&io->state, memory_order_relaxed) == IO_DONE)
		commit(q, io);
}

void ublk_queue_on_sqe(struct ublk_queue *q, uint32_t cookie, const struct io_uring_cqe *cqe)
{
	if (!(cqe->flags & IORING_CQE_F_MORE))
		q->stats.sqes_in_flight--;
	if (q->dev->ops.queue_cqe)
		q->dev->ops.queue_cqe(q, cookie, cqe, q->dev->user);
}

UBLK_EXPORT struct io_uring_sqe *ublk_io_get_sqe(struct ublk_io *io, uint32_t cookie)
{
	struct io_uring_sqe *sqe = io->q->transport->queue_sqe(io->q, io, cookie);

	UBLK_POINT(BEFORE_IO_SQE);
	if (sqe) {
		io->nr_sqes++;
		io->q->stats.sqes_in_flight++;
	}
	return sqe;
}

UBLK_EXPORT struct io_uring_sqe *ublk_queue_get_sqe(struct ublk_queue *q, uint32_t cookie)
{
	struct io_uring_sqe *sqe = q->transport->queue_sqe(q, NULL, cookie);

	if (sqe)
		q->stats.sqes_in_flight++;
	return sqe;
}

static bool is_finished(const struct ublk_queue *q)
{
	return !q->nr_kernel && !q->stats.in_target && !q->stats.sqes_in_flight;
}

int ublk_queue_advance(struct ublk_queue *q, int timeout_ms, bool submit_after)
{
	int n, r;

	if (q->is_stepping)
		return ublk_set_error(EBUSY, "ublk_queue_step() inside a callback");
	if (q->error)
		return q->error;
	q->is_stepping = true;
	n = (int)drain_remote(q);
	if (is_finished(q)) {
		q->is_stepping = false;
		return -ENODEV;
	}
	r = q->transport->queue_wait(q, n ? 0 : timeout_ms);
	if (r < 0)
		ublk_queue_set_error(q, r);
	else
		n += r + (int)drain_remote(q);
	/* A caller that polls the descriptor next must not leave SQEs behind in the ring. */
	if (submit_after && !q->error) {
		r = q->transport->queue_submit(q);
		if (r < 0)
			ublk_queue_set_error(q, r);
	}
	q->is_stepping = false;
	if (q->error)
		return q->error;
	/* At once, and not at the next step: nothing would make the descriptor readable for it. */
	return is_finished(q) ? -ENODEV : n;
}

UBLK_EXPORT int ublk_queue_step(struct ublk_queue *q, int timeout_ms)
{
	return ublk_queue_advance(q, timeout_ms, true);
}

/* FETCH of every tag, by the thread that is to own them: the driver remembers who sent each. */
int ublk_queue_fetch_all(struct ublk_queue *q)
{
	unsigned tag;
	int r;

	UBLK_POINT(BEFORE_FETCH);
	for (tag = 0; tag < q->depth; tag++) {
		if (tag && tag == q->depth / 2 &&
		    (q->dev->ops.point || UBLK_POINT_IS_WANTED(BETWEEN_FETCHES))) {
			r = q->transport->queue_submit(q);
			if (r < 0)
				goto err;
			UBLK_POINT(BETWEEN_FETCHES);
			ublk_device_point(q->dev, "between-fetches");
		}
		r = send_command(q, &q->ios[tag], UBLK_U_IO_FETCH_REQ, 0);
		if (r < 0)
			return r;
	}
	UBLK_POINT(FETCHES_PREPARED);
	r = q->transport->queue_submit(q);
	UBLK_POINT(AFTER_FETCH);
	if (r >= 0)
		return 0;
err:
	ublk_queue_set_error(q, r);
	return r;
}
