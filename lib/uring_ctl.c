/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Control commands on io_uring.
 *
 * Every command has a ring to itself: no lock, no shared completion queue, and a command that hangs
 * cannot get in the way of the one that would end it. Closing a ring cancels what is on it, which
 * is what becomes of commands that nobody waits for when the process ends.
 *
 * To make a ring, and the kernel's worker behind it, takes longer than most commands, and a
 * takeover, for which I/O waits, has half a dozen of them in a row. So the handle keeps the ring of
 * a command that ended well for the next one.
 */
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define CONTROL_NODE	"/dev/ublk-control"
#define COMMAND_KEY	1	/* user_data of the command; that of its cancellation is 0 */

struct command_ring {
	struct io_uring ring;
	bool is_over;			/* its only request was answered */
	bool is_cancelled;		/* the answer to that may still come */
};

struct control_file {
	int fd;
	_Atomic(struct command_ring *) idle;	/* NULL: none */
};

/* Why there is no ring, in a sentence. */
int ublk_uring_setup_error(int err)
{
	char value = 0;
	FILE *f;

	err = err < 0 ? -err : err;
	if (err == ENOSYS)
		return ublk_set_error(err, "this kernel has no io_uring (CONFIG_IO_URING, or a "
				      "seccomp filter forbids it)");
	if (err == EPERM || err == EACCES) {
		f = fopen("/proc/sys/kernel/io_uring_disabled", "re");
		if (f) {
			value = (char)fgetc(f);
			fclose(f);
		}
		if (value == '1' || value == '2')
			return ublk_set_error(err, "io_uring is switched off: run 'sysctl "
					      "kernel.io_uring_disabled=0' (it is %c)", value);
		return ublk_set_error(err, "io_uring is not permitted here (seccomp filter of a "
				      "container, or a security module)");
	}
	if (err == ENOMEM)
		return ublk_set_error(err, "no memory for an io_uring: raise the memlock limit "
				      "(ulimit -l)");
	if (err == EMFILE || err == ENFILE)
		return ublk_set_error(err, "no file descriptor for an io_uring: raise the limit "
				      "(ulimit -n)");
	return ublk_set_error(err, "io_uring set-up: %s", strerror(err));
}

static int open_error(int err)
{
	switch (err) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return ublk_set_error(err, CONTROL_NODE " is missing, the module is not loaded: "
				      "run 'modprobe ublk_drv' ('dkms status' tells whether it "
				      "was built for this kernel)");
	case EACCES:
	case EPERM:
		return ublk_set_error(err, "no permission for " CONTROL_NODE ": run as root "
				      "(CAP_SYS_ADMIN), or have the node made yours (ublk(8): "
				      "DEVICES OF ORDINARY USERS)");
	default:
		return ublk_set_error(err, CONTROL_NODE ": %s", strerror(err));
	}
}

int ublk_uring_open(void **ret_t)
{
	struct control_file *control = calloc(1, sizeof(*control));

	if (!control)
		return ublk_set_error(ENOMEM, "out of memory");
	control->fd = open(CONTROL_NODE, O_RDWR | O_CLOEXEC);
	if (control->fd < 0) {
		int err = errno;

		free(control);
		return open_error(err);
	}
	*ret_t = control;
	return 0;
}

static void ring_free(struct command_ring *ring)
{
	if (!ring)
		return;
	io_uring_queue_exit(&ring->ring);
	free(ring);
}

void ublk_uring_close(void *t)
{
	struct control_file *control = t;

	ring_free(atomic_load(&control->idle));
	close(control->fd);
	free(control);
}

/* One that is idle, or a new one; NULL: *@ret_err says why, and there is a sentence. */
static struct command_ring *ring_get(struct control_file *control, int *ret_err)
{
	struct command_ring *ring = atomic_exchange(&control->idle, NULL);
	int r;

	if (ring) {
		ring->is_over = false;
		return ring;
	}
	ring = calloc(1, sizeof(*ring));
	if (!ring) {
		*ret_err = ublk_set_error(ENOMEM, "out of memory");
		return NULL;
	}
	r = io_uring_queue_init(2, &ring->ring, IORING_SETUP_SQE128);
	if (r < 0) {
		free(ring);
		*ret_err = ublk_uring_setup_error(r);
		return NULL;
	}
	return ring;
}

int ublk_uring_cmd_submit(struct ublk_cmd *cmd)
{
	struct control_file *control = cmd->ctl->t;
	struct command_ring *ring;
	struct io_uring_sqe *sqe;
	int r = 0;

	ring = ring_get(control, &r);
	if (!ring)
		return r;
	sqe = io_uring_get_sqe(&ring->ring);
	if (!sqe)			/* impossible in an empty ring, but not for the compiler */
		abort();
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = control->fd;
	sqe->cmd_op = cmd->op;
	sqe->user_data = COMMAND_KEY;
	memcpy(sqe->cmd, &cmd->header, sizeof(cmd->header));
	r = io_uring_submit(&ring->ring);
	if (r != 1) {
		ring_free(ring);
		return ublk_set_error(r < 0 ? r : -EAGAIN, "io_uring_submit: %s",
				      strerror(r < 0 ? -r : EAGAIN));
	}
	cmd->t = ring;
	return 0;
}

static bool reap(struct command_ring *ring, int *ret_res)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&ring->ring, &cqe)) {
		if (cqe->user_data == COMMAND_KEY) {
			*ret_res = cqe->res;
			ring->is_over = true;
		}
		io_uring_cqe_seen(&ring->ring, cqe);
	}
	return ring->is_over;
}

int ublk_uring_cmd_wait(struct ublk_cmd *cmd, int timeout_ms, int interrupt_fd)
{
	int64_t deadline = ublk_deadline(timeout_ms);
	struct command_ring *ring = cmd->t;
	struct pollfd fds[2] = {
		{ .fd = ring->ring.ring_fd, .events = POLLIN },
		{ .fd = interrupt_fd, .events = POLLIN },
	};

	for (;;) {
		int left = ublk_time_left(deadline);

		/* poll() rather than a wait in the ring: it takes the second descriptor. */
		if (reap(ring, &cmd->res))
			return 0;
		if (poll(fds, ARRAY_SIZE(fds), left) < 0 && errno != EINTR)
			return -errno;
		if (reap(ring, &cmd->res))
			return 0;
		if (fds[1].revents)
			return -ECANCELED;
		if (!left)
			return -ETIME;
	}
}

void ublk_uring_cmd_cancel(struct ublk_cmd *cmd)
{
	struct command_ring *ring = cmd->t;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->ring);

	if (!sqe)
		return;
	ring->is_cancelled = true;
	memset(sqe, 0, 2 * sizeof(*sqe));
	io_uring_prep_cancel64(sqe, COMMAND_KEY, 0);
	io_uring_submit(&ring->ring);
}

int ublk_uring_cmd_fd(const struct ublk_cmd *cmd)
{
	return ((struct command_ring *)cmd->t)->ring.ring_fd;
}

void ublk_uring_cmd_release(struct ublk_cmd *cmd)
{
	struct command_ring *ring = cmd->t;
	struct control_file *control;

	if (!ring)
		return;
	cmd->t = NULL;
	control = cmd->ctl->t;
	/* if another thread's was faster, that one is kept, and this one is what it gave for it */
	if (ring->is_over && !ring->is_cancelled)
		ring = atomic_exchange(&control->idle, ring);
	ring_free(ring);
}
