// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* FETCH: by many at once, against a STOP, and by a thread that is gone afterwards. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reg.h"

#define THREADS		4
#define DEPTH		16

static unsigned char buffers[REG_MAX_DEPTH][REG_BUF_BYTES] __attribute__((aligned(4096)));

struct fetcher {
	struct reg *reg;
	pthread_t thread;
	pthread_barrier_t *barrier;
	struct io_uring ring;
	unsigned int first, nr;		/* tags */
	int refused[REG_MAX_DEPTH];	/* res per tag, 1 if it was not */
	unsigned int nr_refused, nr_aborted;
	atomic_bool is_over;
};

static void setup(struct fetcher *f)
{
	int ret = io_uring_queue_init(REG_MAX_DEPTH, &f->ring, 0);

	if (ret < 0)
		raw_die(RAW_EXIT_FAIL, "ring: %s", strerror(-ret));
}

/* Commands that are refused come back while they are submitted, those that are held do not. */
static void fetch_all(struct fetcher *f)
{
	struct io_uring_cqe *cqe;
	unsigned int i;

	for (i = 0; i < f->nr; i++) {
		f->refused[f->first + i] = 1;
		reg_queue_io(&f->ring, f->reg->cfd, UBLK_U_IO_FETCH_REQ, f->first + i, 0,
			     buffers[f->first + i], 0);
		io_uring_submit(&f->ring);
	}
	while (io_uring_peek_cqe(&f->ring, &cqe) == 0) {
		f->refused[cqe->user_data] = cqe->res;
		f->nr_refused++;
		io_uring_cqe_seen(&f->ring, cqe);
	}
}

static void collect(struct fetcher *f)
{
	unsigned int tag;
	int res;

	for (; f->nr_aborted < f->nr - f->nr_refused; f->nr_aborted++) {
		res = reg_wait(&f->ring, &tag);
		if (res != UBLK_IO_RES_ABORT)
			raw_die(RAW_EXIT_FAIL, "FETCH of tag %u ended with %d", tag, res);
	}
}

static void *racer(void *arg)
{
	struct fetcher *f = arg;

	setup(f);
	pthread_barrier_wait(f->barrier);
	fetch_all(f);
	pthread_barrier_wait(f->barrier);
	collect(f);
	io_uring_queue_exit(&f->ring);
	return NULL;
}

static void race_round(struct reg *reg)
{
	struct fetcher fetchers[THREADS];
	pthread_barrier_t barrier;
	unsigned int i, tag, refused;
	long ready;

	memset(fetchers, 0, sizeof(fetchers));
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	reg_open(reg);
	for (i = 0; i < THREADS; i++) {
		fetchers[i].reg = reg;
		fetchers[i].barrier = &barrier;
		fetchers[i].nr = DEPTH;
		if (pthread_create(&fetchers[i].thread, NULL, racer, &fetchers[i]))
			raw_die(RAW_EXIT_FAIL, "no thread");
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (tag = 0; tag < DEPTH; tag++) {
		for (i = 0, refused = 0; i < THREADS; i++)
			refused += fetchers[i].refused[tag] < 0;
		if (refused != THREADS - 1)
			raw_die(RAW_EXIT_FAIL, "tag %u: %u of %u FETCHes were taken", tag,
				THREADS - refused, THREADS);
	}
	ready = reg_debug(reg, "ready");
	if (ready >= 0 && ready != DEPTH)
		raw_die(RAW_EXIT_FAIL, "%ld of %u slots are ready", ready, DEPTH);
	reg_stop(reg);
	for (i = 0; i < THREADS; i++)
		pthread_join(fetchers[i].thread, NULL);
	reg_close(reg);
	pthread_barrier_destroy(&barrier);
}

int reg_fetch_race(struct reg *reg)
{
	unsigned int i;

	reg_add(reg, DEPTH, 0, 16 << 20);
	for (i = 0; i < reg->rounds; i++)
		race_round(reg);
	reg_del(reg);
	raw_say("rounds=%u", reg->rounds);
	return 0;
}

static void *fetcher_main(void *arg)
{
	struct fetcher *f = arg;

	setup(f);
	fetch_all(f);
	collect(f);
	io_uring_queue_exit(&f->ring);
	return NULL;
}

/*
 * Whenever the STOP comes: every FETCH comes back, and what it left goes not live with a START.
 * The START waits here, or gets EBUSY with a driver that does not reset before the release.
 */
int reg_stop_fetch(struct reg *reg)
{
	unsigned int i, late = 0;
	int res;

	reg_add(reg, REG_MAX_DEPTH, UBLK_F_USER_RECOVERY, 16 << 20);
	for (i = 0; i < reg->rounds; i++) {
		struct fetcher f = { .reg = reg, .nr = REG_MAX_DEPTH };

		reg_open(reg);
		if (pthread_create(&f.thread, NULL, fetcher_main, &f))
			raw_die(RAW_EXIT_FAIL, "no thread");
		usleep(reg_random(reg, 4000));
		reg_stop(reg);
		pthread_join(f.thread, NULL);
		late += f.nr_refused > 0;
		if (i % 8 == 0) {
			res = reg_start(reg, 100);
			if (res == 0)
				raw_die(RAW_EXIT_FAIL, "START over a session that was stopped");
		}
		reg_close(reg);
	}
	reg_del(reg);
	raw_say("rounds=%u cut=%u", reg->rounds, late);
	return 0;
}

/* Fetches, and is gone; its ring stays. */
static void *fetch_and_leave(void *arg)
{
	struct fetcher *f = arg;

	setup(f);
	fetch_all(f);
	return NULL;
}

/* Fetches and serves: a READ brings what happens to be in the buffer. */
static void *fetch_and_serve(void *arg)
{
	struct fetcher *f = arg;
	unsigned int tag;
	int res;

	setup(f);
	fetch_all(f);
	pthread_barrier_wait(f->barrier);
	while (!atomic_load(&f->is_over)) {
		if (!reg_wait_some(&f->ring, 100, &tag, &res) || res != UBLK_IO_RES_OK)
			continue;
		reg_queue_io(&f->ring, f->reg->cfd, UBLK_U_IO_COMMIT_AND_FETCH_REQ, tag,
			     REG_BUF_BYTES, buffers[tag], 0);
		io_uring_submit(&f->ring);
	}
	io_uring_queue_exit(&f->ring);
	return NULL;
}

static void *reader_main(void *arg)
{
	struct reg *reg = arg;
	int fd = raw_block_open(reg->info.dev_id, O_RDONLY | O_DIRECT, 2000);
	unsigned char *buf = aligned_alloc(4096, 4096);
	unsigned int i;

	/* what comes of it is not the point: it ends */
	for (i = 0; fd >= 0 && buf && i < 2 * DEPTH; i++)
		if (pread(fd, buf, 4096, (off_t)i * 65536) < 0)
			break;
	if (fd >= 0)
		close(fd);
	free(buf);
	return NULL;
}

int reg_dead_slots(struct reg *reg)
{
	struct fetcher gone = { .reg = reg, .nr = DEPTH / 2 };
	struct fetcher left = { .reg = reg, .first = DEPTH / 2, .nr = DEPTH - DEPTH / 2 };
	pthread_barrier_t barrier;
	pthread_t reader;
	int res;

	pthread_barrier_init(&barrier, NULL, 2);
	left.barrier = &barrier;
	reg_add(reg, DEPTH, UBLK_F_USER_RECOVERY | UBLK_F_NO_AUTO_PART_SCAN, 16 << 20);
	reg_open(reg);
	if (pthread_create(&gone.thread, NULL, fetch_and_leave, &gone) ||
	    pthread_join(gone.thread, NULL) ||
	    pthread_create(&left.thread, NULL, fetch_and_serve, &left))
		raw_die(RAW_EXIT_FAIL, "no thread");
	pthread_barrier_wait(&barrier);
	res = reg_start(reg, 500);
	raw_say("START res=%d", res);
	if (pthread_create(&reader, NULL, reader_main, reg))
		raw_die(RAW_EXIT_FAIL, "no thread");
	usleep(300000);
	reg_stop(reg);
	pthread_join(reader, NULL);
	atomic_store(&left.is_over, true);
	pthread_join(left.thread, NULL);
	collect(&gone);
	io_uring_queue_exit(&gone.ring);
	reg_close(reg);
	reg_del(reg);
	return 0;
}

/* A tag that never had a request: nothing to look into when a COMMIT names no buffer. */
int reg_get_data(struct reg *reg)
{
	struct io_uring ring;
	unsigned int tag;
	int res;

	reg_add(reg, 1, UBLK_F_NEED_GET_DATA, 16 << 20);
	reg_open(reg);
	if (io_uring_queue_init(8, &ring, 0) < 0)
		raw_die(RAW_EXIT_FAIL, "ring");
	reg_queue_io(&ring, reg->cfd, UBLK_U_IO_FETCH_REQ, 0, 0, NULL, 0);
	reg_queue_io(&ring, reg->cfd, UBLK_U_IO_COMMIT_AND_FETCH_REQ, 0, 0, NULL, 0);
	io_uring_submit(&ring);
	res = reg_wait(&ring, &tag);
	if (res != -EBUSY)
		raw_die(RAW_EXIT_FAIL, "COMMIT of no request: %d", res);
	reg_del(reg);
	if (reg_wait(&ring, &tag) != UBLK_IO_RES_ABORT)
		raw_die(RAW_EXIT_FAIL, "FETCH did not end with ABORT");
	io_uring_queue_exit(&ring);
	reg_close(reg);
	return 0;
}
