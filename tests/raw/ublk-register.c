// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The command line of the register's tester, and what its parts stand on. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reg.h"

static const struct {
	const char *name;
	int (*run)(struct reg *reg);
	const char *what;
} parts[] = {
	{ "fetch-race", reg_fetch_race, "A12: threads that FETCH the same tags at once" },
	{ "stop-fetch", reg_stop_fetch, "A8, A9, B16: STOP while FETCHes come" },
	{ "dead-slots", reg_dead_slots, "A9: a thread fetches half and is gone, then START" },
	{ "open-del", reg_open_del, "STOP and DEL against somebody who opens and fetches at once" },
	{ "get-data", reg_get_data, "A11: COMMIT without buffer where there was no request" },
	{ "params-fault", reg_params_fault, "C6: SET_PARAMS from memory that ends half way" },
	{ "params-wait", reg_params_wait, "SET_PARAMS from a page that does not come, and STOP" },
	{ "async-commits", reg_async_commits, "two COMMITs of one slot in io-wq: one may win" },
	{ "last-close", reg_last_close, "B11: the last reference to --disk is an aio read's" },
};

static void usage(FILE *to)
{
	size_t i;

	fprintf(to, "usage: ublk-register PART [--rounds N] [--id N (-1)] [--seed N]\n");
	for (i = 0; i < raw_array_size(parts); i++)
		fprintf(to, "  %-14s %s\n", parts[i].name, parts[i].what);
	fprintf(to, "exit: 0 as it must be, 1 not, 2 usage\n");
}

unsigned int reg_random(struct reg *reg, unsigned int limit)
{
	reg->seed = reg->seed * 6364136223846793005UL + 1442695040888963407UL;
	return (reg->seed >> 33) % limit;
}

void reg_add(struct reg *reg, unsigned int depth, uint64_t flags, uint64_t bytes)
{
	struct ublk_params params;
	int res;

	reg->info.nr_hw_queues = 1;
	reg->info.queue_depth = depth;
	reg->info.max_io_buf_bytes = REG_BUF_BYTES;
	reg->info.flags = flags;
	res = raw_add(&reg->ctrl, &reg->info);
	if (res < 0)
		raw_die(RAW_EXIT_FAIL, "ADD: %s", raw_errno_name(res));
	raw_basic_params(&params, bytes, 12, REG_BUF_BYTES);
	res = raw_set_params(&reg->ctrl, reg->info.dev_id, &params);
	if (res < 0)
		raw_die(RAW_EXIT_FAIL, "SET_PARAMS: %s", raw_errno_name(res));
}

void reg_open(struct reg *reg)
{
	reg->cfd = raw_char_open(reg->info.dev_id, REG_PATIENCE_MS);
	if (reg->cfd < 0)
		raw_die(RAW_EXIT_FAIL, "/dev/ublkc%u: %s", reg->info.dev_id, strerror(-reg->cfd));
}

void reg_close(struct reg *reg)
{
	close(reg->cfd);
	reg->cfd = -1;
}

static void simple(struct reg *reg, uint32_t op, const char *name)
{
	int res;

	reg->ctrl.timeout_ms = 2 * REG_PATIENCE_MS;
	res = raw_simple(&reg->ctrl, op, reg->info.dev_id, 0);
	if (res < 0)
		raw_die(RAW_EXIT_FAIL, "%s: %s", name, raw_errno_name(res));
}

void reg_stop(struct reg *reg)
{
	simple(reg, UBLK_U_CMD_STOP_DEV, "STOP");
}

void reg_del(struct reg *reg)
{
	simple(reg, UBLK_U_CMD_DEL_DEV, "DEL");
}

int reg_start(struct reg *reg, unsigned int timeout_ms)
{
	reg->ctrl.timeout_ms = timeout_ms;
	return raw_simple(&reg->ctrl, UBLK_U_CMD_START_DEV, reg->info.dev_id, getpid());
}

long reg_debug(const struct reg *reg, const char *key)
{
	char path[64], line[128];
	size_t len = strlen(key);
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/ublk/%u/device", reg->info.dev_id);
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, len) && line[len] == ':')
			value = atol(line + len + 1);
	fclose(f);
	return value;
}

void reg_queue_io(struct io_uring *ring, int fd, uint32_t op, unsigned int tag, int result,
		  const void *buf, unsigned int sqe_flags)
{
	struct io_uring_sqe *sqe = raw_get_sqe(ring);
	struct ublksrv_io_cmd cmd = { .tag = tag, .result = result, .addr = (uintptr_t)buf };

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->flags = sqe_flags;
	sqe->fd = fd;
	sqe->cmd_op = op;
	sqe->user_data = tag;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
}

bool reg_wait_some(struct io_uring *ring, unsigned int ms, unsigned int *ret_tag, int *ret_res)
{
	struct __kernel_timespec limit = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	struct io_uring_cqe *cqe;

	if (io_uring_wait_cqe_timeout(ring, &cqe, &limit) < 0)
		return false;
	*ret_tag = cqe->user_data;
	*ret_res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return true;
}

int reg_wait(struct io_uring *ring, unsigned int *ret_tag)
{
	int res;

	if (!reg_wait_some(ring, REG_PATIENCE_MS, ret_tag, &res))
		raw_die(RAW_EXIT_FAIL, "a command does not come back");
	return res;
}

void reg_uffd_hide(struct reg_uffd *u, size_t bytes)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	size_t page = sysconf(_SC_PAGESIZE);

	u->bytes = bytes;
	u->area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u->pattern = aligned_alloc(page, page);
	u->fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (u->fd < 0 || ioctl(u->fd, UFFDIO_API, &api) < 0)
		raw_die(RAW_EXIT_SKIP, "userfaultfd: %s", strerror(errno));
	range.range.start = (uintptr_t)u->area;
	range.range.len = bytes;
	if (u->area == MAP_FAILED || !u->pattern || ioctl(u->fd, UFFDIO_REGISTER, &range) < 0)
		raw_die(RAW_EXIT_FAIL, "userfaultfd region: %s", strerror(errno));
}

bool reg_uffd_wanted(struct reg_uffd *u)
{
	struct pollfd p = { .fd = u->fd, .events = POLLIN };

	return poll(&p, 1, REG_PATIENCE_MS) == 1;
}

/* All pages, whoever wants which. */
void reg_uffd_serve(struct reg_uffd *u)
{
	size_t page = sysconf(_SC_PAGESIZE), done;

	for (done = 0; done < u->bytes; done += page) {
		struct uffdio_copy copy = {
			.dst = (uintptr_t)u->area + done,
			.src = (uintptr_t)u->pattern,
			.len = page,
		};

		if (ioctl(u->fd, UFFDIO_COPY, &copy) < 0 && errno != EEXIST)
			raw_die(RAW_EXIT_FAIL, "UFFDIO_COPY: %s", strerror(errno));
	}
}

int main(int argc, char **argv)
{
	static struct reg reg;
	size_t i;
	int arg;

	reg.seed = raw_now_ms();
	reg.rounds = 20;
	reg.info.dev_id = (uint32_t)-1;
	reg.cfd = -1;
	for (arg = 2; arg + 1 < argc; arg += 2) {
		if (!strcmp(argv[arg], "--rounds"))
			reg.rounds = raw_number(argv[arg + 1], "--rounds");
		else if (!strcmp(argv[arg], "--id"))
			reg.info.dev_id = raw_number(argv[arg + 1], "--id");
		else if (!strcmp(argv[arg], "--seed"))
			reg.seed = raw_number(argv[arg + 1], "--seed");
		else
			break;
	}
	for (i = 0; argc > 1 && arg == argc && i < raw_array_size(parts); i++) {
		if (strcmp(parts[i].name, argv[1]))
			continue;
		raw_say("seed=%lu", reg.seed);
		raw_ctrl_open(&reg.ctrl);
		return parts[i].run(&reg);
	}
	usage(argc == 2 && !strcmp(argv[1], "--help") ? stdout : stderr);
	return argc == 2 && !strcmp(argv[1], "--help") ? 0 : RAW_EXIT_USAGE;
}
