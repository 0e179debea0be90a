// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* One thread of ublk-io: a ring, random reads and writes, never two on one block. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io.h"

struct op {
	unsigned char *buf;
	uint64_t block;			/* first one, in the oracle */
	unsigned int nr;
	bool is_write;
	uint64_t started_us;
};

struct engine {
	struct io_job *job;
	struct io_uring ring;
	struct op *ops;
	unsigned int *idle;		/* indexes of ops that may be used */
	unsigned int nr_idle;
	unsigned char *is_busy;		/* per block of the job */
	uint64_t random;
	unsigned long nr_started, nr_share;
	uint64_t last_done_us;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static uint64_t next_random(struct engine *e)
{
	e->random ^= e->random << 13;
	e->random ^= e->random >> 7;
	e->random ^= e->random << 17;
	return e->random;
}

/* A run of blocks that nobody works on, from a random place; false if there is none. */
static bool choose_blocks(struct engine *e, struct op *op)
{
	unsigned int most = e->job->run->opt.io_bytes / ORACLE_BLOCK;
	uint64_t at = next_random(e) % e->job->nr;
	uint64_t tries;

	for (tries = 0; tries < e->job->nr; tries++, at = (at + 1) % e->job->nr) {
		if (e->is_busy[at])
			continue;
		op->block = e->job->first + at;
		op->nr = 0;
		while (op->nr < most && at + op->nr < e->job->nr && !e->is_busy[at + op->nr])
			e->is_busy[at + op->nr++] = 1;
		return true;
	}
	return false;
}

static void fill(struct engine *e, struct op *op)
{
	struct oracle *o = &e->job->run->oracle;
	unsigned int i;

	for (i = 0; i < op->nr; i++)
		oracle_fill(o, op->block + i, ++o->blocks[op->block + i].issued,
			    op->buf + (size_t)i * ORACLE_BLOCK);
}

static bool start_one(struct engine *e)
{
	struct io_run *run = e->job->run;
	unsigned int index = e->idle[e->nr_idle - 1];
	struct op *op = &e->ops[index];
	struct io_uring_sqe *sqe;
	uint64_t pos;

	if (!choose_blocks(e, op))
		return false;
	e->nr_idle--;
	e->nr_started++;
	op->is_write = next_random(e) % 100 < run->opt.write_percent;
	op->started_us = now_us();
	pos = (run->oracle.first + op->block) * ORACLE_BLOCK;
	sqe = raw_get_sqe(&e->ring);
	if (op->is_write) {
		fill(e, op);
		io_uring_prep_write(sqe, run->fd, op->buf, op->nr * ORACLE_BLOCK, pos);
	} else {
		io_uring_prep_read(sqe, run->fd, op->buf, op->nr * ORACLE_BLOCK, pos);
	}
	sqe->user_data = index;
	return true;
}

static void judge(struct engine *e, struct op *op, int res)
{
	struct io_job *job = e->job;
	struct io_run *run = job->run;
	struct oracle *o = &run->oracle;
	unsigned int i;

	if (res != (int)(op->nr * ORACLE_BLOCK)) {
		if (!job->first_error)
			job->first_error = res < 0 ? res : -EIO;
		atomic_fetch_add(&run->nr_errors, 1);
		return;
	}
	for (i = 0; i < op->nr; i++) {
		struct oracle_block *b = &o->blocks[op->block + i];

		if (op->is_write)
			b->acked = b->issued;
		else if (!oracle_check(o, op->block + i, op->buf + (size_t)i * ORACLE_BLOCK,
				       "while running"))
			atomic_fetch_add(&run->nr_wrong, 1);
	}
}

static void finish_one(struct engine *e, const struct io_uring_cqe *cqe)
{
	struct io_run *run = e->job->run;
	struct op *op = &e->ops[cqe->user_data];
	uint64_t now = now_us();

	judge(e, op, cqe->res);
	memset(e->is_busy + (op->block - e->job->first), 0, op->nr);
	e->idle[e->nr_idle++] = cqe->user_data;
	atomic_fetch_add(&run->nr_ios, 1);
	atomic_fetch_add(op->is_write ? &run->nr_writes : &run->nr_reads, 1);
	atomic_store(&run->is_running, true);
	if (now - op->started_us > e->job->longest_us)
		e->job->longest_us = now - op->started_us;
	if (now - e->last_done_us > e->job->stall_us)
		e->job->stall_us = now - e->last_done_us;
	e->last_done_us = now;
}

static void setup(struct engine *e, struct io_job *job)
{
	const struct io_options *opt = &job->run->opt;
	unsigned int i;
	int ret;

	memset(e, 0, sizeof(*e));
	e->job = job;
	e->random = (opt->seed + 1) * 0x9e3779b97f4a7c15ULL ^ (uint64_t)(job->index + 1) << 32;
	e->nr_share = (opt->nr_ios + opt->jobs - 1) / opt->jobs;
	e->ops = calloc(opt->depth, sizeof(*e->ops));
	e->idle = calloc(opt->depth, sizeof(*e->idle));
	e->is_busy = calloc(job->nr, 1);
	ret = io_uring_queue_init(opt->depth, &e->ring, 0);
	if (!e->ops || !e->idle || !e->is_busy || ret < 0)
		raw_die(ret == -ENOSYS || ret == -EPERM ? RAW_EXIT_SKIP : RAW_EXIT_FAIL,
			"job %u: ring or memory: %s", job->index, strerror(-ret));
	for (i = 0; i < opt->depth; i++) {
		e->idle[e->nr_idle++] = i;
		if (posix_memalign((void **)&e->ops[i].buf, ORACLE_BLOCK, opt->io_bytes))
			raw_die(RAW_EXIT_FAIL, "no memory");
	}
	e->last_done_us = now_us();
}

static void teardown(struct engine *e)
{
	unsigned int i;

	io_uring_queue_exit(&e->ring);
	for (i = 0; i < e->job->run->opt.depth; i++)
		free(e->ops[i].buf);
	free(e->ops);
	free(e->idle);
	free(e->is_busy);
}

void *io_job_main(void *arg)
{
	struct io_job *job = arg;
	const struct io_options *opt = &job->run->opt;
	struct io_uring_cqe *cqe;
	struct engine e;

	setup(&e, job);
	for (;;) {
		bool is_over = atomic_load(&job->run->is_over) ||
			       (opt->nr_ios && e.nr_started >= e.nr_share);

		while (!is_over && e.nr_idle && start_one(&e))
			is_over = opt->nr_ios && e.nr_started >= e.nr_share;
		if (is_over && e.nr_idle == opt->depth)
			break;
		io_uring_submit(&e.ring);
		if (io_uring_wait_cqe(&e.ring, &cqe) < 0)
			continue;
		do {
			finish_one(&e, cqe);
			io_uring_cqe_seen(&e.ring, cqe);
		} while (io_uring_peek_cqe(&e.ring, &cqe) == 0);
	}
	teardown(&e);
	return NULL;
}

void io_job_verify(struct io_job *job)
{
	struct io_run *run = job->run;
	struct oracle *o = &run->oracle;
	unsigned char *buf;
	uint64_t i;

	if (posix_memalign((void **)&buf, ORACLE_BLOCK, ORACLE_BLOCK))
		raw_die(RAW_EXIT_FAIL, "no memory");
	for (i = job->first; i < job->first + job->nr; i++) {
		ssize_t ret;

		if (!o->blocks[i].issued)
			continue;
		ret = pread(run->fd, buf, ORACLE_BLOCK, (o->first + i) * ORACLE_BLOCK);
		if (ret != ORACLE_BLOCK) {
			if (!job->first_error)
				job->first_error = ret < 0 ? -errno : -EIO;
			/* what cannot be read back is not there, whatever was allowed before */
			fprintf(stderr, "wrong: block %" PRIu64 " cannot be read back: %s\n",
				o->first + i, ret < 0 ? strerror(errno) : "short");
			atomic_fetch_add(&run->nr_wrong, 1);
		} else if (!oracle_check(o, i, buf, "at the end")) {
			atomic_fetch_add(&run->nr_wrong, 1);
		}
	}
	free(buf);
}
