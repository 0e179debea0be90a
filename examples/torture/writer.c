// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The one who writes and reads. */
#include "writer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define NR_RANGE_THREADS 2
#define BATCH 64
#define CALM_MS 20
#define WAKE_COOKIE UINT64_MAX

uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct io_uring_sqe *get_sqe(struct writer *w)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&w->ring);

	while (!sqe) {		/* the ring has one for each job, so this is rare */
		io_uring_submit(&w->ring);
		sqe = io_uring_get_sqe(&w->ring);
	}
	return sqe;
}

static void listen_for_wake(struct writer *w)
{
	struct io_uring_sqe *sqe = get_sqe(w);

	io_uring_prep_read(sqe, w->wake_fd, &w->wake_value, sizeof(w->wake_value), 0);
	sqe->user_data = WAKE_COOKIE;
}

int writer_open(struct writer *w, struct option_error *err)
{
	uint32_t size = (uint32_t)w->settings->max;
	unsigned int i;
	int r;

	w->nr_jobs = (unsigned int)w->settings->depth;
	w->jobs = calloc(w->nr_jobs, sizeof(*w->jobs));
	w->again = calloc(w->nr_jobs, sizeof(*w->again));
	w->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (!w->jobs || !w->again || w->wake_fd < 0)
		return option_fail(err, "no memory");
	for (i = 0; i < w->nr_jobs; i++)
		if (posix_memalign((void **)&w->jobs[i].buffer, 4096, size))
			return option_fail(err, "no memory for %u buffers", w->nr_jobs);
	r = io_uring_queue_init(w->nr_jobs + 8, &w->ring, 0);
	if (r < 0)
		return option_fail(err, "no io_uring: %s (see ublk doctor)", strerror(-r));
	w->ranges = ranges_start(w->subject, NR_RANGE_THREADS, w->wake_fd);
	if (!w->ranges)
		return option_fail(err, "cannot start threads");
	listen_for_wake(w);
	w->moved_ms = clock_ms();
	return 0;
}

void writer_close(struct writer *w)
{
	unsigned int i;

	ranges_stop(w->ranges);
	io_uring_queue_exit(&w->ring);
	close(w->wake_fd);
	for (i = 0; i < w->nr_jobs; i++)
		free(w->jobs[i].buffer);
	free(w->jobs);
	free(w->again);
}

void writer_use(struct writer *w, enum writer_source source)
{
	w->source = source;
	w->next_block = w->history->head.first;
	w->nr_again = 0;
}

static uint64_t area_end(const struct writer *w)
{
	return w->history->head.first + w->history->head.nr;
}

int writer_is_done(const struct writer *w)
{
	if (w->nr_busy)
		return 0;
	return w->source == SOURCE_NONE || (w->next_block == area_end(w) && !w->nr_again);
}

/* Every block in order. 0 at the end. */
static int next_in_order(struct writer *w, struct step *step)
{
	uint64_t left = area_end(w) - w->next_block;
	uint32_t most = (uint32_t)(w->settings->max / w->history->head.block_bytes);

	if (w->nr_again) {
		*step = w->again[--w->nr_again];
		return 1;
	}
	if (!left)
		return 0;
	memset(step, 0, sizeof(*step));
	step->kind = w->source == SOURCE_FILL ? JUDGE_WRITE : JUDGE_READ;
	step->block = w->next_block;
	step->nr = left < most ? (uint32_t)left : most;
	w->next_block += step->nr;
	return 1;
}

static int can_do(const struct writer *w, enum judge_kind kind)
{
	return !(kind == JUDGE_DISCARD && (w->no_discard || !w->subject->can_discard)) &&
	       !(kind == JUDGE_ZEROES && w->no_zeroes);
}

static int next_step(struct writer *w, struct step *step)
{
	switch (w->source) {
	case SOURCE_NONE:
		return 0;
	case SOURCE_FILL:
	case SOURCE_READ_BACK:
		return next_in_order(w, step);
	case SOURCE_PLAN:
		break;
	}
	if (w->is_waiting) {
		*step = w->waiting;
		w->is_waiting = 0;
		return 1;
	}
	do {
		plan_next(w->plan, step);
	} while (!can_do(w, step->kind));
	return 1;
}

static void prepare(struct writer *w, struct job *job)
{
	const struct subject *subject = w->subject;
	const struct step *step = &job->step;
	uint64_t offset = step->block * subject->block_bytes;
	unsigned int bytes = step->nr * subject->block_bytes;
	struct io_uring_sqe *sqe = get_sqe(w);

	if (step->kind == JUDGE_FLUSH) {
		io_uring_prep_fsync(sqe, subject->fd, 0);
	} else if (step->kind == JUDGE_READ) {
		io_uring_prep_read(sqe, subject->fd, job->buffer, bytes, offset);
	} else {
		io_uring_prep_write(sqe, subject_write_fd(subject, offset), job->buffer, bytes,
				    offset);
		sqe->rw_flags = step->flags & JUDGE_FUA ? RWF_DSYNC : 0;
	}
	sqe->user_data = (uint64_t)(job - w->jobs);
}

static int give_range(struct writer *w, const struct job *job)
{
	const struct range range = {
		.is_discard = job->step.kind == JUDGE_DISCARD,
		.offset = job->step.block * w->subject->block_bytes,
		.bytes = (uint64_t)job->step.nr * w->subject->block_bytes,
		.cookie = (uint64_t)(job - w->jobs),
	};

	return ranges_give(w->ranges, &range);
}

/* In a file a hole reads as zeros, that is a promise; on a disk a discard promises nothing. */
static enum judge_kind meaning_of(const struct writer *w, enum judge_kind kind)
{
	return kind == JUDGE_DISCARD && w->subject->is_file ? JUDGE_ZEROES : kind;
}

static void start(struct writer *w, struct job *job, const struct step *step)
{
	size_t size = w->subject->block_bytes;
	uint32_t i;

	job->step = *step;
	job->source = w->source;
	job->op = history_issue(w->history, meaning_of(w, step->kind), step->flags, step->block,
				step->nr);
	if (!job->op) {
		w->is_broken = errno;
		return;
	}
	job->is_used = 1;
	w->nr_busy++;
	for (i = 0; step->kind == JUDGE_WRITE && i < step->nr; i++)
		stamp_make(job->buffer + i * size, size, &w->history->head.owner, step->block + i,
			   job->op);
	if (step->kind != JUDGE_DISCARD && step->kind != JUDGE_ZEROES)
		prepare(w, job);
}

static unsigned int ranges_busy(const struct writer *w)
{
	unsigned int i, nr = 0;

	for (i = 0; i < w->nr_jobs; i++)
		nr += w->jobs[i].is_used && (w->jobs[i].step.kind == JUDGE_DISCARD ||
					     w->jobs[i].step.kind == JUDGE_ZEROES);
	return nr;
}

static void issue_what_fits(struct writer *w)
{
	unsigned int i;

	for (i = 0; i < w->nr_jobs && !w->is_broken; i++) {
		struct job *job = &w->jobs[i];
		struct step step;
		int is_range;

		if (job->is_used)
			continue;
		if (!next_step(w, &step))
			return;
		is_range = step.kind == JUDGE_DISCARD || step.kind == JUDGE_ZEROES;
		if (is_range && ranges_busy(w) == NR_RANGE_THREADS) {
			/* the order of the schedule is kept: nothing overtakes */
			w->waiting = step;
			w->is_waiting = 1;
			return;
		}
		start(w, job, &step);
		if (is_range && job->is_used)
			give_range(w, job);
	}
}

static void io_failed(struct writer *w, const struct job *job, int error)
{
	struct finding finding = {
		.verdict = job->source == SOURCE_READ_BACK ? VERDICT_UNREADABLE : VERDICT_IO_ERROR,
		.block = job->step.block, .error = error, .kind = job->step.kind,
	};

	if (error == EOPNOTSUPP && job->step.kind == JUDGE_DISCARD) {
		w->no_discard = 1;
		return;
	}
	if (error == EOPNOTSUPP && job->step.kind == JUDGE_ZEROES) {
		w->no_zeroes = 1;
		return;
	}
	if (!w->is_permissive) {
		history_violation(w->history, &finding);
		return;
	}
	w->counts.failed++;
	w->calm_until_ms = clock_ms() + CALM_MS;
	if (job->source == SOURCE_READ_BACK || job->source == SOURCE_FILL)
		w->again[w->nr_again++] = job->step;
}

static void ended(struct writer *w, struct job *job, int res)
{
	const struct step *step = &job->step;
	uint32_t bytes = step->nr * w->subject->block_bytes;
	int is_transfer = step->kind == JUDGE_READ || step->kind == JUDGE_WRITE, error = 0;

	if (res == -EINTR || res == -EAGAIN) {
		prepare(w, job);
		return;
	}
	if (res < 0)
		error = -res;
	else if (is_transfer && (uint32_t)res != bytes)
		error = EIO;
	job->is_used = 0;
	w->nr_busy--;
	if (!error && step->kind == JUDGE_READ &&
	    !history_found(w->history, job->op, step->block, step->nr, job->buffer))
		w->is_broken = errno;
	if (!history_end(w->history, job->op, error))
		w->is_broken = errno;
	if (error) {
		io_failed(w, job, error);
		return;
	}
	/* failures are not progress: a device that only fails hangs as well */
	w->moved_ms = clock_ms();
	w->counts.done[step->kind]++;
	w->counts.fua += step->kind == JUDGE_WRITE && step->flags & JUDGE_FUA;
	w->counts.bytes_written += step->kind == JUDGE_WRITE ? bytes : 0;
}

struct ending {
	uint64_t cookie;
	int res;
};

static unsigned int take(struct writer *w, struct ending *list)
{
	struct io_uring_cqe *cqe;
	struct range range;
	unsigned int nr = 0;

	while (nr < BATCH - 1 && io_uring_peek_cqe(&w->ring, &cqe) == 0) {
		if (cqe->user_data == WAKE_COOKIE)
			listen_for_wake(w);
		else
			list[nr++] = (struct ending){ cqe->user_data, cqe->res };
		io_uring_cqe_seen(&w->ring, cqe);
	}
	while (nr < BATCH && ranges_take(w->ranges, &range))
		list[nr++] = (struct ending){ range.cookie, range.result };
	return nr;
}

void writer_turn(struct writer *w, int ms)
{
	struct __kernel_timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	struct ending list[BATCH];
	struct io_uring_cqe *cqe;
	unsigned int i, nr;

	if (clock_ms() >= w->calm_until_ms)
		issue_what_fits(w);
	io_uring_submit(&w->ring);
	if (w->submitted)
		w->submitted(w->user);
	io_uring_submit_and_wait_timeout(&w->ring, &cqe, 1, &ts, NULL);
	do {
		nr = take(w, list);
		/* whatever is in the list was answered before this look */
		if (nr && w->look)
			w->look(w->user);
		for (i = 0; i < nr; i++)
			ended(w, &w->jobs[list[i].cookie], list[i].res);
	} while (nr);
	io_uring_submit(&w->ring);
}
