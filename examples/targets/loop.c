// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * A disk in a file or on a block device; it survives kill -9.
 *
 * Each request is a chain of operations on the queue's own io_uring, one at a time;
 * the cookie of an operation says which step it is. What makes it survive:
 *
 *  - Nothing is acknowledged before the file system has done it, and FLUSH and FUA are
 *    passed on, so an acknowledged write is as durable as the file system makes it.
 *  - Every step may be done twice (REISSUE sends what was under way again).
 *  - The fence (backing.h) keeps a dead server's last operations from landing on top
 *    of the new one's.
 */
#include <errno.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "backing.h"
#include "target.h"

#define LOOP_MAX_DISCARD (1ull << 30)
#define LOOP_MAX_ZEROES (128ull << 20)	/* may have to be written out in full */
#define LOOP_ZERO_CHUNK (1u << 20)
#define LOOP_CLAIM_WAIT_MS 5000
#define LOOP_PAGE 4096u

enum loop_step {
	STEP_READ,
	STEP_WRITE,
	STEP_SYNC,
	STEP_HOLE,		/* punch a hole: reads as zeros, space is freed */
	STEP_ZERO_RANGE,	/* zeros with the space kept, no data written */
	STEP_ZERO_WRITE,	/* zeros the hard way */
};

struct loop_disk {
	const char *file;
	int is_buffered;
	struct backing backing;
	void *zeros;		/* LOOP_ZERO_CHUNK bytes; never written to, so never allocated */
	/* what the file system refused once is not asked again; any queue sets them */
	atomic_int has_no_hole, has_no_zero_range;
	/*
	 * The first error a sync gave. The kernel tells it once and then forgets which
	 * pages were lost: a later sync would "succeed" over the gap.
	 */
	atomic_int sync_error;
};

struct loop_io {
	uint64_t at;		/* bytes done, where the current step starts */
	uint64_t len;		/* bytes of the current step; for a SYNC nothing */
};

static struct loop_disk *loop_disk(const struct target *target)
{
	return target->state;
}

static void loop_step(struct target *target, struct ublk_io *io, enum loop_step step);

static struct io_uring_sqe *loop_sqe(struct target *target, struct ublk_io *io,
				     enum loop_step step)
{
	struct io_uring_sqe *sqe = ublk_io_get_sqe(io, step);

	/* the ring is sized for one per request; so this is a kernel that is out of memory */
	if (!sqe)
		target_done(target, io, -ENOMEM);
	return sqe;
}

static int loop_rw_flags(const struct ublk_io *io)
{
	return ublk_io_flags(io) & LIBUBLK_IO_FUA ? RWF_DSYNC : 0;
}

static void loop_prep_rw(struct loop_disk *disk, struct ublk_io *io, struct loop_io *progress,
			 struct io_uring_sqe *sqe, enum loop_step step)
{
	uint64_t offset = ublk_io_offset(io) + progress->at;

	progress->len = ublk_io_length(io) - progress->at;
	if (step == STEP_ZERO_WRITE) {
		if (progress->len > LOOP_ZERO_CHUNK)
			progress->len = LOOP_ZERO_CHUNK;
		io_uring_prep_write(sqe, disk->backing.fd, disk->zeros,
				    (unsigned int)progress->len, offset);
		sqe->rw_flags = loop_rw_flags(io);
		return;
	}
	/* in memory or in registered pages: it cannot fail within the request */
	ublk_io_prep_rw(io, sqe, disk->backing.fd, progress->at, (uint32_t)progress->len, offset);
	if (step == STEP_WRITE)
		sqe->rw_flags = loop_rw_flags(io);
}

static void loop_prep_fallocate(struct loop_disk *disk, struct ublk_io *io,
				struct io_uring_sqe *sqe, enum loop_step step)
{
	int mode = step == STEP_HOLE ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;

	io_uring_prep_fallocate(sqe, disk->backing.fd, mode | FALLOC_FL_KEEP_SIZE,
				(off_t)ublk_io_offset(io), (off_t)ublk_io_length(io));
}

static void loop_step(struct target *target, struct ublk_io *io, enum loop_step step)
{
	struct loop_disk *disk = loop_disk(target);
	struct io_uring_sqe *sqe = loop_sqe(target, io, step);

	if (!sqe)
		return;
	switch (step) {
	case STEP_READ:
	case STEP_WRITE:
	case STEP_ZERO_WRITE:
		loop_prep_rw(disk, io, target_priv(target, io), sqe, step);
		break;
	case STEP_SYNC:
		/* the file's size and extents count as data here, its times do not */
		io_uring_prep_fsync(sqe, disk->backing.fd, IORING_FSYNC_DATASYNC);
		break;
	case STEP_HOLE:
	case STEP_ZERO_RANGE:
		loop_prep_fallocate(disk, io, sqe, step);
		break;
	}
}

/*
 * Discards nothing is an answer, zeros not written is not one. So DISCARD ends with
 * the hole, WRITE_ZEROES goes on to the next best way.
 */
static enum loop_step zeroes_way(struct loop_disk *disk, const struct ublk_io *io)
{
	int may_free = !(ublk_io_flags(io) & LIBUBLK_IO_NOUNMAP);

	if (may_free && !atomic_load(&disk->has_no_hole))
		return STEP_HOLE;
	if (!atomic_load(&disk->has_no_zero_range))
		return STEP_ZERO_RANGE;
	return STEP_ZERO_WRITE;
}

/*
 * A block device that cannot zero quickly may still be able to discard, and for that
 * there is only an ioctl, which no ring of 6.1 takes. It holds up this queue; devices
 * of this kind are rare enough for that.
 */
static int discard_device(struct loop_disk *disk, const struct ublk_io *io)
{
	uint64_t range[2] = { ublk_io_offset(io), ublk_io_length(io) };

	if (!disk->backing.is_block)
		return -EOPNOTSUPP;
	return ioctl(disk->backing.fd, BLKDISCARD, range) < 0 ? -errno : 0;
}

static int loop_submit(struct ublk_io *io, void *user)
{
	struct target *target = user;
	struct loop_disk *disk = loop_disk(target);
	struct loop_io *progress = target_priv(target, io);

	memset(progress, 0, sizeof(*progress));
	switch (ublk_io_op(io)) {
	case LIBUBLK_OP_READ:
		loop_step(target, io, STEP_READ);
		return 0;
	case LIBUBLK_OP_WRITE:
		loop_step(target, io, STEP_WRITE);
		return 0;
	case LIBUBLK_OP_FLUSH:
		loop_step(target, io, STEP_SYNC);
		return 0;
	case LIBUBLK_OP_DISCARD:
		if (atomic_load(&disk->has_no_hole))
			return discard_device(disk, io);
		loop_step(target, io, STEP_HOLE);
		return 0;
	case LIBUBLK_OP_WRITE_ZEROES:
		loop_step(target, io, zeroes_way(disk, io));
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* Behind the end of the file there are zeros, also within its last block. */
static void read_rest_is_zeros(struct target *target, struct ublk_io *io, uint64_t got)
{
	const struct loop_disk *disk = loop_disk(target);
	uint64_t end = ublk_io_length(io), len;
	int r = 0;

	for (; got < end && !r; got += len) {
		len = end - got < LOOP_ZERO_CHUNK ? end - got : LOOP_ZERO_CHUNK;
		r = ublk_io_copy_in(io, got, disk->zeros, len);
	}
	target_done(target, io, r);
}

static void read_done(struct target *target, struct ublk_io *io, unsigned int res)
{
	struct loop_disk *disk = loop_disk(target);
	struct loop_io *progress = target_priv(target, io);
	uint64_t got = progress->at + res, next = got;

	if (got >= ublk_io_length(io)) {
		target_done(target, io, 0);
		return;
	}
	/* a direct read has to go on at a block: one that gets nowhere is at the end */
	if (disk->backing.is_direct)
		next -= next % disk->backing.direct_align;
	if (!res || next == progress->at) {
		read_rest_is_zeros(target, io, got);
		return;
	}
	progress->at = next;
	loop_step(target, io, STEP_READ);
}

static void write_done(struct target *target, struct ublk_io *io, enum loop_step step,
		       unsigned int res)
{
	struct loop_disk *disk = loop_disk(target);
	struct loop_io *progress = target_priv(target, io);
	uint64_t got = progress->at + res;

	if (got >= ublk_io_length(io)) {
		target_done(target, io, 0);
		return;
	}
	if (disk->backing.is_direct)
		got -= got % disk->backing.direct_align;
	if (got == progress->at) {	/* no error and no progress: do not try for ever */
		target_done(target, io, -EIO);
		return;
	}
	progress->at = got;
	loop_step(target, io, step);
}

static void sync_done(struct target *target, struct ublk_io *io, int res)
{
	struct loop_disk *disk = loop_disk(target);
	int none = 0;

	if (res < 0)
		atomic_compare_exchange_strong(&disk->sync_error, &none, res);
	target_done(target, io, atomic_load(&disk->sync_error));
}

/* Zeros and holes: durable too if they were to be. */
static void range_done(struct target *target, struct ublk_io *io)
{
	if (ublk_io_flags(io) & LIBUBLK_IO_FUA)
		loop_step(target, io, STEP_SYNC);
	else
		target_done(target, io, 0);
}

static void range_refused(struct target *target, struct ublk_io *io, enum loop_step step)
{
	struct loop_disk *disk = loop_disk(target);

	atomic_store(step == STEP_HOLE ? &disk->has_no_hole : &disk->has_no_zero_range, 1);
	if (ublk_io_op(io) == LIBUBLK_OP_DISCARD)
		target_done(target, io, discard_device(disk, io));
	else
		loop_step(target, io, zeroes_way(disk, io));
}

static void loop_cqe(struct ublk_io *io, uint32_t cookie, const struct io_uring_cqe *cqe,
		     void *user)
{
	struct target *target = user;
	enum loop_step step = (enum loop_step)cookie;
	int res = cqe->res;

	if (res == -EINTR || res == -EAGAIN) {
		loop_step(target, io, step);
		return;
	}
	if (step == STEP_SYNC) {
		sync_done(target, io, res);
		return;
	}
	if (step == STEP_HOLE || step == STEP_ZERO_RANGE) {
		if (res == -EOPNOTSUPP || res == -ENOSYS || res == -ENODEV)
			range_refused(target, io, step);
		else if (res < 0)
			target_done(target, io, res);
		else
			range_done(target, io);
		return;
	}
	/* after a lost sync nothing can be promised to be durable any more */
	if (res >= 0 && loop_rw_flags(io)) {
		int sync_error = atomic_load(&loop_disk(target)->sync_error);

		if (sync_error)
			res = sync_error;
	}
	if (res < 0)
		target_done(target, io, res);
	else if (step == STEP_READ)
		read_done(target, io, (unsigned int)res);
	else
		write_done(target, io, step, (unsigned int)res);
}

static int loop_open(struct ublk_device *dev, int recovering, void *user)
{
	struct loop_disk *disk = loop_disk(user);
	const struct ublk_device_config *config = ublk_device_config_of(dev);
	uint64_t size = disk->backing.size + config->logical_block - 1;
	int r;

	size -= size % config->logical_block;
	if (recovering && size < config->capacity)
		return ublk_set_error(ESTALE, "%s has become smaller than the device it belongs "
					      "to (%llu < %llu bytes)",
				      disk->file, (unsigned long long)size,
				      (unsigned long long)config->capacity);
	/* a device that is taken over has the blocks it was made with */
	r = backing_use_block(&disk->backing, config->logical_block);
	return r < 0 ? ublk_set_error(r, "%s: cannot leave direct I/O", disk->file) : 0;
}

static int loop_fence(struct ublk_device *dev, void *user)
{
	(void)dev;
	return loop_disk(user)->backing.fd;
}

/*
 * A block device is claimed by its open file, and a dead server's requests hold that
 * for a moment longer: so "in use" is only believed when it stays.
 */
static int open_backing(struct loop_disk *disk, unsigned int flags, struct option_error *err)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000000L };
	int r, tries = LOOP_CLAIM_WAIT_MS / 20;

	do {
		r = backing_open(&disk->backing, disk->file, flags, err);
		if (r != -EBUSY)
			return r;
		nanosleep(&pause, NULL);
	} while (--tries);
	return r;
}

/* Maybe, then: it is known when the driver was asked. */
static int is_registered(uint32_t data_mode)
{
	return data_mode == LIBUBLK_DATA_REGISTERED || data_mode == LIBUBLK_DATA_AUTO_REGISTERED ||
	       data_mode == LIBUBLK_DATA_AUTO;
}

static int loop_prepare(struct target *target, struct ublk_device_config *config,
			struct option_error *err)
{
	struct loop_disk *disk = loop_disk(target);
	struct backing *backing = &disk->backing;
	int is_read_only = !!(config->attrs & LIBUBLK_ATTR_READ_ONLY);
	int r;

	disk->zeros = mmap(NULL, LOOP_ZERO_CHUNK, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (disk->zeros == MAP_FAILED) {
		disk->zeros = NULL;
		return -ENOMEM;
	}
	r = open_backing(disk, (is_read_only ? BACKING_READ_ONLY : 0) |
			 (disk->is_buffered ? BACKING_BUFFERED : 0), err);
	if (r < 0)
		return r;
	if (!config->logical_block)
		config->logical_block = backing->is_direct ? backing->direct_align : 512;
	config->physical_block = backing->physical_block;
	if (config->physical_block < config->logical_block)
		config->physical_block = config->logical_block;
	/* rounded up: the end of the last block reads as zeros, and writing it is allowed */
	config->capacity = backing->size + config->logical_block - 1;
	config->capacity -= config->capacity % config->logical_block;
	config->attrs |= LIBUBLK_ATTR_VOLATILE_CACHE | LIBUBLK_ATTR_FUA;
	/* without a copy the backing gets the very memory that the disk's users gave */
	if (backing->is_direct && is_registered(config->data_mode))
		config->dma_alignment = backing->direct_align < LOOP_PAGE ?
						backing->direct_align : LOOP_PAGE / 2;
	if (is_read_only)
		return 0;
	config->max_write_zeroes = LOOP_MAX_ZEROES;
	if (backing->can_discard) {
		config->max_discard = LOOP_MAX_DISCARD;
		config->discard_granularity = backing->discard_granularity;
		if (config->discard_granularity < config->logical_block)
			config->discard_granularity = config->logical_block;
	}
	return 0;
}

static int loop_read_at(const struct target *target, void *data, uint64_t len, uint64_t offset)
{
	ssize_t got = pread(loop_disk(target)->backing.fd, data, len, (off_t)offset);

	if (got < 0)
		return -errno;
	memset((char *)data + got, 0, len - (uint64_t)got);	/* behind the end of the file */
	return 0;
}

static int loop_write_at(const struct target *target, const void *data, uint64_t len,
			 uint64_t offset)
{
	ssize_t put = pwrite(loop_disk(target)->backing.fd, data, len, (off_t)offset);

	if (put < 0)
		return -errno;
	return (uint64_t)put == len ? 0 : -EIO;
}

static void loop_cleanup(struct target *target)
{
	struct loop_disk *disk = loop_disk(target);

	backing_close(&disk->backing);
	if (disk->zeros)
		munmap(disk->zeros, LOOP_ZERO_CHUNK);
}

static const struct option_def loop_options[] = {
	{ .name = "file", .arg = "PATH", .type = OPTION_PATH, .flags = OPTION_REQUIRED,
	  .offset = offsetof(struct loop_disk, file),
	  .help = "regular file or block device to serve" },
	{ .name = "buffered", .type = OPTION_FLAG,
	  .offset = offsetof(struct loop_disk, is_buffered),
	  .help = "use the page cache even where direct I/O works" },
	{ .name = NULL },
};

static const struct ublk_target_ops loop_ops = {
	.size = UBLK_TARGET_OPS_SIZE,
	.name = "loop",
	.io_priv_size = sizeof(struct loop_io),
	.submit = loop_submit,
	.cqe = loop_cqe,
	.open = loop_open,
	.fence = loop_fence,
	/* its I/O is the ring's, which cannot reach what has to be copied first */
	.data_modes = LIBUBLK_DATA_BIT(LIBUBLK_DATA_COPY) |
		      LIBUBLK_DATA_BIT(LIBUBLK_DATA_GET_DATA) |
		      LIBUBLK_DATA_BIT(LIBUBLK_DATA_REGISTERED) |
		      LIBUBLK_DATA_BIT(LIBUBLK_DATA_AUTO_REGISTERED),
};

const struct target_type loop_target = {
	.name = "loop",
	.summary = "A disk in a regular file or on a block device; it survives kill -9.",
	.options = loop_options,
	.state_size = sizeof(struct loop_disk),
	.recovery = LIBUBLK_RECOVERY_REISSUE,
	.ops = &loop_ops,
	.prepare = loop_prepare,
	.read_at = loop_read_at,
	.write_at = loop_write_at,
	.cleanup = loop_cleanup,
};
