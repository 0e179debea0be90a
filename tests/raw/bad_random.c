// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Garbage: nothing is known of the right answer but that one comes, that it is
 * an errno user space may see, and that the healthy device does not notice.
 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "bad.h"

/* ERESTARTSYS and its like are the kernel's own */
#define LAST_ERRNO	511

static const uint32_t ctrl_ops[] = {
	UBLK_U_CMD_GET_QUEUE_AFFINITY, UBLK_U_CMD_GET_DEV_INFO, UBLK_U_CMD_ADD_DEV,
	UBLK_U_CMD_DEL_DEV, UBLK_U_CMD_START_DEV, UBLK_U_CMD_STOP_DEV, UBLK_U_CMD_SET_PARAMS,
	UBLK_U_CMD_GET_PARAMS, UBLK_U_CMD_START_USER_RECOVERY, UBLK_U_CMD_END_USER_RECOVERY,
	UBLK_U_CMD_GET_DEV_INFO2, UBLK_U_CMD_GET_FEATURES, UBLK_U_CMD_DEL_DEV_ASYNC,
	UBLK_U_CMD_UPDATE_SIZE, UBLK_U_CMD_QUIESCE_DEV, UBLK_U_CMD_TRY_STOP_DEV,
	UBLK_U_CMD_REG_BUF, UBLK_U_CMD_UNREG_BUF,
};

/* what even a right command of this kind would not change */
static bool is_harmless(uint32_t op)
{
	switch (op & 0xff) {
	case 0x01: case 0x02: case 0x08: case 0x09: case 0x10: case 0x11: case 0x12: case 0x13:
	case 0x18: case 0x19:
		return true;
	default:
		return false;
	}
}

static uint64_t random_addr(struct bad *b, void *good)
{
	switch (rig_random(b) % 6) {
	case 0: return (uintptr_t)b->unmapped;
	case 1: return (uintptr_t)b->edge;
	case 2: return (uintptr_t)b->read_only;
	case 3: return rig_random(b);
	case 4: return 0;
	default: return (uintptr_t)good;
	}
}

static uint64_t random_number(struct bad *b)
{
	switch (rig_random(b) % 4) {
	case 0: return rig_random(b) % 8;
	case 1: return rig_random(b);
	case 2: return getpid();
	default: return ~0ULL >> rig_random(b) % 64;
	}
}

static uint32_t random_id(struct bad *b, uint32_t op)
{
	switch (rig_random(b) % 4) {
	case 0: return is_harmless(op) ? b->healthy.info.dev_id : b->victim.dev_id;
	case 1: return (uint32_t)-1;
	/* well beyond the devices there are */
	case 2: return 1000 + (uint32_t)(rig_random(b) >> 16);
	default: return b->victim.dev_id;
	}
}

static void check_answer(struct bad *b, const char *what, uint32_t op, int res)
{
	if (res == RAW_NO_ANSWER)
		rig_failed(b, "%s 0x%x: neither answered nor cancelled", what, op);
	else if (res < -LAST_ERRNO)
		rig_failed(b, "%s 0x%x: res=%d is no errno for user space", what, op, res);
}

static void random_ctrl(struct bad *b)
{
	static unsigned char buffer[8192];
	struct ublksrv_ctrl_dev_info *info = (void *)buffer;
	uint32_t op = ctrl_ops[rig_random(b) % raw_array_size(ctrl_ops)];
	struct ublksrv_ctrl_cmd cmd;
	size_t i;
	int res;

	if (rig_random(b) % 4 == 0)
		op ^= 1u << rig_random(b) % 32;
	for (i = 0; i < sizeof(buffer); i += 8)
		memcpy(buffer + i, &(uint64_t){ random_number(b) }, 8);
	memset(&cmd, 0, sizeof(cmd));
	cmd.dev_id = random_id(b, op);
	cmd.queue_id = rig_random(b) % 2 ? 0xffff : rig_random(b);
	cmd.len = rig_random(b) % 2 ? rig_random(b) % 256 : rig_random(b);
	cmd.addr = random_addr(b, buffer);
	cmd.data[0] = random_number(b);
	cmd.dev_path_len = rig_random(b) % 4 ? 0 : rig_random(b);
	if (rig_random(b) % 4 == 0)
		cmd.reserved = rig_random(b);
	if (rig_random(b) % 2)
		info->dev_id = cmd.dev_id;

	res = raw_ctrl_issue(&b->ctrl, op, &cmd);
	check_answer(b, "control command", op, res);
	b->nr_random++;
	/* garbage may be a right ADD by chance */
	if (res >= 0 && (op & 0xff) == 0x04 && cmd.addr == (uintptr_t)buffer &&
	    info->dev_id != b->victim.dev_id && info->dev_id != b->healthy.info.dev_id)
		raw_simple(&b->ctrl, UBLK_U_CMD_DEL_DEV, info->dev_id, 0);
}

static void random_io(struct bad *b, struct io_uring *ring, int victim_fd, unsigned int *held)
{
	static unsigned char buffer[64 << 10];
	struct __kernel_timespec limit = { .tv_nsec = 20 * 1000000L };
	struct io_uring_sqe *sqe = raw_get_sqe(ring);
	uint32_t nr = rig_random(b) % 4 ? 0x20 + rig_random(b) % 8 : rig_random(b) & 0xff;
	uint32_t op = rig_random(b) % 2 ? _IOWR('u', 0, struct ublksrv_io_cmd) | nr : nr;
	struct ublksrv_io_cmd cmd = {
		.q_id = rig_random(b) % 2 ? rig_random(b) % 3 : rig_random(b),
		.tag = rig_random(b) % 2 ? rig_random(b) % 6 : rig_random(b),
		.result = rig_random(b),
		.addr = random_addr(b, buffer),
	};
	struct io_uring_cqe *cqe;

	server_prep_io(sqe, rig_random(b) % 2 ? victim_fd : b->healthy.cfd, op, &cmd);
	if (rig_random(b) % 4 == 0)
		sqe->flags |= IOSQE_ASYNC;
	io_uring_submit(ring);
	b->nr_random++;
	if (io_uring_wait_cqe_timeout(ring, &cqe, &limit) < 0) {
		/* only a FETCH of the victim that was right by chance is kept */
		if (++*held > VICTIM_DEPTH)
			rig_failed(b, "I/O command 0x%x: more are held than there are slots", op);
		return;
	}
	check_answer(b, "I/O command", op, cqe->res);
	io_uring_cqe_seen(ring, cqe);
}

void bad_random_round(struct bad *b, unsigned int nr)
{
	unsigned int timeout_ms = b->ctrl.timeout_ms;
	unsigned int i, held = 0;
	struct io_uring ring;
	int fd;

	/* a START or QUIESCE by chance has to wait: not for long here */
	b->ctrl.timeout_ms = 300;
	for (i = 0; i < nr; i++)
		random_ctrl(b);
	b->ctrl.timeout_ms = timeout_ms;
	rig_expect(b, "DEL after random commands",
		   raw_simple(&b->ctrl, UBLK_U_CMD_DEL_DEV, b->victim.dev_id, 0),
		   (const int[])EXPECT(0, -ENODEV));
	rig_new_victim(b);

	fd = raw_char_open(b->victim.dev_id, 10000);
	if (fd < 0 || io_uring_queue_init(64, &ring, 0) < 0)
		raw_die(RAW_EXIT_FAIL, "round %u: victim's node or ring", b->round);
	for (i = 0; i < nr; i++)
		random_io(b, &ring, fd, &held);
	rig_drop_victim(b);
	io_uring_queue_exit(&ring);
	close(fd);
	rig_new_victim(b);
}
