// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * The metadata of requests (UBLK_F_INTEGRITY): kept in a second file, and every answer to those who
 * copy what they may not.
 *
 * The file has the complement of what is stored, so that a hole is all ones: a tuple that says
 * "not to be checked".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server.h"

#define META_CHUNK	(64u << 10)

/*
 * CSUM:SIZE:OFFSET:INTERVAL_SHIFT:FLAGS, numbers as in struct ublk_param_integrity; and :short, so
 * that --partial is for reads, too
 */
bool meta_parse(struct options *opt, const char *text)
{
	unsigned int csum, size, offset, shift, flags;
	char extra[8] = "";

	if (sscanf(text, "%u:%u:%u:%u:%u:%7s", &csum, &size, &offset, &shift, &flags, extra) < 5)
		return false;
	opt->meta_short = !strcmp(extra, "short");
	opt->meta = (struct ublk_param_integrity) {
		.csum_type = (uint8_t)csum,
		.metadata_size = (uint8_t)size,
		.pi_offset = (uint8_t)offset,
		.interval_exp = (uint8_t)shift,
		.flags = flags,
	};
	return true;
}

bool meta_is_on(const struct server *srv)
{
	return srv->opt.meta.metadata_size != 0;
}

int meta_open(struct server *srv)
{
	char path[PATH_MAX];

	if (srv->opt.file) {
		snprintf(path, sizeof(path), "%s.meta", srv->opt.file);
		srv->meta_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	} else {
		srv->meta_fd = memfd_create("ublk-raw-server-meta", MFD_CLOEXEC);
	}
	return srv->meta_fd < 0 ? -errno : 0;
}

static uint64_t meta_pos(unsigned int queue, unsigned int tag)
{
	return raw_user_copy_pos(queue, tag) | UBLKSRV_IO_INTEGRITY_FLAG;
}

static void complement(unsigned char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = (unsigned char)~buf[i];
}

static int store(struct worker *w, unsigned int tag, unsigned char *buf, size_t len, off_t pos)
{
	ssize_t n = pread(w->srv->cfd, buf, len, (off_t)meta_pos(w->queue, tag));

	if (n != (ssize_t)len)
		return n < 0 ? -errno : -EIO;
	complement(buf, len);
	return pwrite(w->srv->meta_fd, buf, len, pos) == (ssize_t)len ? 0 : -EIO;
}

static int load(struct worker *w, unsigned int tag, unsigned char *buf, size_t len, off_t pos)
{
	ssize_t n = pread(w->srv->meta_fd, buf, len, pos);

	if (n < 0)
		return -errno;
	memset(buf + n, 0, len - (size_t)n);
	complement(buf, len);
	n = pwrite(w->srv->cfd, buf, len, (off_t)meta_pos(w->queue, tag));
	if (n != (ssize_t)len)
		return n < 0 ? -errno : -EIO;
	return 0;
}

/* @bytes of data of a request at @pos: their metadata, too. 0 or -errno. */
int meta_serve(struct worker *w, unsigned int tag, size_t bytes, off_t pos)
{
	const struct ublk_param_integrity *meta = &w->srv->opt.meta;
	const struct ublksrv_io_desc *desc = server_desc(w, tag);
	size_t len = (bytes >> meta->interval_exp) * meta->metadata_size;
	off_t at = (pos >> meta->interval_exp) * meta->metadata_size;
	unsigned char *buf;
	int ret;

	if (!meta_is_on(w->srv) || !(desc->op_flags & UBLK_IO_F_INTEGRITY))
		return 0;
	buf = malloc(len + 1);
	if (!buf)
		return -ENOMEM;
	ret = ublksrv_get_op(desc) == UBLK_IO_OP_WRITE ? store(w, tag, buf, len, at) :
							 load(w, tag, buf, len, at);
	free(buf);
	if (ret == 0)
		atomic_fetch_add(&w->srv->nr_meta, 1);
	return ret;
}

/* Nobody knows what was discarded: nor is it to be checked. 0 or -errno. */
int meta_forget(struct server *srv, off_t pos, size_t bytes)
{
	const struct ublk_param_integrity *meta = &srv->opt.meta;

	if (!meta_is_on(srv))
		return 0;
	/* a hole behind the end is none yet, and reads as zeros all the same */
	return fallocate(srv->meta_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (pos >> meta->interval_exp) * meta->metadata_size,
			 (off_t)(bytes >> meta->interval_exp) * meta->metadata_size) < 0 ? -errno :
											   0;
}

static void say(const char *what, const char *name, ssize_t ret)
{
	if (ret < 0)
		raw_say("META %s %s %s", what, name, raw_errno_name(-errno));
	else
		raw_say("META %s %s %zd", what, name, ret);
}

static unsigned int held_tag(const struct worker *w)
{
	unsigned int tag;

	for (tag = 0; tag < w->nr_tags; tag++)
		if (w->slots[tag].is_held)
			return tag;
	raw_die(RAW_EXIT_FAIL, "meta: no request is held");
}

/* One slot of queue 0 has a request, the others none. */
void meta_probe(struct server *srv)
{
	static unsigned char buf[META_CHUNK];
	const unsigned int beyond = srv->info.queue_depth, tag = held_tag(&srv->workers[0]);
	const struct ublksrv_io_desc *desc = server_desc(&srv->workers[0], tag);
	unsigned int idle = (tag + 1) % beyond;
	bool is_write = ublksrv_get_op(desc) == UBLK_IO_OP_WRITE;
	const char *what = is_write ? "write" : "read";
	ssize_t (*copy)(int, void *, size_t, off_t) = pread;
	size_t whole = ((size_t)desc->nr_sectors << 9 >> srv->opt.meta.interval_exp) *
		       srv->opt.meta.metadata_size;
	off_t pos = (off_t)meta_pos(0, tag);

	raw_say("META %s flag %d", what, !!(desc->op_flags & UBLK_IO_F_INTEGRITY));
	if (!is_write)
		copy = (ssize_t (*)(int, void *, size_t, off_t))pwrite;
	memset(buf, 0xff, sizeof(buf));
	say(what, "more-than-there-is", copy(srv->cfd, buf, sizeof(buf), pos));
	say(what, "a-part", copy(srv->cfd, buf, 3, pos + 5));
	say(what, "up-to-the-end", copy(srv->cfd, buf, sizeof(buf), pos + (off_t)whole - 1));
	say(what, "at-the-end", copy(srv->cfd, buf, 8, pos + (off_t)whole));
	say(what, "beyond-the-end", copy(srv->cfd, buf, 8, pos + (off_t)whole + 1));
	say(what, "largest-offset", copy(srv->cfd, buf, 8, pos + (off_t)UBLK_IO_BUF_BITS_MASK));
	say(what, "idle", copy(srv->cfd, buf, 8, (off_t)meta_pos(0, idle)));
	say(what, "bad-tag", copy(srv->cfd, buf, 8, (off_t)meta_pos(0, beyond)));
	say(what, "bad-queue", copy(srv->cfd, buf, 8, (off_t)meta_pos(999, tag)));
	say(what, "below", copy(srv->cfd, buf, 8, (off_t)UBLKSRV_IO_INTEGRITY_FLAG));
	say(what, "bad-memory", copy(srv->cfd, (void *)4096, 8, pos));
	say(what, "nothing", copy(srv->cfd, buf, 0, pos));
	say(what, "wrong-direction", is_write ? pwrite(srv->cfd, buf, 8, pos) :
						pread(srv->cfd, buf, 8, pos));
	raw_say("META %s done %zu", what, whole);
}
