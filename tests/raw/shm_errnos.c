// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Every answer of REG_BUF and UNREG_BUF but those that need a server: a line "NAME ERRNO" each. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shm_client.h"

#define PAGE	4096UL

static struct raw_ctrl ctrl = { .fd = -1 };
static uint32_t id;

static void say(const char *name, int res)
{
	raw_say("%s %s", name, raw_errno_name(res));
}

/* one that succeeds is undone, so that the next one finds what this one did */
static void try_reg(const char *name, const struct ublk_shmem_buf_reg *reg, uint16_t len)
{
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = id, .queue_id = 0xffff, .addr = (uintptr_t)reg, .len = len,
	};
	int res = raw_ctrl_issue(&ctrl, UBLK_U_CMD_REG_BUF, &cmd);

	say(name, res);
	if (res >= 0)
		raw_simple(&ctrl, UBLK_U_CMD_UNREG_BUF, id, res);
}

static void try_memory(const char *name, const void *at, uint64_t len, uint32_t flags)
{
	const struct ublk_shmem_buf_reg reg = {
		.addr = (uintptr_t)at, .len = len, .flags = flags,
	};

	try_reg(name, &reg, sizeof(reg));
}

/* still root, but not above the limit of locked memory */
static void drop_ipc_lock(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) < 0)
		raw_die(RAW_EXIT_FAIL, "capget: %s", strerror(errno));
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	if (syscall(SYS_capset, &head, data) < 0)
		raw_die(RAW_EXIT_FAIL, "capset: %s", strerror(errno));
}

static void try_limit(unsigned char *at)
{
	struct rlimit limit = { 2 * PAGE, 2 * PAGE };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		raw_die(RAW_EXIT_FAIL, "setrlimit: %s", strerror(errno));
	try_memory("above-limit-with-capability", at, 3 * PAGE, 0);
	drop_ipc_lock();
	raw_ctrl_close(&ctrl);
	raw_ctrl_open(&ctrl);
	try_memory("above-limit", at, 3 * PAGE, 0);
	/* twice: what was given back does not count */
	try_memory("within-limit", at, 2 * PAGE, 0);
	try_memory("within-limit-again", at, 2 * PAGE, 0);
	say("within-limit-kept", raw_reg_buf(&ctrl, id, at, PAGE, 0));
	try_memory("above-limit-together", at + PAGE, 2 * PAGE, 0);
	say("unreg-kept", raw_simple(&ctrl, UBLK_U_CMD_UNREG_BUF, id, 0));
	try_memory("within-limit-at-last", at, 2 * PAGE, 0);
}

static void try_overlap(unsigned char *at)
{
	say("reg", raw_reg_buf(&ctrl, id, at, 4 * PAGE, 0));
	try_memory("same", at, 4 * PAGE, 0);
	try_memory("overlap-behind", at + 2 * PAGE, 4 * PAGE, 0);
	try_memory("read-only-overlap", at + PAGE, PAGE, UBLK_SHMEM_BUF_READ_ONLY);
	/* what an attempt that failed half way had taken is free again */
	try_memory("beside", at + 4 * PAGE, 4 * PAGE, 0);
	say("unreg-none", raw_simple(&ctrl, UBLK_U_CMD_UNREG_BUF, id, 1));
	say("unreg-beyond", raw_simple(&ctrl, UBLK_U_CMD_UNREG_BUF, id, 65536));
	say("unreg-huge", raw_simple(&ctrl, UBLK_U_CMD_UNREG_BUF, id, 1ULL << 32));
	say("unreg", raw_simple(&ctrl, UBLK_U_CMD_UNREG_BUF, id, 0));
	say("unreg-again", raw_simple(&ctrl, UBLK_U_CMD_UNREG_BUF, id, 0));
	try_memory("same-after-unreg", at, 4 * PAGE, 0);
}

int shm_errnos(const struct shm_args *args)
{
	struct ublk_shmem_buf_reg reg = { .len = PAGE };
	unsigned char *at, *hole, *ro, *twice;
	size_t len;

	id = args->id;
	at = shm_map(args->file, false, &len);
	ro = shm_map(args->file, true, &len);
	hole = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (hole == MAP_FAILED ||
	    mmap(hole + 2 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) == MAP_FAILED)
		raw_die(RAW_EXIT_FAIL, "mmap: %s", strerror(errno));
	twice = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mremap(twice, 0, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, twice + PAGE);
	raw_ctrl_open(&ctrl);
	ctrl.timeout_ms = 30000;

	reg.addr = (uintptr_t)at;
	try_reg("all-of-it", &(struct ublk_shmem_buf_reg){ .addr = reg.addr, .len = len },
		sizeof(reg));
	try_reg("short-header", &reg, sizeof(reg) - 1);
	try_reg("no-address", NULL, sizeof(reg));
	try_reg("bad-address", (void *)PAGE, sizeof(reg));
	try_memory("flag-2", at, PAGE, 2);
	try_reg("reserved", &(struct ublk_shmem_buf_reg){ .addr = reg.addr, .len = PAGE,
							  .reserved = 1 }, sizeof(reg));
	try_memory("len-0", at, 0, 0);
	try_memory("len-odd", at, PAGE + 512, 0);
	try_memory("addr-odd", at + 512, PAGE, 0);
	try_memory("above-4G", at, (1ULL << 32) + PAGE, 0);
	try_memory("unmapped", (void *)PAGE, PAGE, 0);
	try_memory("kernel", (void *)~0xfffffffUL, PAGE, 0);
	try_memory("hole", hole, 4 * PAGE, 0);
	try_memory("before-hole", hole, 2 * PAGE, 0);
	try_memory("read-only-mapping", ro, PAGE, 0);
	try_memory("read-only", ro, PAGE, UBLK_SHMEM_BUF_READ_ONLY);
	try_memory("page-twice", twice, 2 * PAGE, 0);
	try_overlap(at);
	try_limit(at);
	raw_say("done");
	return 0;
}

int shm_fill(const struct shm_args *args)
{
	unsigned char *at = mmap(NULL, (args->count + 1) * PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int n;
	int res = 0;

	if (at == MAP_FAILED)
		raw_die(RAW_EXIT_FAIL, "mmap: %s", strerror(errno));
	raw_ctrl_open(&ctrl);
	ctrl.timeout_ms = 30000;
	for (n = 0; n < args->count && res >= 0; n++)
		res = raw_reg_buf(&ctrl, args->id, at + n * PAGE, PAGE, 0);
	raw_say("registered=%u errno=%s", n - (res < 0), raw_errno_name(res));
	return 0;
}
