// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * A queue against a driver that says anything: descriptors with any operation, flags, sectors and
 * address, completions of any tag with any result, in any order with those of the target. The
 * control side is the fake kernel's.
 *
 * Whatever comes: one COMMIT for each delivery, none for anything else, never two commands for a
 * tag, a result that the request can have, data inside the tag's own buffer or registered memory;
 * and when the driver has taken all tags back, the queue ends.
 */
#include <errno.h>
#include <liburing.h>

#include "fake_kernel.h"
#include "fuzz.h"

#define STEPS	200
#define SQES	8
#define BYTES	8192			/* most that copy_in, copy_out are asked for */
#define MEMORY	16384u			/* registered */

enum how { NOW, TWICE, LATER, FAIL, POSITIVE, BY_SQE, ELSEWHERE, NR_HOWS };

static struct fuzz_input in;
static struct ublk_ctl *ctl, *plain;
static struct ublk_queue *queue;
static char memory[MEMORY] __attribute__((aligned(4096)));

static struct {
	struct ublksrv_io_desc desc;
	bool is_held;			/* we have the library's command */
	bool is_delivered;		/* the library had it, and we no COMMIT */
	bool is_told;			/* the target completed it .. */
	int told;			/* .. with this */
	struct ublk_io *late;		/* the target has not completed it */
} tags[FAKE_DEPTH];

static struct {
	struct ublk_io *io;		/* NULL: the queue's */
	uint32_t cookie;
	struct io_uring_sqe sqe;
	bool is_used;
} sqes[SQES];

static unsigned nr_commits, nr_deliveries;
static enum how how;

static void complete(struct ublk_io *io, int result)
{
	tags[ublk_io_tag(io)].is_told = true;
	tags[ublk_io_tag(io)].told = result;
	tags[ublk_io_tag(io)].late = NULL;
	ublk_io_complete(io, result);
}

/* ---- the driver ---- */

/* Does the driver say that it is in registered memory, where there is none? */
static bool is_nowhere(const struct ublk_io *io)
{
	uint64_t offset = io->desc.addr & UINT32_MAX, bytes = (uint64_t)io->desc.nr_sectors << 9;

	return io->desc.op_flags & UBLK_IO_F_SHMEM_ZC &&
	       ((io->desc.addr >> 32 & UINT16_MAX) || offset + bytes > MEMORY);
}

/* What a COMMIT has to say; what the target never saw was longer than any request may be. */
static int expected_result(const struct ublk_io *io)
{
	unsigned tag = ublk_io_tag(io), op = ublk_io_op(io);
	uint64_t bytes = 0;

	if (op == LIBUBLK_OP_READ || op == LIBUBLK_OP_WRITE || op == LIBUBLK_OP_ZONE_APPEND)
		bytes = ublk_io_length(io);
	else if (op == LIBUBLK_OP_REPORT_ZONES)
		bytes = UINT64_C(64) * io->desc.nr_zones;
	if (!tags[tag].is_told) {
		FUZZ_CLAIM(bytes > io->q->dev->config.max_io || is_nowhere(io));
		return -EIO;
	}
	return tags[tag].told ? tags[tag].told : (int)bytes;
}

static const struct ublksrv_io_desc *queue_desc(const struct ublk_queue *q, unsigned tag)
{
	(void)q;
	return &tags[tag].desc;
}

static int queue_command(struct ublk_queue *q, unsigned tag, uint32_t op, int32_t result,
			 uint64_t addr)
{
	FUZZ_CLAIM(tag < q->depth);
	FUZZ_CLAIM(!tags[tag].is_held);
	/* without buffers the field is free to say where an append went */
	if (!q->bufs && op == UBLK_U_IO_COMMIT_AND_FETCH_REQ &&
	    ublk_io_op(&q->ios[tag]) == LIBUBLK_OP_ZONE_APPEND)
		FUZZ_CLAIM(addr == q->ios[tag].append_sector);
	else
		FUZZ_CLAIM(addr == (uintptr_t)ublk_buffer_of(&q->ios[tag]));
	if (op == UBLK_U_IO_COMMIT_AND_FETCH_REQ) {
		FUZZ_CLAIM(tags[tag].is_delivered);
		FUZZ_CLAIM(!tags[tag].late);
		FUZZ_CLAIM(result == expected_result(&q->ios[tag]));
		tags[tag].is_delivered = false;
		nr_commits++;
	} else {
		FUZZ_CLAIM(!tags[tag].is_delivered);
	}
	tags[tag].is_held = true;
	return 0;
}

static int queue_submit(struct ublk_queue *q)
{
	(void)q;
	return 0;
}

static struct io_uring_sqe *queue_sqe(struct ublk_queue *q, struct ublk_io *io, uint32_t cookie)
{
	unsigned i;

	(void)q;
	for (i = 0; i < SQES; i++) {
		if (sqes[i].is_used)
			continue;
		sqes[i].is_used = true;
		sqes[i].io = io;
		sqes[i].cookie = cookie;
		return &sqes[i].sqe;
	}
	return NULL;
}

static ssize_t copy(struct ublk_io *io, uint64_t offset, void *buf, size_t len, bool to_kernel)
{
	uint8_t answer = fuzz_byte(&in);

	FUZZ_CLAIM(len && offset + len <= ublk_io_length(io));
	if (answer & 1)
		return answer & 2 ? -EINTR : -(ssize_t)(answer >> 2);
	len = answer & 2 ? (len + 1) / 2 : len;
	if (!to_kernel)
		memset(buf, 'k', len);
	return (ssize_t)len;
}

static void end_sqe(unsigned i, bool has_more)
{
	struct io_uring_cqe cqe = { .flags = has_more ? IORING_CQE_F_MORE : 0 };
	struct ublk_io *io = sqes[i].io;

	if (!sqes[i].is_used)
		return;
	fuzz_take(&in, &cqe.res, sizeof(cqe.res));
	sqes[i].is_used = has_more;
	if (io)
		ublk_queue_on_io_sqe(queue, ublk_io_tag(io), sqes[i].cookie, &cqe);
	else
		ublk_queue_on_sqe(queue, sqes[i].cookie, &cqe);
}

/* ---- the target ---- */

static void touch(struct ublk_io *io)
{
	char *buf = ublk_io_buffer(io), *own = ublk_buffer_of(io);
	unsigned op = ublk_io_op(io);
	static char bytes[BYTES];
	uint64_t offset;
	uint16_t len;

	FUZZ_CLAIM((op != LIBUBLK_OP_READ && op != LIBUBLK_OP_WRITE) ||
		   ublk_io_length(io) <= io->q->dev->config.max_io);
	FUZZ_CLAIM(!is_nowhere(io));
	if (buf && ublk_io_is_in_memory(io)) {
		FUZZ_CLAIM(buf >= memory && buf + ublk_io_length(io) <= memory + MEMORY);
		memset(buf, 'm', ublk_io_length(io));
	} else if (buf) {
		FUZZ_CLAIM(buf == own);
		FUZZ_CLAIM(ublk_io_length(io) <= io->q->buf_stride);
		memset(buf, 't', ublk_io_length(io));
	}
	fuzz_take(&in, &offset, sizeof(offset));
	fuzz_take(&in, &len, sizeof(len));
	len %= BYTES + 1;
	ublk_io_copy_in(io, offset, bytes, len);
	ublk_io_copy_out(io, offset, bytes, len);
	memset(ublk_io_priv(io), 'p', 24);
}

static int submit(struct ublk_io *io, void *user)
{
	unsigned tag = ublk_io_tag(io);

	(void)user;
	FUZZ_CLAIM(ublk_io_queue(io) == queue);
	FUZZ_CLAIM(tag < queue->depth && tags[tag].is_delivered);
	FUZZ_CLAIM(!memcmp(&io->desc, &tags[tag].desc, sizeof(io->desc)));
	touch(io);
	/* The driver's page is the driver's: it changes when it likes. */
	fuzz_take(&in, &tags[tag].desc, sizeof(tags[tag].desc));
	switch (how) {
	case NOW:
		complete(io, 0);
		return 0;
	case TWICE:
		complete(io, -EBADMSG);
		ublk_io_complete(io, 0);
		return 0;
	case LATER:
		tags[tag].late = io;
		return 0;
	case BY_SQE:
		tags[tag].late = ublk_io_get_sqe(io, tag) ? io : NULL;
		if (!tags[tag].late)
			complete(io, -EAGAIN);
		return 0;
	case ELSEWHERE:
		tags[tag].is_told = true;
		tags[tag].told = -ENOSPC;
		ublk_io_complete_mt(io, -ENOSPC);
		return 0;
	case POSITIVE:
		tags[tag].is_told = true;
		tags[tag].told = -EIO;
		return EIO;
	default:
		tags[tag].is_told = true;
		tags[tag].told = -EOPNOTSUPP;
		return -EOPNOTSUPP;
	}
}

static void cqe(struct ublk_io *io, uint32_t cookie, const struct io_uring_cqe *c, void *user)
{
	(void)user;
	FUZZ_CLAIM(cookie == ublk_io_tag(io));
	if (tags[cookie].late)
		complete(io, c->res < 0 && c->res >= -4095 ? c->res : 0);
}

static const struct ublk_target_ops ops = {
	.size = UBLK_TARGET_OPS_SIZE, .name = "fuzz", .io_priv_size = 24, .submit = submit,
	.cqe = cqe,
};

/* ---- the script ---- */

static void end_command(unsigned tag, int res)
{
	bool is_held = tag < queue->depth && tags[tag].is_held;

	how = fuzz_byte(&in) % NR_HOWS;
	if (is_held) {
		tags[tag].is_held = false;
		if (res == UBLK_IO_RES_OK) {
			fuzz_take(&in, &tags[tag].desc, sizeof(tags[tag].desc));
			tags[tag].is_delivered = true;
			tags[tag].is_told = false;
			nr_deliveries++;
		}
	}
	ublk_queue_on_command(queue, tag, res);
}

static void complete_late(unsigned tag)
{
	struct ublk_io *io = tags[tag].late;

	if (io)
		complete(io, fuzz_byte(&in) ? 0 : -EIO);
}

/* One thing that happens in the kernel or in the target. */
static unsigned happen(void)
{
	uint8_t what = fuzz_byte(&in), which = fuzz_byte(&in) % FAKE_DEPTH;
	uint16_t tag;
	int32_t res;

	switch (what % 8) {
	case 0:
	case 1:
	case 2:
		end_command(which, UBLK_IO_RES_OK);
		return 1;
	case 3:
		end_command(which, UBLK_IO_RES_NEED_GET_DATA);
		return 1;
	case 4:
		fuzz_take(&in, &tag, sizeof(tag));
		fuzz_take(&in, &res, sizeof(res));
		end_command(tag, res);
		return 1;
	case 5:
		end_sqe(which % SQES, what & 128);
		return 1;
	case 6:
		complete_late(which);
		return 1;
	default:
		ublk_queue_get_sqe(queue, which);
		return 0;
	}
}

static int queue_wait(struct ublk_queue *q, int timeout_ms)
{
	(void)q;
	FUZZ_CLAIM(!timeout_ms);
	return in.left ? (int)happen() : 0;
}

static int take_all_back(struct ublk_queue *q, int timeout_ms)
{
	unsigned i;

	(void)timeout_ms;
	for (i = 0; i < SQES; i++)
		end_sqe(i, false);
	for (i = 0; i < q->depth; i++) {
		complete_late(i);
		if (tags[i].is_held)
			end_command(i, UBLK_IO_RES_ABORT);
	}
	return 1;
}

static struct ublk_transport_ops transport;

static void tear_down(void)
{
	ublk_ctl_close(ctl);
	fake_teardown(plain);
}

static void set_up(void)
{
	plain = fake_setup();
	atexit(tear_down);
	transport = fake_transport;
	transport.queue_desc = queue_desc;
	transport.queue_command = queue_command;
	transport.queue_submit = queue_submit;
	transport.queue_sqe = queue_sqe;
	transport.copy = copy;
	if (ublk_ctl_open_transport(&transport, &ctl) < 0)
		abort();
}

static void run(struct ublk_device *dev)
{
	struct ublk_queue_stats stats = { .size = sizeof(stats) };
	int r, n;

	FUZZ_CLAIM(!ublk_queue_open(dev, 0, &queue));
	transport.queue_wait = queue_wait;
	for (n = 0, r = 0; n < STEPS && in.left && r >= 0; n++)
		r = ublk_queue_step(queue, 0);
	/* What goes on when the queue is broken comes, too, though nobody asks for it any more. */
	for (; queue->error && n < STEPS && in.left; n++)
		happen();
	transport.queue_wait = take_all_back;
	for (n = 0; n < 4 && r >= 0; n++)
		r = ublk_queue_step(queue, 0);
	FUZZ_CLAIM(r == -ENODEV || r == queue->error);
	if (!queue->error) {
		ublk_queue_get_stats(queue, &stats);
		FUZZ_CLAIM(nr_commits == nr_deliveries && stats.completed == nr_deliveries);
		FUZZ_CLAIM(!stats.in_target && !stats.sqes_in_flight);
	}
	ublk_queue_close(queue);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ublk_device_config config = UBLK_DEVICE_CONFIG_INIT;
	static const uint32_t modes[] = {
		LIBUBLK_DATA_COPY, LIBUBLK_DATA_GET_DATA, LIBUBLK_DATA_USER_COPY,
	};
	struct ublk_device *dev;
	unsigned index;

	if (!ctl)
		set_up();
	in = (struct fuzz_input){ data, size };
	memset(tags, 0, sizeof(tags));
	memset(sqes, 0, sizeof(sqes));
	nr_commits = nr_deliveries = 0;
	config.capacity = 1 << 20;
	config.nr_queues = 1;
	config.queue_depth = (uint16_t)(fuzz_byte(&in) % FAKE_DEPTH + 1);
	config.data_mode = modes[fuzz_byte(&in) % ARRAY_SIZE(modes)];
	config.max_io = 4096;
	config.flags = LIBUBLK_NO_RECORD;
	config.features_required = LIBUBLK_FEATURE_SHMEM_ZC;
	FUZZ_CLAIM(!ublk_device_create(ctl, &config, &ops, NULL, &dev));
	FUZZ_CLAIM(!ublk_device_register_memory(dev, memory, MEMORY, 0, &index) && !index);
	run(dev);
	ublk_device_free(dev);
	return 0;
}
