// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Malformed control commands, and the errno that each has to get. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bad.h"

#define NO_SUCH_ID	900001u

enum target { HEALTHY, VICTIM, NOBODY, ANY_ID, TOO_BIG, ALMOST_ANY };
/* what is at addr: a good buffer, or one of the traps */
enum memory { GOOD, NOWHERE, UNMAPPED, READ_ONLY, EDGE, KERNEL, WRAPPING };

struct row {
	const char *name;
	uint32_t op;
	enum target target;
	enum memory memory;
	uint16_t len;
	uint64_t data;
	int expected[BAD_MAX_EXPECTED + 1];
	uint16_t queue_id;		/* 0: 0xffff is sent, what ADD wants */
	uint16_t path_len;
	const char *path;
};

#define INFO_LEN	sizeof(struct ublksrv_ctrl_dev_info)
#define PARAMS_LEN	sizeof(struct ublk_params)
#define OP(name)	UBLK_U_CMD_##name
#define ROW(name_, op_, target_, memory_, len_, data_, expected_, ...)			\
	{ .name = name_, .op = op_, .target = target_, .memory = memory_, .len = len_,	\
	  .data = data_, .expected = expected_, ##__VA_ARGS__ }

static const struct row rows[] = {
	ROW("INFO short", OP(GET_DEV_INFO), HEALTHY, GOOD, INFO_LEN - 1, 0, EXPECT(-EINVAL)),
	ROW("INFO len 0", OP(GET_DEV_INFO), HEALTHY, GOOD, 0, 0, EXPECT(-EINVAL)),
	ROW("INFO addr 0", OP(GET_DEV_INFO), HEALTHY, NOWHERE, INFO_LEN, 0, EXPECT(-EINVAL)),
	ROW("INFO unmapped", OP(GET_DEV_INFO), HEALTHY, UNMAPPED, INFO_LEN, 0, EXPECT(-EFAULT)),
	ROW("INFO read only", OP(GET_DEV_INFO), HEALTHY, READ_ONLY, INFO_LEN, 0, EXPECT(-EFAULT)),
	ROW("INFO over the edge", OP(GET_DEV_INFO), HEALTHY, EDGE, INFO_LEN, 0, EXPECT(-EFAULT)),
	ROW("INFO kernel", OP(GET_DEV_INFO), HEALTHY, KERNEL, INFO_LEN, 0, EXPECT(-EFAULT)),
	ROW("INFO wrapping", OP(GET_DEV_INFO), HEALTHY, WRAPPING, INFO_LEN, 0, EXPECT(-EFAULT)),
	ROW("INFO nobody", OP(GET_DEV_INFO), NOBODY, GOOD, INFO_LEN, 0, EXPECT(-ENODEV)),
	ROW("INFO id -1", OP(GET_DEV_INFO), ANY_ID, GOOD, INFO_LEN, 0, EXPECT(-ENODEV, -EINVAL)),
	ROW("INFO2 no path", OP(GET_DEV_INFO2), HEALTHY, GOOD, INFO_LEN, 0, EXPECT(-EINVAL)),
	ROW("INFO2 other path", OP(GET_DEV_INFO2), HEALTHY, GOOD, 10 + INFO_LEN, 0,
	    EXPECT(-EPERM), .path_len = 10, .path = "/dev/null"),
	ROW("INFO2 no such path", OP(GET_DEV_INFO2), HEALTHY, GOOD, 10 + INFO_LEN, 0,
	    EXPECT(-ENOENT, -EPERM, -EINVAL), .path_len = 10, .path = "/dev/nuLL"),
	ROW("INFO2 path longer than len", OP(GET_DEV_INFO2), HEALTHY, GOOD, 8, 0,
	    EXPECT(-EINVAL), .path_len = 10, .path = "/dev/null"),
	ROW("INFO2 path too long", OP(GET_DEV_INFO2), HEALTHY, GOOD, 5000, 0,
	    EXPECT(-EINVAL), .path_len = 4097, .path = "/dev/null"),
	ROW("INFO2 unmapped", OP(GET_DEV_INFO2), HEALTHY, UNMAPPED, 10 + INFO_LEN, 0,
	    EXPECT(-EFAULT), .path_len = 10, .path = ""),
	ROW("AFFINITY len 0", OP(GET_QUEUE_AFFINITY), HEALTHY, GOOD, 0, 0, EXPECT(-EINVAL)),
	ROW("AFFINITY odd len", OP(GET_QUEUE_AFFINITY), HEALTHY, GOOD, 127, 0, EXPECT(-EINVAL)),
	ROW("AFFINITY addr 0", OP(GET_QUEUE_AFFINITY), HEALTHY, NOWHERE, 128, 0, EXPECT(-EINVAL)),
	ROW("AFFINITY queue", OP(GET_QUEUE_AFFINITY), HEALTHY, GOOD, 128, 4096, EXPECT(-EINVAL)),
	ROW("AFFINITY queue -1", OP(GET_QUEUE_AFFINITY), HEALTHY, GOOD, 128, -1, EXPECT(-EINVAL)),
	ROW("AFFINITY queue 2^32", OP(GET_QUEUE_AFFINITY), HEALTHY, GOOD, 128, 1ULL << 32,
	    EXPECT(-EINVAL)),
	ROW("AFFINITY unmapped", OP(GET_QUEUE_AFFINITY), HEALTHY, UNMAPPED, 128, 0,
	    EXPECT(-EFAULT)),
	ROW("AFFINITY nobody", OP(GET_QUEUE_AFFINITY), NOBODY, GOOD, 128, 0, EXPECT(-ENODEV)),
	ROW("FEATURES len 4", OP(GET_FEATURES), ANY_ID, GOOD, 4, 0, EXPECT(-EINVAL)),
	ROW("FEATURES len 16", OP(GET_FEATURES), ANY_ID, GOOD, 16, 0, EXPECT(-EINVAL)),
	ROW("FEATURES addr 0", OP(GET_FEATURES), ANY_ID, NOWHERE, 8, 0, EXPECT(-EINVAL, -EFAULT)),
	ROW("FEATURES unmapped", OP(GET_FEATURES), ANY_ID, UNMAPPED, 8, 0, EXPECT(-EFAULT)),
	ROW("START live", OP(START_DEV), HEALTHY, GOOD, 0, 1, EXPECT(-EEXIST, -EINVAL)),
	ROW("START pid 0", OP(START_DEV), VICTIM, GOOD, 0, 0, EXPECT(-EINVAL)),
	ROW("START pid -1", OP(START_DEV), VICTIM, GOOD, 0, -1, EXPECT(-EINVAL)),
	ROW("START pid 2^32", OP(START_DEV), VICTIM, GOOD, 0, 1ULL << 32, EXPECT(-EINVAL)),
	ROW("START no params", OP(START_DEV), VICTIM, GOOD, 0, 1, EXPECT(-EINVAL)),
	ROW("START nobody", OP(START_DEV), NOBODY, GOOD, 0, 1, EXPECT(-ENODEV)),
	ROW("RECOVERY live", OP(START_USER_RECOVERY), HEALTHY, GOOD, 0, 0, EXPECT(-EBUSY)),
	ROW("RECOVERY off", OP(START_USER_RECOVERY), VICTIM, GOOD, 0, 0, EXPECT(-EINVAL, -EBUSY)),
	ROW("RECOVERY nobody", OP(START_USER_RECOVERY), NOBODY, GOOD, 0, 0, EXPECT(-ENODEV)),
	ROW("END live", OP(END_USER_RECOVERY), HEALTHY, GOOD, 0, 1, EXPECT(-EBUSY, -EINVAL)),
	ROW("END pid 0", OP(END_USER_RECOVERY), HEALTHY, GOOD, 0, 0, EXPECT(-EINVAL, -EBUSY)),
	ROW("END off", OP(END_USER_RECOVERY), VICTIM, GOOD, 0, 1, EXPECT(-EINVAL, -EBUSY)),
	ROW("END nobody", OP(END_USER_RECOVERY), NOBODY, GOOD, 0, 1, EXPECT(-ENODEV)),
	ROW("QUIESCE no flag", OP(QUIESCE_DEV), HEALTHY, GOOD, 0, 1, EXPECT(-EOPNOTSUPP)),
	ROW("QUIESCE nobody", OP(QUIESCE_DEV), NOBODY, GOOD, 0, 1, EXPECT(-ENODEV)),
	ROW("SIZE no disk", OP(UPDATE_SIZE), VICTIM, GOOD, 0, 8, EXPECT(-ENODEV)),
	ROW("SIZE nobody", OP(UPDATE_SIZE), NOBODY, GOOD, 0, 8, EXPECT(-ENODEV)),
	ROW("TRY_STOP opened", OP(TRY_STOP_DEV), HEALTHY, GOOD, 0, 0, EXPECT(-EBUSY)),
	ROW("TRY_STOP no disk", OP(TRY_STOP_DEV), VICTIM, GOOD, 0, 0, EXPECT(-ENODEV)),
	ROW("STOP nobody", OP(STOP_DEV), NOBODY, GOOD, 0, 0, EXPECT(-ENODEV)),
	ROW("DEL nobody", OP(DEL_DEV), NOBODY, GOOD, 0, 0, EXPECT(-ENODEV)),
	ROW("DEL id -1", OP(DEL_DEV), ANY_ID, GOOD, 0, 0, EXPECT(-ENODEV, -EINVAL)),
	ROW("DEL_ASYNC nobody", OP(DEL_DEV_ASYNC), NOBODY, GOOD, 0, 0, EXPECT(-ENODEV)),
	ROW("REG_BUF", OP(REG_BUF), HEALTHY, GOOD, 24, 0, EXPECT(-EOPNOTSUPP)),
	ROW("UNREG_BUF", OP(UNREG_BUF), HEALTHY, GOOD, 0, 0, EXPECT(-EOPNOTSUPP)),
	ROW("number 0x3f", _IOWR('u', 0x3f, struct ublksrv_ctrl_cmd), HEALTHY, GOOD, 0, 0,
	    EXPECT(-EOPNOTSUPP)),
	ROW("number 0", _IOWR('u', 0, struct ublksrv_ctrl_cmd), HEALTHY, GOOD, 0, 0,
	    EXPECT(-EOPNOTSUPP)),
	ROW("number 3, bare", 3, HEALTHY, GOOD, 0, 0, EXPECT(-EOPNOTSUPP)),
	ROW("type x", _IOWR('x', 0x02, struct ublksrv_ctrl_cmd), HEALTHY, GOOD, INFO_LEN, 0,
	    EXPECT(-EOPNOTSUPP)),
	ROW("an I/O command", UBLK_U_IO_FETCH_REQ, HEALTHY, GOOD, 0, 0, EXPECT(-EOPNOTSUPP)),
	ROW("ADD queue_id 0", OP(ADD_DEV), ANY_ID, GOOD, INFO_LEN, 0,
	    EXPECT(-EINVAL), .queue_id = 1),
	ROW("ADD short", OP(ADD_DEV), ANY_ID, GOOD, INFO_LEN - 1, 0, EXPECT(-EINVAL)),
	ROW("ADD addr 0", OP(ADD_DEV), ANY_ID, NOWHERE, INFO_LEN, 0, EXPECT(-EINVAL, -EFAULT)),
	ROW("ADD unmapped", OP(ADD_DEV), ANY_ID, UNMAPPED, INFO_LEN, 0, EXPECT(-EFAULT)),
	ROW("ADD kernel", OP(ADD_DEV), ANY_ID, KERNEL, INFO_LEN, 0, EXPECT(-EFAULT)),
	ROW("ADD over the edge", OP(ADD_DEV), ANY_ID, EDGE, INFO_LEN, 0, EXPECT(-EFAULT)),
	ROW("ADD taken id", OP(ADD_DEV), HEALTHY, GOOD, INFO_LEN, 0, EXPECT(-EEXIST)),
	ROW("ADD id 2^20", OP(ADD_DEV), TOO_BIG, GOOD, INFO_LEN, 0, EXPECT(-EINVAL)),
	ROW("ADD id -2", OP(ADD_DEV), ALMOST_ANY, GOOD, INFO_LEN, 0, EXPECT(-EINVAL)),
};

/* wrong values in ADD_DEV's payload; whatever is not named is right */
static const struct {
	const char *name;
	uint16_t queues, depth;
	uint64_t flags;
	int header_id_differs;
} adds[] = {
	{ "ADD 0 queues", 0, 8, 0, 0 },
	{ "ADD 4097 queues", 4097, 8, 0, 0 },
	{ "ADD depth 0", 1, 0, 0, 0 },
	{ "ADD depth 4097", 1, 4097, 0, 0 },
	{ "ADD depth 65535", 1, 65535, 0, 0 },
	{ "ADD two ids", 1, 8, 0, 1 },
	{ "ADD reissue alone", 1, 8, UBLK_F_USER_RECOVERY_REISSUE, 0 },
	{ "ADD fail-io alone", 1, 8, UBLK_F_USER_RECOVERY_FAIL_IO, 0 },
	{ "ADD reissue and fail-io", 1, 8, UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE |
	  UBLK_F_USER_RECOVERY_FAIL_IO, 0 },
	{ "ADD quiesce alone", 1, 8, UBLK_F_QUIESCE, 0 },
};

static uint32_t target_id(const struct bad *b, enum target target)
{
	switch (target) {
	case HEALTHY: return b->healthy.info.dev_id;
	case VICTIM: return b->victim.dev_id;
	case NOBODY: return NO_SUCH_ID;
	case TOO_BIG: return 1u << 20;
	case ALMOST_ANY: return (uint32_t)-2;
	default: return (uint32_t)-1;
	}
}

static uint64_t memory_addr(const struct bad *b, enum memory memory, void *good)
{
	switch (memory) {
	case NOWHERE: return 0;
	case UNMAPPED: return (uintptr_t)b->unmapped;
	case READ_ONLY: return (uintptr_t)b->read_only;
	case EDGE: return (uintptr_t)b->edge;
	case KERNEL: return 0xffff888000000000ULL;
	case WRAPPING: return 0xffffffffffffffe0ULL;
	default: return (uintptr_t)good;
	}
}

static void try_row(struct bad *b, const struct row *row)
{
	static unsigned char buffer[8192];
	struct ublksrv_ctrl_dev_info *info = (void *)buffer;
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = target_id(b, row->target),
		.queue_id = row->queue_id ? 0 : 0xffff,
		.len = row->len,
		.addr = memory_addr(b, row->memory, buffer),
		.data = { row->data },
		.dev_path_len = row->path_len,
	};

	memset(buffer, 0, sizeof(buffer));
	if (row->path) {
		strcpy((char *)buffer, row->path);
	} else {
		info->dev_id = cmd.dev_id;
		info->nr_hw_queues = 1;
		info->queue_depth = 4;
		info->max_io_buf_bytes = 64 << 10;
	}
	rig_expect(b, row->name, raw_ctrl_issue(&b->ctrl, row->op, &cmd), row->expected);
}

/* The reply of ADD cannot be written: the device must not stay. */
static void add_without_reply(struct bad *b)
{
	static const int fault[] = EXPECT(-EFAULT), gone[] = EXPECT(-ENODEV);
	struct ublksrv_ctrl_dev_info *info = (void *)b->read_only, check;
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = NO_SUCH_ID - 1,
		.queue_id = 0xffff,
		.len = INFO_LEN,
		.addr = (uintptr_t)info,
	};
	size_t page = sysconf(_SC_PAGESIZE);

	mprotect(info, page, PROT_READ | PROT_WRITE);
	memset(info, 0, sizeof(*info));
	info->dev_id = cmd.dev_id;
	info->nr_hw_queues = 1;
	info->queue_depth = 4;
	info->max_io_buf_bytes = 64 << 10;
	mprotect(info, page, PROT_READ);
	rig_expect(b, "ADD reply to read only memory", raw_ctrl_issue(&b->ctrl, OP(ADD_DEV), &cmd),
		   fault);
	rig_expect(b, "after an ADD that failed", raw_info(&b->ctrl, cmd.dev_id, &check), gone);
}

static void try_adds(struct bad *b)
{
	static const int invalid[] = EXPECT(-EINVAL);
	size_t i;

	for (i = 0; i < raw_array_size(adds); i++) {
		struct ublksrv_ctrl_dev_info info = {
			.dev_id = (uint32_t)-1,
			.nr_hw_queues = adds[i].queues,
			.queue_depth = adds[i].depth,
			.max_io_buf_bytes = 64 << 10,
			.flags = adds[i].flags,
		};
		struct ublksrv_ctrl_cmd cmd = {
			.dev_id = adds[i].header_id_differs ? NO_SUCH_ID : (uint32_t)-1,
			.queue_id = 0xffff,
			.len = INFO_LEN,
			.addr = (uintptr_t)&info,
		};
		int res = raw_ctrl_issue(&b->ctrl, OP(ADD_DEV), &cmd);

		rig_expect(b, adds[i].name, res, invalid);
		if (res >= 0)
			raw_simple(&b->ctrl, OP(DEL_DEV), info.dev_id, 0);
	}
}

/* State and pid in the request are the driver's to say (C1). */
static void add_forged(struct bad *b)
{
	static const int fine[] = EXPECT(0);
	struct ublksrv_ctrl_dev_info info = {
		.dev_id = (uint32_t)-1,
		.nr_hw_queues = 1,
		.queue_depth = 4,
		.state = UBLK_S_DEV_LIVE,
		.ublksrv_pid = 1,
		.io_desc_size = 32,
		.max_io_buf_bytes = 64 << 10,
		.flags = ~(UBLK_F_UNPRIVILEGED_DEV | UBLK_F_USER_RECOVERY |
			   UBLK_F_USER_RECOVERY_REISSUE | UBLK_F_USER_RECOVERY_FAIL_IO |
			   UBLK_F_QUIESCE | 0ULL),
	};

	rig_expect(b, "ADD forged", raw_add(&b->ctrl, &info), fine);
	if (info.state != UBLK_S_DEV_DEAD || info.ublksrv_pid != -1)
		rig_failed(b, "ADD took state %u and pid %d", info.state, info.ublksrv_pid);
	if (info.flags >> 32)
		rig_failed(b, "ADD granted unknown flags 0x%llx", (unsigned long long)info.flags);
	rig_expect(b, "STOP of a forged device",
		   raw_simple(&b->ctrl, OP(STOP_DEV), info.dev_id, 0), fine);
	rig_expect(b, "DEL of a forged device",
		   raw_simple(&b->ctrl, OP(DEL_DEV), info.dev_id, 0), fine);
}

void bad_ctrl_round(struct bad *b)
{
	size_t i;

	for (i = 0; i < raw_array_size(rows); i++)
		try_row(b, &rows[i]);
	try_adds(b);
	add_without_reply(b);
	add_forged(b);
}
