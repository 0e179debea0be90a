// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Carrying out one request, synchronously: when a worker's thread is gone, its
 * writes are over, so a successor needs no other fence.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server.h"

int server_open_backing(struct server *srv)
{
	const struct options *opt = &srv->opt;

	int ret = meta_is_on(srv) ? meta_open(srv) : 0;

	srv->block_fd = -1;
	if (ret < 0)
		return ret;
	if (opt->file)
		srv->backing_fd = open(opt->file, O_RDWR | O_CREAT | O_CLOEXEC |
				       (opt->direct ? O_DIRECT : 0), 0600);
	else
		srv->backing_fd = memfd_create("ublk-raw-server", MFD_CLOEXEC);
	if (srv->backing_fd < 0)
		return -errno;
	/* a file that is there keeps its data and may be longer */
	if (lseek(srv->backing_fd, 0, SEEK_END) < (off_t)opt->size &&
	    ftruncate(srv->backing_fd, opt->size) < 0)
		return -errno;
	if (opt->block_in) {
		srv->block_fd = open(opt->block_in, O_WRONLY | O_CREAT | O_DSYNC | O_CLOEXEC, 0600);
		if (srv->block_fd < 0)
			return -errno;
	}
	return 0;
}

typedef ssize_t (*transfer_fn)(int fd, unsigned char *buf, size_t len, off_t pos);

static ssize_t do_read(int fd, unsigned char *buf, size_t len, off_t pos)
{
	return pread(fd, buf, len, pos);
}

static ssize_t do_write(int fd, unsigned char *buf, size_t len, off_t pos)
{
	return pwrite(fd, buf, len, pos);
}

/* all of it, or -errno */
static int transfer(transfer_fn fn, int fd, unsigned char *buf, size_t len, off_t pos)
{
	while (len) {
		ssize_t done = fn(fd, buf, len, pos);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		buf += done;
		len -= done;
		pos += done;
	}
	return 0;
}

/* Is the data to be moved by the server itself? */
static bool is_moved(const struct worker *w, unsigned int tag)
{
	return w->srv->opt.mode == MODE_USER_COPY && !shm_is_matched(w, tag);
}

static int serve_read(struct worker *w, unsigned int tag, unsigned char *buf, size_t len, off_t pos)
{
	struct server *srv = w->srv;
	int ret = transfer(do_read, srv->backing_fd, buf, len, pos);

	if (ret == 0 && is_moved(w, tag))
		ret = transfer(do_write, srv->cfd, buf, len, raw_user_copy_pos(w->queue, tag));
	return ret == 0 ? meta_serve(w, tag, len, pos) : ret;
}

static int serve_write(struct worker *w, unsigned int tag, unsigned char *buf, size_t len,
		       off_t pos, bool is_fua)
{
	struct server *srv = w->srv;
	int ret = 0;

	if (is_moved(w, tag))
		ret = transfer(do_read, srv->cfd, buf, len, raw_user_copy_pos(w->queue, tag));
	if (ret == 0)
		ret = transfer(do_write, srv->backing_fd, buf, len, pos);
	if (ret == 0)
		ret = meta_serve(w, tag, len, pos);
	if (ret == 0 && is_fua && fdatasync(srv->backing_fd) < 0)
		ret = -errno;
	return ret;
}

static int serve_zero(struct server *srv, off_t pos, size_t len)
{
	int ret = fallocate(srv->backing_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pos, len);

	return ret < 0 ? -errno : meta_forget(srv, pos, len);
}

int server_serve(struct worker *w, unsigned int tag, unsigned char *buf)
{
	struct server *srv = w->srv;
	const struct ublksrv_io_desc *desc = server_desc(w, tag);
	unsigned int op = ublksrv_get_op(desc);
	size_t len = (size_t)desc->nr_sectors << 9;
	off_t pos = desc->start_sector << 9;	/* all ones for a FLUSH */
	bool has_data = op == UBLK_IO_OP_READ || op == UBLK_IO_OP_WRITE;
	int ret;

	/* on a frozen file system this is where the thread enters D state */
	if (srv->block_fd >= 0 && pwrite(srv->block_fd, "x", 1, 0) != 1)
		return -EIO;
	/* a part of a read with metadata is an error */
	if (has_data && srv->opt.partial && len > srv->opt.partial &&
	    (op == UBLK_IO_OP_WRITE || !meta_is_on(srv) || srv->opt.meta_short))
		len = srv->opt.partial;

	if (has_data && shm_is_matched(w, tag))
		buf = shm_data(w, tag);
	switch (op) {
	case UBLK_IO_OP_READ:
		/* a page of the buffer must not be touched here: it may never come */
		if (atomic_load(&srv->has_uffd))
			return len;
		ret = serve_read(w, tag, buf, len, pos);
		break;
	case UBLK_IO_OP_WRITE:
		if (atomic_load(&srv->has_uffd))
			return len;
		ret = serve_write(w, tag, buf, len, pos, desc->op_flags & UBLK_IO_F_FUA);
		break;
	case UBLK_IO_OP_FLUSH:
		return fdatasync(srv->backing_fd) < 0 ? -errno : 0;
	case UBLK_IO_OP_DISCARD:
	case UBLK_IO_OP_WRITE_ZEROES:
		ret = serve_zero(srv, pos, len);
		break;
	default:
		return -EOPNOTSUPP;
	}
	return ret < 0 ? ret : (int)len;
}
