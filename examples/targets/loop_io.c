// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * ublk-loop's requests: each is a chain of operations on the queue's own io_uring, one at a time;
 * the cookie of an operation says which step it is.
 */
#include "loop.h"

#include <errno.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

enum loop_step {
	STEP_READ,
	STEP_WRITE,
	STEP_SYNC,
	STEP_SYNC_METADATA,
	STEP_HOLE,		/* punch a hole: reads as zeros, space is freed */
	STEP_ZERO_RANGE,	/* zeros with the space kept, no data written */
	STEP_ZERO_WRITE,	/* zeros the hard way */
};

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
	case STEP_SYNC_METADATA:
		io_uring_prep_fsync(sqe, disk->metadata.fd, IORING_FSYNC_DATASYNC);
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

static int change_metadata(struct loop_disk *disk, struct ublk_io *io)
{
	switch (ublk_io_op(io)) {
	case LIBUBLK_OP_WRITE:
		return metadata_store(&disk->metadata, io);
	case LIBUBLK_OP_DISCARD:
	case LIBUBLK_OP_WRITE_ZEROES:
		return metadata_forget(&disk->metadata, io);
	default:
		return 0;
	}
}

int loop_submit(struct ublk_io *io, void *user)
{
	struct target *target = user;
	struct loop_disk *disk = loop_disk(target);
	struct loop_io *progress = target_priv(target, io);
	int r = disk->metadata.path ? change_metadata(disk, io) : 0;

	if (r < 0)
		return r;
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

/* The data are there; @r: or not. */
static void data_read(struct target *target, struct ublk_io *io, int r)
{
	const struct loop_disk *disk = loop_disk(target);

	if (r == 0 && disk->metadata.path)
		r = metadata_load(&disk->metadata, io);
	target_done(target, io, r);
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
	data_read(target, io, r);
}

static void read_done(struct target *target, struct ublk_io *io, unsigned int res)
{
	struct loop_disk *disk = loop_disk(target);
	struct loop_io *progress = target_priv(target, io);
	uint64_t got = progress->at + res, next = got;

	if (got >= ublk_io_length(io)) {
		data_read(target, io, 0);
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

static void sync_done(struct target *target, struct ublk_io *io, enum loop_step step, int res)
{
	struct loop_disk *disk = loop_disk(target);
	int none = 0;

	if (res < 0)
		atomic_compare_exchange_strong(&disk->sync_error, &none, res);
	if (step == STEP_SYNC && disk->metadata.path) {
		loop_step(target, io, STEP_SYNC_METADATA);
		return;
	}
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

void loop_cqe(struct ublk_io *io, uint32_t cookie, const struct io_uring_cqe *cqe, void *user)
{
	struct target *target = user;
	enum loop_step step = (enum loop_step)cookie;
	int res = cqe->res;

	if (res == -EINTR || res == -EAGAIN) {
		loop_step(target, io, step);
		return;
	}
	if (step == STEP_SYNC || step == STEP_SYNC_METADATA) {
		sync_done(target, io, step, res);
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
