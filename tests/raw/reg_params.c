// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* SET_PARAMS from memory that is not all there, or not yet. */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reg.h"

static void get_params(struct reg *reg, struct ublk_params *params)
{
	int res;

	memset(params, 0, sizeof(*params));
	res = raw_get_params(&reg->ctrl, reg->info.dev_id, params);
	if (res < 0)
		raw_die(RAW_EXIT_FAIL, "GET_PARAMS: %s", raw_errno_name(res));
}

/* Its second half lies behind the end of what is mapped: what was there before must stay. */
int reg_params_fault(struct reg *reg)
{
	size_t page = sysconf(_SC_PAGESIZE), half = sizeof(struct ublk_params) / 2;
	struct ublk_params before, after, other;
	unsigned char *area;
	int res;

	area = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || mprotect(area + page, page, PROT_NONE))
		raw_die(RAW_EXIT_FAIL, "mmap");
	reg_add(reg, 4, 0, 16 << 20);
	get_params(reg, &before);

	raw_basic_params(&other, 1 << 20, 9, REG_BUF_BYTES);
	memcpy(area + page - half, &other, half);
	res = raw_set_params(&reg->ctrl, reg->info.dev_id, (void *)(area + page - half));
	if (res != -EFAULT)
		raw_die(RAW_EXIT_FAIL, "SET_PARAMS from half a structure: %d", res);
	get_params(reg, &after);
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): bytes are what the kernel gives */
	if (memcmp(&before, &after, sizeof(before)))
		raw_die(RAW_EXIT_FAIL, "a SET_PARAMS that failed changed them: %llu sectors",
			(unsigned long long)after.basic.dev_sectors);

	/* nor may one that is refused */
	other.basic.logical_bs_shift = 40;
	res = raw_set_params(&reg->ctrl, reg->info.dev_id, &other);
	if (res != -EINVAL)
		raw_die(RAW_EXIT_FAIL, "SET_PARAMS with a shift of 40: %d", res);
	get_params(reg, &after);
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	if (memcmp(&before, &after, sizeof(before)))
		raw_die(RAW_EXIT_FAIL, "a SET_PARAMS that was refused changed them");
	reg_del(reg);
	return 0;
}

struct setter {
	struct reg *reg;
	struct reg_uffd *uffd;
	struct raw_ctrl ctrl;
	pthread_t thread;
	int res;
};

static void *setter_main(void *arg)
{
	struct setter *s = arg;

	s->ctrl.timeout_ms = 3 * REG_PATIENCE_MS;
	s->res = raw_set_params(&s->ctrl, s->reg->info.dev_id, (void *)s->uffd->area);
	return NULL;
}

/* The page that SET_PARAMS reads from never comes: STOP and all the others must not wait. */
int reg_params_wait(struct reg *reg)
{
	struct reg_uffd uffd;
	struct setter setter = { .reg = reg, .uffd = &uffd };
	struct ublk_params params;

	reg_uffd_hide(&uffd, sysconf(_SC_PAGESIZE));
	raw_ctrl_open(&setter.ctrl);
	reg_add(reg, 4, UBLK_F_USER_RECOVERY, 16 << 20);
	if (pthread_create(&setter.thread, NULL, setter_main, &setter))
		raw_die(RAW_EXIT_FAIL, "no thread");
	if (!reg_uffd_wanted(&uffd))
		raw_die(RAW_EXIT_FAIL, "SET_PARAMS did not touch the page");
	get_params(reg, &params);
	reg_stop(reg);
	reg_del(reg);
	raw_basic_params((void *)uffd.pattern, 1 << 20, 9, REG_BUF_BYTES);
	reg_uffd_serve(&uffd);
	pthread_join(setter.thread, NULL);
	/* the device may be gone, and its parameters are nobody's then */
	if (setter.res != 0 && setter.res != -ENODEV && setter.res != -EACCES)
		raw_die(RAW_EXIT_FAIL, "SET_PARAMS, served late: %d", setter.res);
	raw_say("SET_PARAMS res=%d", setter.res);
	return 0;
}
