// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What the writer works on. */
#include "subject.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void read_queue(dev_t disk, const char *name, char *text, size_t size)
{
	char path[128];
	ssize_t len;
	int fd;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/queue/%s", major(disk), minor(disk),
		 name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	len = read(fd, text, size - 1);
	text[len > 0 ? len : 0] = '\0';
	close(fd);
}

static int fail_errno(struct option_error *err, const char *path, const char *what)
{
	int error = errno;

	option_fail(err, "%s: %s: %s", path, what, strerror(error));
	return -error;
}

int subject_open_disk(struct subject *subject, const char *path, struct option_error *err)
{
	char text[64];
	int block = 0;
	struct stat st;

	memset(subject, 0, sizeof(*subject));
	subject->buffered_fd = -1;
	snprintf(subject->path, sizeof(subject->path), "%s", path);
	subject->fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC | O_EXCL);
	if (subject->fd < 0)
		return fail_errno(err, path, errno == EBUSY ? "somebody else uses it" :
							      "cannot be opened");
	if (fstat(subject->fd, &st) < 0 || !S_ISBLK(st.st_mode)) {
		subject_close(subject);
		return option_fail(err, "%s is no block device", path);
	}
	if (ioctl(subject->fd, BLKSSZGET, &block) < 0 ||
	    ioctl(subject->fd, BLKGETSIZE64, &subject->bytes) < 0)
		return fail_errno(err, path, "does not say its size");
	subject->block_bytes = (uint32_t)block;
	read_queue(st.st_rdev, "discard_max_bytes", text, sizeof(text));
	subject->can_discard = text[0] > '0';
	read_queue(st.st_rdev, "write_cache", text, sizeof(text));
	subject->has_cache = !strncmp(text, "write back", 10);
	return 0;
}

int subject_open_file(struct subject *subject, const char *dir, uint64_t bytes,
		      struct option_error *err)
{
	struct stat st;
	char text[64];

	memset(subject, 0, sizeof(*subject));
	subject->buffered_fd = -1;
	subject->is_file = 1;
	subject->can_discard = 1;
	snprintf(subject->path, sizeof(subject->path), "%s/ublk-torture.data", dir);
	subject->fd = open(subject->path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
	if (subject->fd < 0)
		return fail_errno(err, subject->path, "cannot be opened for direct I/O");
	subject->buffered_fd = open(subject->path, O_RDWR | O_CLOEXEC);
	if (subject->buffered_fd < 0 || ftruncate(subject->fd, (off_t)bytes) < 0 ||
	    fstat(subject->fd, &st) < 0)
		return fail_errno(err, subject->path, "cannot be made");
	read_queue(st.st_dev, "logical_block_size", text, sizeof(text));
	if (sscanf(text, "%u", &subject->block_bytes) != 1)
		subject->block_bytes = 4096;
	subject->bytes = bytes;
	return 0;
}

void subject_close(struct subject *subject)
{
	if (subject->fd >= 0)
		close(subject->fd);
	if (subject->buffered_fd >= 0)
		close(subject->buffered_fd);
	subject->fd = subject->buffered_fd = -1;
}

void subject_remove(struct subject *subject)
{
	if (subject->is_file)
		unlink(subject->path);
}

int subject_write_fd(const struct subject *subject, uint64_t offset)
{
	return subject->is_file && offset >= subject->bytes / 2 ? subject->buffered_fd :
								  subject->fd;
}

/* A range of the file by fallocate(@mode), of the disk by ioctl(@request). */
static int range_do(const struct subject *subject, int mode, unsigned long request, uint64_t offset,
		    uint64_t bytes)
{
	uint64_t range[2] = { offset, bytes };
	int r;

	if (subject->is_file)
		r = fallocate(subject->fd, mode | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes);
	else
		r = ioctl(subject->fd, request, range);
	return r < 0 ? -errno : 0;
}

int subject_discard(const struct subject *subject, uint64_t offset, uint64_t bytes)
{
	return range_do(subject, FALLOC_FL_PUNCH_HOLE, BLKDISCARD, offset, bytes);
}

int subject_zero(const struct subject *subject, uint64_t offset, uint64_t bytes)
{
	return range_do(subject, FALLOC_FL_ZERO_RANGE, BLKZEROOUT, offset, bytes);
}
