// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * One direct read or write of a disk with metadata of one's own (io_uring, kernel 6.13 and later),
 * where others let the block layer make and compare them.
 *
 *	ublk-pi-rw read|write DISK OFFSET BYTES DATA META META_BYTES [SEED]
 *
 * DATA and META are files; SEED is the reference tag that the first tuple has in META.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "raw.h"

#define PAGE		4096u
#define ATTR_PI		1u	/* IORING_RW_ATTR_FLAG_PI */
#define META_SKEW	36u	/* not at a page's start, nor at 64 bytes: several segments */

/* struct io_uring_attr_pi, and its place in the SQE: Debian 12 has no names for them */
struct attr_pi {
	uint16_t flags, app_tag;
	uint32_t len;
	uint64_t addr, seed, rsvd;
};

struct attr_of_sqe {
	uint64_t attr_ptr, attr_type_mask;
};

#define SQE_ATTR_OFFSET	48

static void file_to(const char *path, unsigned char *buf, size_t len)
{
	FILE *file = fopen(path, "rb");

	if (!file || fread(buf, 1, len, file) != len)
		raw_die(RAW_EXIT_FAIL, "%s: has no %zu bytes", path, len);
	fclose(file);
}

static void file_from(const char *path, const unsigned char *buf, size_t len)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(buf, 1, len, file) != len || fclose(file))
		raw_die(RAW_EXIT_FAIL, "%s: %s", path, strerror(errno));
}

static unsigned char *pages(size_t len)
{
	void *ret;

	if (posix_memalign(&ret, PAGE, len))
		raw_die(RAW_EXIT_FAIL, "no memory");
	memset(ret, 0, len);
	return ret;
}

static int transfer(int fd, bool is_write, unsigned char *data, size_t len, uint64_t offset,
		    const struct attr_pi *pi)
{
	struct attr_of_sqe attr = { (uintptr_t)pi, ATTR_PI };
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	int ret = io_uring_queue_init(2, &ring, 0);

	if (ret < 0)
		raw_die(RAW_EXIT_FAIL, "ring: %s", strerror(-ret));
	sqe = raw_get_sqe(&ring);
	if (is_write)
		io_uring_prep_write(sqe, fd, data, (unsigned int)len, offset);
	else
		io_uring_prep_read(sqe, fd, data, (unsigned int)len, offset);
	memcpy((char *)sqe + SQE_ATTR_OFFSET, &attr, sizeof(attr));
	io_uring_submit(&ring);
	ret = io_uring_wait_cqe(&ring, &cqe);
	if (ret == 0)
		ret = cqe->res;
	io_uring_queue_exit(&ring);
	return ret;
}

int main(int argc, char **argv)
{
	struct attr_pi pi = { 0 };
	unsigned char *data, *meta;
	bool is_write;
	size_t len;
	int fd, ret;

	if (argc < 8 || argc > 9)
		raw_die(RAW_EXIT_USAGE,
			"usage: read|write DISK OFFSET BYTES DATA META META_BYTES [SEED]");
	is_write = !strcmp(argv[1], "write");
	fd = open(argv[2], (is_write ? O_WRONLY : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		raw_die(RAW_EXIT_FAIL, "%s: %s", argv[2], strerror(errno));
	len = raw_number(argv[4], "BYTES");
	pi.len = (uint32_t)raw_number(argv[7], "META_BYTES");
	pi.seed = argc > 8 ? raw_number(argv[8], "SEED") : 0;
	data = pages(len);
	meta = pages(META_SKEW + pi.len) + META_SKEW;
	pi.addr = (uintptr_t)meta;
	if (is_write) {
		file_to(argv[5], data, len);
		file_to(argv[6], meta, pi.len);
	}
	ret = transfer(fd, is_write, data, len, raw_number(argv[3], "OFFSET"), &pi);
	if (ret != (int)len)
		raw_die(RAW_EXIT_FAIL, "%s: %s", argv[2], ret < 0 ? strerror(-ret) : "short");
	if (!is_write) {
		file_from(argv[5], data, len);
		file_from(argv[6], meta, pi.len);
	}
	return 0;
}
