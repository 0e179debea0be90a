/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * ublk-register: what entries of docs/register.md need that no ordinary server does, each in a
 * function of its own. They judge by themselves: 0, or a sentence and RAW_EXIT_FAIL.
 */
#ifndef UBLK_TESTS_RAW_REG_H
#define UBLK_TESTS_RAW_REG_H

#include "raw.h"

#define REG_BUF_BYTES	(64u << 10)
#define REG_MAX_DEPTH	64

/* how long anything may take that has to happen: against hanging only */
#define REG_PATIENCE_MS	20000

/* a device of one queue, and one descriptor of its node */
struct reg {
	struct raw_ctrl ctrl;
	struct ublksrv_ctrl_dev_info info;
	int cfd;
	unsigned long seed;
	unsigned int rounds;
};

void reg_add(struct reg *reg, unsigned int depth, uint64_t flags, uint64_t bytes);
void reg_open(struct reg *reg);
void reg_close(struct reg *reg);
void reg_stop(struct reg *reg);
void reg_del(struct reg *reg);
/* START, given up after that time */
int reg_start(struct reg *reg, unsigned int timeout_ms);
unsigned int reg_random(struct reg *reg, unsigned int limit);
/* "key: 12" of the device's debugfs file; -1 with a driver that has none */
long reg_debug(const struct reg *reg, const char *key);

void reg_queue_io(struct io_uring *ring, int fd, uint32_t op, unsigned int tag, int result,
		  const void *buf, unsigned int sqe_flags);
/* the next completion; RAW_EXIT_FAIL if there is none within REG_PATIENCE_MS */
int reg_wait(struct io_uring *ring, unsigned int *ret_tag);
/* the same, but false after that time */
bool reg_wait_some(struct io_uring *ring, unsigned int ms, unsigned int *ret_tag, int *ret_res);

/* pages whose first touch waits for reg_uffd_serve() */
struct reg_uffd {
	int fd;
	unsigned char *area;
	size_t bytes;
	unsigned char *pattern;		/* a page */
};
void reg_uffd_hide(struct reg_uffd *u, size_t bytes);
/* wait until somebody waits for a page; false after REG_PATIENCE_MS */
bool reg_uffd_wanted(struct reg_uffd *u);
void reg_uffd_serve(struct reg_uffd *u);

/* the entries; reg_fetch.c, reg_end.c, reg_params.c, reg_commit.c, reg_client.c */
int reg_fetch_race(struct reg *reg);
int reg_stop_fetch(struct reg *reg);
int reg_dead_slots(struct reg *reg);
int reg_open_del(struct reg *reg);
int reg_get_data(struct reg *reg);
int reg_params_fault(struct reg *reg);
int reg_params_wait(struct reg *reg);
int reg_async_commits(struct reg *reg);
int reg_last_close(struct reg *reg);

#endif
