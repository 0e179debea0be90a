// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Zero copy: the pages of a request as a registered buffer of the worker's ring, and I/O of the
 * ring on the backing with it.  A request goes through REGISTER (unless the driver did that),
 * the data, UNREGISTER (of what was registered by hand), each a completion of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

#define REG_ANSWER_S	5

bool zc_is_on(const struct server *srv)
{
	return srv->opt.mode == MODE_REGISTERED || srv->opt.mode == MODE_AUTO;
}

static bool has_data(const struct worker *w, unsigned int tag)
{
	unsigned int op = ublksrv_get_op(server_desc(w, tag));

	return op == UBLK_IO_OP_READ || op == UBLK_IO_OP_WRITE;
}

void zc_setup(struct worker *w)
{
	const struct options *opt = &w->srv->opt;
	unsigned int nr = opt->table ? opt->table : w->nr_tags;
	int ret;

	if (!zc_is_on(w->srv))
		return;
	ret = io_uring_register_buffers_sparse(&w->ring, nr);
	if (ret < 0)
		raw_die(RAW_EXIT_FAIL, "buffer table of worker %u: %s", w->index, strerror(-ret));
}

/* sqe->addr of a FETCH or COMMIT */
uint64_t zc_auto_word(const struct worker *w, unsigned int tag)
{
	const struct options *opt = &w->srv->opt;
	struct ublk_auto_buf_reg reg = {
		.index = (uint16_t)(tag - w->first_tag + opt->auto_offset),
		.flags = opt->fallback ? UBLK_AUTO_BUF_REG_FALLBACK : 0,
	};

	if (opt->mode != MODE_AUTO)
		return 0;
	return opt->auto_word ? opt->auto_word : ublk_auto_buf_reg_to_sqe_addr(&reg);
}

static void queue_reg(struct worker *w, unsigned int tag, uint32_t op, enum zc_step step)
{
	struct ublksrv_io_cmd cmd = { .q_id = w->queue, .tag = tag, .addr = tag - w->first_tag };
	struct io_uring_sqe *sqe = raw_get_sqe(&w->ring);

	server_prep_io(sqe, w->srv->opt.fixed_file ? 0 : w->srv->cfd, op, &cmd);
	if (w->srv->opt.fixed_file)
		sqe->flags |= IOSQE_FIXED_FILE;
	if (w->srv->opt.iosqe_async)
		sqe->flags |= IOSQE_ASYNC;
	sqe->user_data = (uint64_t)step << ZC_STEP_SHIFT | tag;
}

/* true: it was begun, and zc_done() hears of its end */
bool zc_register(struct worker *w, unsigned int tag)
{
	const struct ublksrv_io_desc *desc = server_desc(w, tag);

	if (!zc_is_on(w->srv) || !has_data(w, tag))
		return false;
	if (w->srv->opt.mode == MODE_AUTO && !(desc->op_flags & UBLK_IO_F_NEED_REG_BUF))
		return false;
	queue_reg(w, tag, UBLK_U_IO_REGISTER_IO_BUF, ZC_REGISTER);
	return true;
}

/* The same for the data. */
bool zc_serve(struct worker *w, unsigned int tag)
{
	const struct ublksrv_io_desc *desc = server_desc(w, tag);
	unsigned int len = desc->nr_sectors << 9, index = tag - w->first_tag;
	const struct options *opt = &w->srv->opt;
	struct io_uring_sqe *sqe;

	if (!zc_is_on(w->srv) || !has_data(w, tag))
		return false;
	if (opt->partial && len > opt->partial)
		len = opt->partial;
	if (opt->mode == MODE_AUTO && !w->slots[index].is_registered)
		index += opt->auto_offset;
	sqe = raw_get_sqe(&w->ring);
	/* the address is an offset in the request */
	if (ublksrv_get_op(desc) == UBLK_IO_OP_READ) {
		io_uring_prep_read_fixed(sqe, w->srv->backing_fd, NULL, len,
					 desc->start_sector << 9, (int)index);
	} else {
		io_uring_prep_write_fixed(sqe, w->srv->backing_fd, NULL, len,
					  desc->start_sector << 9, (int)index);
		if (desc->op_flags & UBLK_IO_F_FUA)
			sqe->rw_flags = RWF_DSYNC;
	}
	sqe->user_data = (uint64_t)ZC_DATA << ZC_STEP_SHIFT | tag;
	return true;
}

void zc_done(struct worker *w, unsigned int tag, enum zc_step step, int res)
{
	struct slot *slot = &w->slots[tag - w->first_tag];

	switch (step) {
	case ZC_COMMAND:
		break;
	case ZC_REGISTER:
		if (res < 0) {
			raw_say("REGISTER q=%u tag=%u res=%d", w->queue, tag, res);
			worker_answer(w, tag, res);
			break;
		}
		atomic_fetch_add(&w->srv->nr_registered, 1);
		slot->is_registered = true;
		worker_request_ready(w, tag);
		break;
	case ZC_DATA:
		slot->result = res;
		if (slot->is_registered && !atomic_load(&w->srv->is_keeping))
			queue_reg(w, tag, UBLK_U_IO_UNREGISTER_IO_BUF, ZC_UNREGISTER);
		else
			worker_answer(w, tag, res);
		break;
	case ZC_UNREGISTER:
		if (res < 0)
			raw_say("UNREGISTER q=%u tag=%u res=%d", w->queue, tag, res);
		slot->is_registered = false;
		worker_answer(w, tag, slot->result);
		break;
	}
}

/* ---- every errno of the two commands, with a ring of its own --------------------------------- */

struct reg_try {
	const char *name;
	uint32_t op;
	uint16_t q_id, tag;
	uint64_t index;
};

static int try_reg(struct server *srv, struct io_uring *ring, const struct reg_try *t)
{
	struct __kernel_timespec limit = { .tv_sec = REG_ANSWER_S };
	struct ublksrv_io_cmd cmd = { .q_id = t->q_id, .tag = t->tag, .addr = t->index };
	struct io_uring_cqe *cqe;
	int ret;

	server_prep_io(raw_get_sqe(ring), srv->cfd, t->op, &cmd);
	io_uring_submit(ring);
	ret = io_uring_wait_cqe_timeout(ring, &cqe, &limit);
	if (ret < 0)
		raw_die(RAW_EXIT_FAIL, "%s: no answer: %s", t->name, strerror(-ret));
	ret = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

/*
 * Slot 0 of queue 0 has a request with data, the last slot none.  @who: `owner` in the worker's
 * thread, `other` in another one.
 */
void zc_probe(struct server *srv, const char *who)
{
	const uint16_t idle = srv->info.queue_depth - 1, beyond = srv->info.queue_depth;
	const uint32_t reg = UBLK_U_IO_REGISTER_IO_BUF, unreg = UBLK_U_IO_UNREGISTER_IO_BUF;
	const struct reg_try tries[] = {
		{ "register", reg, 0, 0, 0 },
		{ "register-taken", reg, 0, 0, 0 },
		{ "register-again", reg, 0, 0, 1 },
		{ "register-beyond-table", reg, 0, 0, 3 },
		{ "register-huge-index", reg, 0, 0, 1ULL << 32 },
		{ "register-users", reg, 0, 0, 2 },
		{ "register-idle", reg, 0, idle, 0 },
		{ "register-bad-tag", reg, 0, beyond, 0 },
		{ "register-bad-queue", reg, 999, 0, 0 },
		{ "unregister", unreg, 0, 0, 0 },
		{ "unregister-empty", unreg, 0, 0, 0 },
		{ "unregister-beyond-table", unreg, 0, 0, 3 },
		{ "unregister-users", unreg, 0, 0, 2 },
		{ "unregister-any-tag", unreg, 999, beyond, 1 },
	};
	static char users[4096];
	struct iovec vec = { users, sizeof(users) };
	struct io_uring ring;
	int ret = io_uring_queue_init(8, &ring, 0);
	unsigned int i;

	if (ret == 0)
		ret = io_uring_register_buffers_sparse(&ring, 3);
	if (ret == 0 && io_uring_register_buffers_update_tag(&ring, 2, &vec, NULL, 1) != 1)
		ret = -EIO;
	if (ret < 0)
		raw_die(RAW_EXIT_FAIL, "probe: ring: %s", strerror(-ret));
	for (i = 0; i < raw_array_size(tries); i++)
		raw_say("REG %s %s %s", who, tries[i].name,
			raw_errno_name(try_reg(srv, &ring, &tries[i])));
	raw_say("REG %s done", who);
	io_uring_queue_exit(&ring);
}
