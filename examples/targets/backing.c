// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The file or block device behind ublk-loop. */
#include "backing.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BLOCK_MIN 512u
#define BLOCK_MAX 4096u		/* the driver takes logical blocks up to a page */

static int fail(struct option_error *err, int code, const char *path, const char *what)
{
	option_fail(err, "%s: %s: %s", path, what, strerror(-code));
	return code;
}

/* A read that the file accepts is the proof; asking is not, on overlayfs and NFS. */
static int direct_accepts(int fd, uint32_t align)
{
	void *page = NULL;
	ssize_t r;

	if (posix_memalign(&page, BLOCK_MAX, align))
		return 0;
	r = pread(fd, page, align, 0);
	free(page);
	return r >= 0;
}

static uint32_t direct_probe(int fd)
{
	uint32_t align;

#ifdef STATX_DIOALIGN
	struct statx stx;

	if (!statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) &&
	    (stx.stx_mask & STATX_DIOALIGN)) {
		align = stx.stx_dio_offset_align;
		if (stx.stx_dio_mem_align > align)
			align = stx.stx_dio_mem_align;
		if (!align || align > BLOCK_MAX)
			return 0;
		return align < BLOCK_MIN ? BLOCK_MIN : align;
	}
#endif
	for (align = BLOCK_MIN; align <= BLOCK_MAX; align *= 2)
		if (direct_accepts(fd, align))
			return align;
	return 0;
}

static int flags_set(int fd, int flag, int on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	flags = on ? flags | flag : flags & ~flag;
	return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

/* One number out of the disk's queue directory; partitions have it one level up. */
static uint64_t queue_limit(dev_t dev, const char *name)
{
	static const char *const forms[] = {
		"/sys/dev/block/%u:%u/queue/%s", "/sys/dev/block/%u:%u/../queue/%s",
	};
	unsigned long long value;
	char path[128];
	size_t i;
	FILE *f;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		snprintf(path, sizeof(path), forms[i], major(dev), minor(dev), name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%llu", &value) != 1)
			value = 0;
		fclose(f);
		return value;
	}
	return 0;
}

static int measure_block(struct backing *backing, const struct stat *st)
{
	unsigned int physical = 0;

	if (ioctl(backing->fd, BLKGETSIZE64, &backing->size) < 0)
		return -errno;
	if (ioctl(backing->fd, BLKPBSZGET, &physical) < 0)
		physical = BLOCK_MIN;
	backing->physical_block = physical;
	backing->discard_granularity = (uint32_t)queue_limit(st->st_rdev, "discard_granularity");
	backing->can_discard = queue_limit(st->st_rdev, "discard_max_bytes") > 0;
	return 0;
}

/*
 * Past the end there is nothing to lose, so a hole may be tried there. Told apart
 * here, because a file system without holes must not advertise discard: each
 * fstrim would fail, and loudly.
 */
static int file_takes_holes(const struct backing *backing, const struct stat *st)
{
	off_t end = st->st_size + st->st_blksize - st->st_size % st->st_blksize;
	int r;

	/*
	 * Later kernels' ext4 has this call wait, beyond any signal's reach, for the direct writes
	 * that a dead server left under way. They hold its lock, which the fence waits for in good
	 * order; and a device that is taken over has its limits already.
	 */
	if (flock(backing->fd, LOCK_SH | LOCK_NB) < 0)
		return 1;
	r = fallocate(backing->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, end,
		      st->st_blksize);
	flock(backing->fd, LOCK_UN);
	return !r;
}

static void measure_file(struct backing *backing, const struct stat *st)
{
	uint32_t block = (uint32_t)st->st_blksize;

	if (block < BLOCK_MIN || block > BLOCK_MAX || (block & (block - 1)))
		block = BLOCK_MAX;
	backing->size = (uint64_t)st->st_size;
	backing->physical_block = block;
	backing->discard_granularity = block;
	backing->can_discard = !backing->is_read_only && file_takes_holes(backing, st);
}

static int backing_measure(struct backing *backing, const struct stat *st, const char *path,
			   struct option_error *err)
{
	int r = 0;

	if (backing->is_block)
		r = measure_block(backing, st);
	else
		measure_file(backing, st);
	if (r)
		return fail(err, r, path, "cannot find out its size");
	if (!backing->discard_granularity)
		backing->discard_granularity = backing->physical_block;
	if (backing->size)
		return 0;
	option_fail(err, "%s is empty: give it a size first, for example truncate -s 1G %s",
		    path, path);
	return -EINVAL;
}

static int open_flags(const struct backing *backing)
{
	int flags = O_CLOEXEC | O_NOCTTY | (backing->is_read_only ? O_RDONLY : O_RDWR);

	/* on a block device O_EXCL claims it: nobody can mount it under us */
	return backing->is_block ? flags | O_EXCL : flags;
}

int backing_open(struct backing *ret, const char *path, unsigned int flags,
		 struct option_error *err)
{
	struct stat st;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->fd = -1;
	ret->is_read_only = !!(flags & BACKING_READ_ONLY);
	/* looked at before it is opened: opening a FIFO or a tape does things */
	if (stat(path, &st) < 0)
		return fail(err, -errno, path, "cannot be opened");
	ret->is_block = S_ISBLK(st.st_mode);
	if (!ret->is_block && !S_ISREG(st.st_mode)) {
		option_fail(err, "%s is neither a regular file nor a block device", path);
		return -EINVAL;
	}
	ret->fd = open(path, open_flags(ret));
	if (ret->fd < 0) {
		r = -errno;
		if (r == -EBUSY) {
			option_fail(err, "%s is in use (mounted, or part of another device)", path);
			return r;
		}
		return fail(err, r, path, "cannot be opened");
	}
	if (fstat(ret->fd, &st) < 0)
		return fail(err, -errno, path, "cannot be examined");
	if (S_ISBLK(st.st_mode) != ret->is_block) {
		option_fail(err, "%s was replaced while it was being opened", path);
		return -EAGAIN;
	}
	if (!(flags & BACKING_BUFFERED) && !flags_set(ret->fd, O_DIRECT, 1)) {
		ret->direct_align = direct_probe(ret->fd);
		ret->is_direct = ret->direct_align != 0;
		if (!ret->is_direct)
			flags_set(ret->fd, O_DIRECT, 0);
	}
	return backing_measure(ret, &st, path, err);
}

int backing_use_block(struct backing *backing, uint32_t logical_block)
{
	int r;

	if (!backing->is_direct || backing->direct_align <= logical_block)
		return 0;
	r = flags_set(backing->fd, O_DIRECT, 0);
	if (!r)
		backing->is_direct = 0;
	return r;
}

int backing_read(const struct backing *backing, void *data, uint64_t len, uint64_t offset)
{
	ssize_t got = pread(backing->fd, data, len, (off_t)offset);

	if (got < 0)
		return -errno;
	memset((char *)data + got, 0, len - (uint64_t)got);
	return 0;
}

int backing_write(const struct backing *backing, const void *data, uint64_t len, uint64_t offset)
{
	ssize_t put = pwrite(backing->fd, data, len, (off_t)offset);

	if (put < 0)
		return -errno;
	return (uint64_t)put == len ? 0 : -EIO;
}

void backing_close(struct backing *backing)
{
	if (backing->fd >= 0)
		close(backing->fd);
	backing->fd = -1;
}
