// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * What one I/O costs, by the clock: random 4k reads at a fixed depth, always the same ones.
 *
 * In a guest whose clock counts instructions (-icount shift=0) the nanoseconds are instructions
 * of kernel, server and this program together. So this does as little as it can of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		4096
#define REGION		(64u << 20)
#define WARM_UP		500
#define MOST_DEPTH	1024

struct load {
	int fd;
	unsigned int depth;
	struct io_uring ring;
	unsigned char *bufs;
	unsigned int idle[MOST_DEPTH];	/* buffers that no read is under way to */
	unsigned int nr_idle;
	uint64_t random;
	uint64_t nr_done;
	uint64_t nr_enters;			/* system calls: they tell of batches */
};

/* Where the count stood when the clock was read. */
struct moment {
	uint64_t ns, nr_done, nr_enters;
};

static void die(const char *what, int err)
{
	fprintf(stderr, "ublk-count: %s: %s\n", what, strerror(err));
	exit(1);
}

static struct moment moment_now(const struct load *l)
{
	struct moment m = { .nr_done = l->nr_done, .nr_enters = l->nr_enters };
	struct timespec now;

	/* RAW: nobody adjusts its rate */
	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	m.ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	return m;
}

static uint64_t next_random(struct load *l)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return l->random;
}

static void start_one(struct load *l)
{
	unsigned int index = l->idle[--l->nr_idle];
	uint64_t at = next_random(l) % (REGION / BLOCK) * BLOCK;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&l->ring);

	if (!sqe)
		die("ring", ENOSPC);
	io_uring_prep_read(sqe, l->fd, l->bufs + (size_t)index * BLOCK, BLOCK, at);
	sqe->user_data = index;
}

/* Submits what is prepared, waits for one completion and takes all that are there. */
static void turn(struct load *l)
{
	struct io_uring_cqe *cqe;
	unsigned int head, n = 0;
	int r = io_uring_submit_and_wait(&l->ring, 1);

	if (r < 0 && r != -EINTR)
		die("io_uring_enter", -r);
	l->nr_enters++;
	io_uring_for_each_cqe(&l->ring, head, cqe) {
		if (cqe->res != BLOCK)
			die("read", cqe->res < 0 ? -cqe->res : EIO);
		l->idle[l->nr_idle++] = (unsigned int)cqe->user_data;
		n++;
	}
	io_uring_cq_advance(&l->ring, n);
	l->nr_done += n;
}

/* Goes on at full depth until there are so many more, and says where that ended. */
static struct moment run(struct load *l, uint64_t nr)
{
	uint64_t end = l->nr_done + nr;

	while (l->nr_done < end) {
		while (l->nr_idle)
			start_one(l);
		turn(l);
	}
	return moment_now(l);
}

static void set_up(struct load *l, const char *path, unsigned int depth)
{
	unsigned int i;
	int r;

	memset(l, 0, sizeof(*l));
	l->random = 0x9e3779b97f4a7c15ULL;
	l->depth = depth;
	l->fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (l->fd < 0)
		die(path, errno);
	r = posix_memalign((void **)&l->bufs, BLOCK, (size_t)depth * BLOCK);
	if (r)
		die("memory", r);
	/* Page faults are no part of an I/O. */
	memset(l->bufs, 1, (size_t)depth * BLOCK);
	for (i = 0; i < depth; i++)
		l->idle[l->nr_idle++] = i;
	r = io_uring_queue_init(depth, &l->ring, 0);
	if (r < 0)
		die("io_uring", -r);
}

static void tear_down(struct load *l)
{
	while (l->nr_idle < l->depth)
		turn(l);
	io_uring_queue_exit(&l->ring);
	free(l->bufs);
	close(l->fd);
}

static unsigned long number(const char *text, unsigned long most)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || end == text || !n || n > most)
		die(text, EINVAL);
	return n;
}

int main(int argc, char **argv)
{
	struct moment from, to;
	struct load l;
	unsigned long depth, nr;

	if (argc != 4) {
		fprintf(stderr, "usage: ublk-count FILE DEPTH IOS\n"
			"prints the nanoseconds per I/O, and the I/Os per system call\n");
		return 2;
	}
	depth = number(argv[2], MOST_DEPTH);
	nr = number(argv[3], 1000000000);
	set_up(&l, argv[1], (unsigned int)depth);
	from = run(&l, WARM_UP);
	to = run(&l, nr);
	if (to.nr_done == from.nr_done || to.nr_enters == from.nr_enters)
		die("nothing was done", EIO);
	printf("%" PRIu64 " %.1f\n", (to.ns - from.ns) / (to.nr_done - from.nr_done),
	       (double)(to.nr_done - from.nr_done) / (double)(to.nr_enters - from.nr_enters));
	tear_down(&l);
	return 0;
}
