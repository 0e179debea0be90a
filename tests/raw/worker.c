// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A worker: its ring, its slots, FETCH, and the loop from request to COMMIT. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "server.h"

const struct ublksrv_io_desc *server_desc(const struct worker *w, unsigned int tag)
{
	size_t size = w->srv->info.io_desc_size;

	if (!size)
		size = sizeof(struct ublksrv_io_desc);
	return (const void *)(w->descs + tag * size);
}

size_t server_buffers_bytes(const struct worker *w)
{
	return (size_t)w->nr_tags * w->srv->info.max_io_buf_bytes;
}

void server_prep_io(struct io_uring_sqe *sqe, int fd, uint32_t op, const struct ublksrv_io_cmd *cmd)
{
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = op;
	memcpy(sqe->cmd, cmd, sizeof(*cmd));
}

static uint64_t buffer_addr(const struct worker *w, const struct slot *slot)
{
	struct server *srv = w->srv;
	uint64_t bad = atomic_load(&srv->bad_addr);

	if (srv->opt.mode == MODE_USER_COPY || zc_is_on(srv))
		return 0;
	return bad ? bad : (uintptr_t)slot->buf;
}

static void queue_io(struct worker *w, unsigned int tag, uint32_t op, int result)
{
	struct server *srv = w->srv;
	struct slot *slot = &w->slots[tag - w->first_tag];
	struct io_uring_sqe *sqe = raw_get_sqe(&w->ring);
	struct ublksrv_io_cmd cmd = {
		.q_id = w->queue,
		.tag = tag,
		.result = result,
		.addr = buffer_addr(w, slot),
	};

	/* a FETCH in get-data mode may give its buffer later; give none */
	if (op == UBLK_U_IO_FETCH_REQ && srv->opt.mode == MODE_GET_DATA)
		cmd.addr = 0;
	server_prep_io(sqe, srv->opt.fixed_file ? 0 : srv->cfd, op, &cmd);
	if (srv->opt.fixed_file)
		sqe->flags |= IOSQE_FIXED_FILE;
	if (srv->opt.iosqe_async)
		sqe->flags |= IOSQE_ASYNC;
	if (op != UBLK_U_IO_NEED_GET_DATA)
		shm_set_canary(w, tag, op == UBLK_U_IO_COMMIT_AND_FETCH_REQ);
	sqe->addr = zc_auto_word(w, tag);
	sqe->user_data = tag;
	slot->last_op = op;
}

void worker_answer(struct worker *w, unsigned int tag, int result)
{
	struct server *srv = w->srv;
	const struct options *opt = &srv->opt;

	if (opt->forced_result != LONG_MIN)
		result = opt->forced_result;
	if (opt->commit_delay_ms) {
		struct timespec delay = {
			.tv_sec = opt->commit_delay_ms / 1000,
			.tv_nsec = opt->commit_delay_ms % 1000 * 1000000L,
		};

		/* slowness is the behaviour asked for, nothing is waited for */
		nanosleep(&delay, NULL);
	}
	action_fire(srv, WHEN_COMMIT, atomic_fetch_add(&srv->nr_commits, 1) + 1);
	queue_io(w, tag, UBLK_U_IO_COMMIT_AND_FETCH_REQ, result);
	if (atomic_load(&srv->is_dozing))
		odd_doze(w);
}

static void serve(struct worker *w, unsigned int tag)
{
	if (!zc_serve(w, tag))
		worker_answer(w, tag, server_serve(w, tag, w->slots[tag - w->first_tag].buf));
}

void worker_request_ready(struct worker *w, unsigned int tag)
{
	struct server *srv = w->srv;
	struct slot *slot = &w->slots[tag - w->first_tag];

	if (atomic_load(&srv->is_stalling)) {
		slot->is_held = true;
		atomic_fetch_add(&srv->nr_held, 1);
		raw_say("HELD q=%u tag=%u op=%u", w->queue, tag,
			ublksrv_get_op(server_desc(w, tag)));
		return;
	}
	serve(w, tag);
}

static void request_arrived(struct worker *w, unsigned int tag)
{
	struct server *srv = w->srv;

	action_fire(srv, WHEN_REQUEST, atomic_fetch_add(&srv->nr_requests, 1) + 1);
	if (!zc_register(w, tag))
		worker_request_ready(w, tag);
}

static void command_done(struct worker *w, unsigned int tag, int res)
{
	struct slot *slot = &w->slots[tag - w->first_tag];

	switch (res) {
	case UBLK_IO_RES_OK:
		request_arrived(w, tag);
		return;
	case UBLK_IO_RES_NEED_GET_DATA:
		queue_io(w, tag, UBLK_U_IO_NEED_GET_DATA, 0);
		return;
	case UBLK_IO_RES_ABORT:
		atomic_fetch_add(&w->srv->nr_aborted, 1);
		break;
	default:
		atomic_fetch_add(&w->srv->nr_errors, 1);
		raw_say("CQE q=%u tag=%u op=0x%x res=%d", w->queue, tag, slot->last_op & 0xff, res);
	}
	w->nr_armed--;
}

static void resume_held(struct worker *w)
{
	unsigned int i;

	for (i = 0; i < w->nr_tags; i++) {
		if (!w->slots[i].is_held)
			continue;
		w->slots[i].is_held = false;
		atomic_fetch_sub(&w->srv->nr_held, 1);
		serve(w, w->first_tag + i);
	}
}

static void setup_ring(struct worker *w)
{
	struct server *srv = w->srv;
	struct io_uring_params params = { .flags = 0 };
	unsigned int entries = (zc_is_on(srv) ? 2 : 1) * w->nr_tags + 4;
	int ret;

	if (srv->opt.sqpoll) {
		params.flags |= IORING_SETUP_SQPOLL;
		params.sq_thread_idle = 200;
	}
	if (srv->opt.defer_taskrun)
		params.flags |= IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
	ret = io_uring_queue_init_params(entries, &w->ring, &params);
	if (ret == 0 && srv->opt.fixed_file)
		ret = io_uring_register_files(&w->ring, &srv->cfd, 1);
	if (ret < 0)
		raw_die(RAW_EXIT_FAIL, "ring of worker %u: %s", w->index, strerror(-ret));
	zc_setup(w);
	if (srv->opt.inherit)
		fcntl(w->ring.ring_fd, F_SETFD, 0);
	w->has_ring = true;
}

static void setup_slots(struct worker *w)
{
	struct server *srv = w->srv;
	unsigned int i;

	w->slots = calloc(w->nr_tags, sizeof(*w->slots));
	w->buffers = mmap(NULL, server_buffers_bytes(w), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	w->descs = mmap(NULL, raw_desc_bytes(&srv->info), PROT_READ, MAP_SHARED | MAP_POPULATE,
			srv->cfd, raw_desc_offset(&srv->info, w->queue));
	if (!w->slots || w->buffers == MAP_FAILED || w->descs == MAP_FAILED)
		raw_die(RAW_EXIT_FAIL, "memory of worker %u: %s", w->index, strerror(errno));
	for (i = 0; i < w->nr_tags; i++)
		w->slots[i].buf = w->buffers + (size_t)i * srv->info.max_io_buf_bytes;
}

static void fetch(struct worker *w)
{
	unsigned int limit = w->srv->opt.fetch_only;
	unsigned int i, nr = limit && limit < w->nr_tags ? limit : w->nr_tags;

	for (i = 0; i < nr; i++) {
		queue_io(w, w->first_tag + i, UBLK_U_IO_FETCH_REQ, 0);
		w->nr_armed++;
		if (i + 1 == (nr + 1) / 2) {
			io_uring_submit(&w->ring);
			action_fire(w->srv, WHEN_BETWEEN, 0);
		}
	}
	io_uring_submit(&w->ring);
	atomic_store(&w->is_fetched, true);
	pthread_kill(w->srv->main_thread, SERVER_NUDGE);
}

/* After the last command: a process of which all workers ended may go. */
static void end(struct worker *w)
{
	io_uring_queue_exit(&w->ring);
	w->has_ring = false;
	atomic_store(&w->is_ended, true);
	pthread_kill(w->srv->main_thread, SERVER_NUDGE);
}

static void reap(struct worker *w)
{
	struct io_uring_cqe *cqe;

	while (w->has_ring && io_uring_peek_cqe(&w->ring, &cqe) == 0) {
		enum zc_step step = (enum zc_step)(cqe->user_data >> ZC_STEP_SHIFT);
		unsigned int tag = (unsigned int)cqe->user_data;
		int res = cqe->res;

		io_uring_cqe_seen(&w->ring, cqe);
		if (step)
			zc_done(w, tag, step, res);
		else
			command_done(w, tag, res);
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct io_uring_cqe *cqe;
	struct fault fault;
	sigset_t waiting;
	bool is_failing;

	/* the nudge gets through only while waiting, so none is ever missed */
	pthread_sigmask(SIG_SETMASK, NULL, &waiting);
	sigdelset(&waiting, SERVER_NUDGE);

	is_failing = w->index == 0 && fail_begin(w->srv, "fetch", &fault);
	setup_ring(w);
	setup_slots(w);
	fetch(w);
	if (is_failing)
		fail_end(w->srv, "fetch", &fault);
	while (w->nr_armed) {
		int ret;

		action_worker_orders(w);
		if (!atomic_load(&w->srv->is_stalling) && atomic_load(&w->srv->nr_held))
			resume_held(w);
		io_uring_submit(&w->ring);
		ret = io_uring_wait_cqes(&w->ring, &cqe, 1, NULL, &waiting);
		if (ret < 0 && ret != -EINTR && ret != -EAGAIN)
			raw_die(RAW_EXIT_FAIL, "worker %u waits: %s", w->index, strerror(-ret));
		reap(w);
	}
	end(w);
	return NULL;
}

void server_start_workers(struct server *srv)
{
	unsigned int split = srv->opt.split ? srv->opt.split : 1;
	unsigned int queue, part;

	srv->main_thread = pthread_self();
	for (queue = 0; queue < srv->info.nr_hw_queues; queue++) {
		for (part = 0; part < split; part++) {
			unsigned int depth = srv->info.queue_depth;
			struct worker *w = &srv->workers[srv->nr_workers];

			if (srv->nr_workers == SERVER_MAX_WORKERS)
				raw_die(RAW_EXIT_FAIL, "more than %d workers", SERVER_MAX_WORKERS);
			w->srv = srv;
			w->index = srv->nr_workers++;
			w->queue = queue;
			w->first_tag = depth * part / split;
			w->nr_tags = depth * (part + 1) / split - w->first_tag;
			if (pthread_create(&w->thread, NULL, worker_main, w))
				raw_die(RAW_EXIT_FAIL, "no thread for worker %u", w->index);
		}
	}
}

bool server_wait_fetched(struct server *srv, unsigned int timeout_ms)
{
	uint64_t limit = raw_now_ms() + timeout_ms;
	unsigned int i;

	for (i = 0; i < srv->nr_workers; i++) {
		while (!atomic_load(&srv->workers[i].is_fetched)) {
			if (raw_now_ms() > limit)
				return false;
			usleep(1000);
		}
	}
	return true;
}

bool server_all_ended(struct server *srv)
{
	unsigned int i;

	for (i = 0; i < srv->nr_workers; i++)
		if (!atomic_load(&srv->workers[i].is_ended))
			return false;
	return srv->nr_workers > 0;
}
