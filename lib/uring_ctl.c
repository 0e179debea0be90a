/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Control commands on io_uring.
 *
 * Every command has a ring of its own. That costs some hundred microseconds on a path that is
 * never hot, and in return no lock, no shared completion queue, and a command that hangs cannot
 * get in the way of the one that would end it. Closing a ring cancels what is on it, which is
 * what becomes of commands that nobody waits for when the process ends.
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

struct control_file {
	int fd;
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
				      "(CAP_SYS_ADMIN)");
	default:
		return ublk_set_error(err, CONTROL_NODE ": %s", strerror(err));
	}
}

int ublk_uring_open(void **ret_t)
{
	struct control_file *control = malloc(sizeof(*control));

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

void ublk_uring_close(void *t)
{
	struct control_file *control = t;

	close(control->fd);
	free(control);
}

int ublk_uring_cmd_submit(struct ublk_cmd *cmd)
{
	struct control_file *control = cmd->ctl->t;
	struct io_uring *ring = calloc(1, sizeof(*ring));
	struct io_uring_sqe *sqe;
	int r;

	if (!ring)
		return ublk_set_error(ENOMEM, "out of memory");
	r = io_uring_queue_init(2, ring, IORING_SETUP_SQE128);
	if (r < 0) {
		free(ring);
		return ublk_uring_setup_error(r);
	}
	sqe = io_uring_get_sqe(ring);
	if (!sqe)			/* impossible in an empty ring, but not for the compiler */
		abort();
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = control->fd;
	sqe->cmd_op = cmd->op;
	sqe->user_data = COMMAND_KEY;
	memcpy(sqe->cmd, &cmd->header, sizeof(cmd->header));
	r = io_uring_submit(ring);
	if (r != 1) {
		io_uring_queue_exit(ring);
		free(ring);
		return ublk_set_error(r < 0 ? r : -EAGAIN, "io_uring_submit: %s",
				      strerror(r < 0 ? -r : EAGAIN));
	}
	cmd->t = ring;
	return 0;
}

static bool reap(struct io_uring *ring, int *ret_res)
{
	struct io_uring_cqe *cqe;
	bool is_over = false;

	while (!io_uring_peek_cqe(ring, &cqe)) {
		if (cqe->user_data == COMMAND_KEY) {
			*ret_res = cqe->res;
			is_over = true;
		}
		io_uring_cqe_seen(ring, cqe);
	}
	return is_over;
}

int ublk_uring_cmd_wait(struct ublk_cmd *cmd, int timeout_ms, int interrupt_fd)
{
	int64_t deadline = ublk_deadline(timeout_ms);
	struct io_uring *ring = cmd->t;
	struct pollfd fds[2] = {
		{ .fd = ring->ring_fd, .events = POLLIN },
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
	struct io_uring *ring = cmd->t;
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return;
	memset(sqe, 0, 2 * sizeof(*sqe));
	io_uring_prep_cancel64(sqe, COMMAND_KEY, 0);
	io_uring_submit(ring);
}

int ublk_uring_cmd_fd(const struct ublk_cmd *cmd)
{
	return ((struct io_uring *)cmd->t)->ring_fd;
}

void ublk_uring_cmd_release(struct ublk_cmd *cmd)
{
	if (!cmd->t)
		return;
	io_uring_queue_exit(cmd->t);
	free(cmd->t);
	cmd->t = NULL;
}
