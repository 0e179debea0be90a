/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Where the data of a request is. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "point.h"

int ublk_buffers_init(struct ublk_queue *q)
{
	const struct ublk_device_config *config = &q->dev->config;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *area;

	if (config->data_mode == LIBUBLK_DATA_USER_COPY ||
	    ublk_data_mode_is_registered(config->data_mode))
		return 0;
	q->buf_stride = (config->max_io + page - 1) & ~(page - 1);
	q->bufs_size = q->buf_stride * q->depth;
	/* One area: page aligned for O_DIRECT, and a page costs nothing until it is used. */
	area = mmap(NULL, q->bufs_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		return ublk_set_error(errno, "queue %u: no memory for %u buffers of %zu bytes",
				      q->index, q->depth, q->buf_stride);
	q->bufs = area;
	return 0;
}

void ublk_buffers_exit(struct ublk_queue *q)
{
	if (q->bufs)
		munmap(q->bufs, q->bufs_size);
	q->bufs = NULL;
}

void *ublk_buffer_of(const struct ublk_io *io)
{
	return io->q->bufs ? io->q->bufs + io->q->buf_stride * io->tag : NULL;
}

/* Where its data is in this process; NULL: nowhere. */
static char *data_of(const struct ublk_io *io)
{
	return ublk_is_in_memory(io) ? ublk_memory_of(io) : ublk_buffer_of(io);
}

UBLK_EXPORT void *ublk_io_buffer(const struct ublk_io *io)
{
	unsigned op = ublk_io_op(io);

	return op == LIBUBLK_OP_READ || op == LIBUBLK_OP_WRITE ? data_of(io) : NULL;
}

static int check_range(const struct ublk_io *io, unsigned op, uint64_t offset, size_t len)
{
	uint64_t whole = ublk_io_length(io);

	if (ublk_io_op(io) != op &&
	    (op != LIBUBLK_OP_WRITE || ublk_io_op(io) != LIBUBLK_OP_ZONE_APPEND))
		return ublk_set_error(EINVAL, "copy in the wrong direction for operation %u",
				      ublk_io_op(io));
	if (offset > whole || len > whole - offset)
		return ublk_set_error(EINVAL, "copy of %zu bytes at %llu of a request of %llu",
				      len, (unsigned long long)offset,
				      (unsigned long long)whole);
	return 0;
}

int ublk_user_copy(struct ublk_io *io, uint64_t offset, char *buf, size_t len, bool to_kernel)
{
	UBLK_POINT(BEFORE_COPY);
	while (len) {
		ssize_t n = io->q->transport->copy(io, offset, buf, len, to_kernel);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return ublk_set_error(n ? (int)n : -EIO, "user copy: %s",
					      strerror(n ? (int)-n : EIO));
		offset += (uint64_t)n;
		buf += n;
		len -= (size_t)n;
	}
	UBLK_POINT(AFTER_COPY);
	return 0;
}

UBLK_EXPORT int ublk_io_copy_out(struct ublk_io *io, uint64_t offset, void *to, size_t len)
{
	const char *buf = data_of(io);
	int r = check_range(io, LIBUBLK_OP_WRITE, offset, len);

	if (r < 0)
		return r;
	if (!buf)
		return ublk_user_copy(io, offset, to, len, false);
	memcpy(to, buf + offset, len);
	return 0;
}

UBLK_EXPORT int ublk_io_copy_in(struct ublk_io *io, uint64_t offset, const void *from, size_t len)
{
	char *buf = data_of(io);
	int r = check_range(io, LIBUBLK_OP_READ, offset, len);

	if (r < 0)
		return r;
	if (!buf)
		return ublk_user_copy(io, offset, (char *)from, len, true);
	memcpy(buf + offset, from, len);
	return 0;
}
