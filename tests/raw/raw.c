// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Control commands of ublk without a library, and small helpers of the raw tools. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "raw.h"

#define RAW_PATH 64

/* user_data of the cancel that a timeout sends; commands use 1 */
enum { UD_COMMAND = 1, UD_CANCEL = 2 };

int raw_ctrl_try_open(struct raw_ctrl *ctrl)
{
	int ret;

	memset(ctrl, 0, sizeof(*ctrl));
	ctrl->fd = open("/dev/ublk-control", O_RDWR | O_CLOEXEC);
	if (ctrl->fd < 0)
		return -errno;
	ret = io_uring_queue_init(4, &ctrl->ring, IORING_SETUP_SQE128);
	if (ret < 0) {
		close(ctrl->fd);
		ctrl->fd = -1;
	}
	return ret;
}

void raw_ctrl_open(struct raw_ctrl *ctrl)
{
	int ret = raw_ctrl_try_open(ctrl);

	if (ret < 0)
		raw_die(RAW_EXIT_FAIL, "/dev/ublk-control or its ring: %s", strerror(-ret));
}

void raw_ctrl_close(struct raw_ctrl *ctrl)
{
	if (ctrl->fd < 0)
		return;
	io_uring_queue_exit(&ctrl->ring);
	close(ctrl->fd);
	ctrl->fd = -1;
}

/* Never NULL: a full queue is submitted, and that makes room. */
struct io_uring_sqe *raw_get_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe) {
		io_uring_submit(ring);
		sqe = io_uring_get_sqe(ring);
	}
	if (!sqe)
		raw_die(RAW_EXIT_FAIL, "submission queue stays full");
	return sqe;
}

/* Reap completions until the command's own; *ret_res only then. */
static int wait_answer(struct raw_ctrl *ctrl, unsigned int timeout_ms, int *ret_res)
{
	struct __kernel_timespec ts = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = (timeout_ms % 1000) * 1000000L,
	};
	struct io_uring_cqe *cqe;

	for (;;) {
		int ret = timeout_ms ? io_uring_wait_cqe_timeout(&ctrl->ring, &cqe, &ts)
				     : io_uring_wait_cqe(&ctrl->ring, &cqe);
		uint64_t what;

		if (ret == -EINTR)
			continue;
		if (ret < 0)
			return ret;
		what = io_uring_cqe_get_data64(cqe);
		if (what == UD_COMMAND)
			*ret_res = cqe->res;
		io_uring_cqe_seen(&ctrl->ring, cqe);
		if (what == UD_COMMAND)
			return 0;
	}
}

/* The handler runs in a worker of io_uring: there has to be one that can be told to fail. */
static void wake_worker(struct raw_ctrl *ctrl)
{
	const struct ublksrv_ctrl_cmd nobody = { .dev_id = UINT32_MAX - 1 };

	raw_ctrl_issue(ctrl, UBLK_U_CMD_STOP_DEV, &nobody);
	usleep(20000);
}

static int submit_and_wait(struct raw_ctrl *ctrl, int *ret_res)
{
	int ret = io_uring_submit(&ctrl->ring);

	return ret < 0 ? ret : wait_answer(ctrl, ctrl->timeout_ms, ret_res);
}

static int submit_and_fail(struct raw_ctrl *ctrl, int *ret_res)
{
	struct fault fault;
	int ret;

	fault_arm(&fault, ctrl->fail_nth);
	ret = submit_and_wait(ctrl, ret_res);
	ctrl->failed_nth = fault_disarm(&fault);
	ctrl->fail_nth = 0;
	/* what was not taken goes with whatever comes next: have it answered now */
	return ret < 0 && ret != -ETIME ? submit_and_wait(ctrl, ret_res) : ret;
}

static const char *char_path(uint32_t id, char path[RAW_PATH])
{
	snprintf(path, RAW_PATH, "/dev/ublkc%u", id);
	return path;
}

/* The same command with the node's path ahead of what was its payload. */
static struct ublksrv_ctrl_cmd put_path(struct raw_ctrl *ctrl, const struct ublksrv_ctrl_cmd *cmd)
{
	struct ublksrv_ctrl_cmd out = *cmd;
	char path[RAW_PATH];

	out.dev_path_len = strlen(char_path(cmd->dev_id, path)) + 1;
	if (out.dev_path_len + cmd->len > sizeof(ctrl->payload))
		raw_die(RAW_EXIT_FAIL, "the payload is too long for this tool");
	memcpy(ctrl->payload, path, out.dev_path_len);
	if (cmd->len)
		memcpy(ctrl->payload + out.dev_path_len, (void *)(uintptr_t)cmd->addr, cmd->len);
	out.addr = (uintptr_t)ctrl->payload;
	out.len = out.dev_path_len + cmd->len;
	return out;
}

static int issue(struct raw_ctrl *ctrl, uint32_t op, const struct ublksrv_ctrl_cmd *cmd)
{
	const unsigned int nth = ctrl->fail_nth;
	struct io_uring_sqe *sqe;
	int res = RAW_NO_ANSWER;
	int ret;

	ctrl->fail_nth = 0;
	if (nth)
		wake_worker(ctrl);
	ctrl->fail_nth = nth;
	sqe = raw_get_sqe(&ctrl->ring);
	ctrl->timed_out = false;
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = ctrl->fd;
	sqe->cmd_op = ctrl->legacy ? op & 0xff : op;
	sqe->user_data = UD_COMMAND;
	memcpy(sqe->cmd, cmd, sizeof(*cmd));

	ret = nth ? submit_and_fail(ctrl, &res) : submit_and_wait(ctrl, &res);
	if (ret == 0)
		return res;
	if (ret != -ETIME)
		return ret;

	ctrl->timed_out = true;
	sqe = raw_get_sqe(&ctrl->ring);
	memset(sqe, 0, 2 * sizeof(*sqe));
	io_uring_prep_cancel64(sqe, UD_COMMAND, 0);
	sqe->user_data = UD_CANCEL;
	ret = io_uring_submit(&ctrl->ring);
	if (ret < 0)
		return ret;
	/* generous: a handler that ignores the cancel is a finding */
	ret = wait_answer(ctrl, 5000, &res);
	return ret == 0 ? res : RAW_NO_ANSWER;
}

/**
 * raw_ctrl_issue() - send one control command and wait for its result
 * @ctrl: from raw_ctrl_open()
 * @op: encoded number; with ctrl->legacy only its lowest byte is sent
 * @cmd: header, passed as it is
 *
 * Return: cqe->res.  When the time is over the command is cancelled and
 * ctrl->timed_out set; RAW_NO_ANSWER if not even that brought it back, and
 * then buffers of the command must not be reused.
 */
int raw_ctrl_issue(struct raw_ctrl *ctrl, uint32_t op, const struct ublksrv_ctrl_cmd *cmd)
{
	struct ublksrv_ctrl_cmd pathed;
	int res;

	if (!ctrl->with_path || op == UBLK_U_CMD_ADD_DEV || op == UBLK_U_CMD_GET_FEATURES)
		return issue(ctrl, op, cmd);
	pathed = put_path(ctrl, cmd);
	res = issue(ctrl, op, &pathed);
	if (res >= 0 && (op == UBLK_U_CMD_GET_DEV_INFO || op == UBLK_U_CMD_GET_PARAMS))
		memcpy((void *)(uintptr_t)cmd->addr, ctrl->payload + pathed.dev_path_len, cmd->len);
	return res;
}

int raw_add(struct raw_ctrl *ctrl, struct ublksrv_ctrl_dev_info *info)
{
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = info->dev_id,
		.queue_id = 0xffff,
		.addr = (uintptr_t)info,
		.len = sizeof(*info),
	};

	return raw_ctrl_issue(ctrl, UBLK_U_CMD_ADD_DEV, &cmd);
}

int raw_info(struct raw_ctrl *ctrl, uint32_t id, struct ublksrv_ctrl_dev_info *info)
{
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = id,
		.queue_id = 0xffff,
		.addr = (uintptr_t)info,
		.len = sizeof(*info),
	};

	return raw_ctrl_issue(ctrl, UBLK_U_CMD_GET_DEV_INFO, &cmd);
}

int raw_set_params(struct raw_ctrl *ctrl, uint32_t id, const struct ublk_params *params)
{
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = id,
		.queue_id = 0xffff,
		.addr = (uintptr_t)params,
		.len = sizeof(*params),
	};

	return raw_ctrl_issue(ctrl, UBLK_U_CMD_SET_PARAMS, &cmd);
}

int raw_get_params(struct raw_ctrl *ctrl, uint32_t id, struct ublk_params *params)
{
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = id,
		.queue_id = 0xffff,
		.addr = (uintptr_t)params,
		.len = sizeof(*params),
	};

	params->len = sizeof(*params);
	return raw_ctrl_issue(ctrl, UBLK_U_CMD_GET_PARAMS, &cmd);
}

int raw_simple(struct raw_ctrl *ctrl, uint32_t op, uint32_t id, uint64_t data)
{
	struct ublksrv_ctrl_cmd cmd = { .dev_id = id, .queue_id = 0xffff, .data = { data } };

	return raw_ctrl_issue(ctrl, op, &cmd);
}

int raw_reg_buf(struct raw_ctrl *ctrl, uint32_t id, const void *at, uint64_t len, uint32_t flags)
{
	struct ublk_shmem_buf_reg reg = { .addr = (uintptr_t)at, .len = len, .flags = flags };
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = id,
		.queue_id = 0xffff,
		.addr = (uintptr_t)&reg,
		.len = sizeof(reg),
	};

	return raw_ctrl_issue(ctrl, UBLK_U_CMD_REG_BUF, &cmd);
}

void raw_basic_params(struct ublk_params *params, uint64_t bytes, unsigned int bs_shift,
		      unsigned int max_io_bytes)
{
	memset(params, 0, sizeof(*params));
	params->len = sizeof(*params);
	params->types = UBLK_PARAM_TYPE_BASIC;
	params->basic.logical_bs_shift = bs_shift;
	params->basic.physical_bs_shift = bs_shift > 12 ? bs_shift : 12;
	params->basic.io_min_shift = bs_shift;
	params->basic.io_opt_shift = 12;
	params->basic.max_sectors = max_io_bytes >> 9;
	params->basic.dev_sectors = bytes >> 9;
}

/* The node appears a moment after the command that made it: devtmpfs, udev. */
static int open_node(const char *path, int flags, unsigned int wait_ms)
{
	uint64_t end = raw_now_ms() + wait_ms;

	for (;;) {
		int fd = open(path, flags | O_CLOEXEC);

		if (fd >= 0)
			return fd;
		/* EBUSY: release of an earlier server's file is not done yet */
		if ((errno != ENOENT && errno != EBUSY && errno != ENXIO) || raw_now_ms() >= end)
			return -errno;
		usleep(2000);
	}
}

int raw_char_open(uint32_t id, unsigned int wait_ms)
{
	char path[RAW_PATH];

	return open_node(char_path(id, path), O_RDWR, wait_ms);
}

int raw_char_wait_granted(uint32_t id, unsigned int wait_ms)
{
	uint64_t end = raw_now_ms() + wait_ms;
	char path[RAW_PATH];

	char_path(id, path);
	while (access(path, R_OK | W_OK) < 0) {
		if ((errno != ENOENT && errno != EACCES) || raw_now_ms() >= end)
			return -errno;
		usleep(2000);
	}
	return 0;
}

int raw_block_open(uint32_t id, int flags, unsigned int wait_ms)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/ublkb%u", id);
	return open_node(path, flags, wait_ms);
}

static size_t page_round(size_t bytes)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

static size_t desc_size(const struct ublksrv_ctrl_dev_info *info)
{
	return info->io_desc_size ? info->io_desc_size : sizeof(struct ublksrv_io_desc);
}

size_t raw_desc_bytes(const struct ublksrv_ctrl_dev_info *info)
{
	return page_round(info->queue_depth * desc_size(info));
}

uint64_t raw_desc_offset(const struct ublksrv_ctrl_dev_info *info, unsigned int queue)
{
	return UBLKSRV_CMD_BUF_OFFSET +
	       (uint64_t)queue * page_round(UBLK_MAX_QUEUE_DEPTH * desc_size(info));
}
