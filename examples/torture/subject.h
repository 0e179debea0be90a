/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What the writer works on: the disk itself, or a file in a file system on it.
 *
 * A file is read with O_DIRECT throughout, so that what is judged comes from the disk. Its
 * second half is written through the page cache: that writes whole pages, so the two ways
 * must not meet in one.
 */
#ifndef EXAMPLES_TORTURE_SUBJECT_H
#define EXAMPLES_TORTURE_SUBJECT_H

#include <stdint.h>

#include "options.h"

struct subject {
	char path[4096];
	int fd;			/* O_DIRECT; -1 = not open */
	int buffered_fd;	/* of a file; else -1 */
	int is_file;
	uint32_t block_bytes;	/* what nothing may tear */
	uint64_t bytes;
	int can_discard, has_cache;
};

/* @path: a block device. Returns 0, or -errno with a sentence in @err. */
int subject_open_disk(struct subject *subject, const char *path, struct option_error *err);
/* A new file of @bytes in @dir. */
int subject_open_file(struct subject *subject, const char *dir, uint64_t bytes,
		      struct option_error *err);
void subject_close(struct subject *subject);
/* Removes the file, if it is one. */
void subject_remove(struct subject *subject);

/* Which descriptor writes at this offset. */
int subject_write_fd(const struct subject *subject, uint64_t offset);

/* DISCARD or WRITE_ZEROES, waiting for it. Returns 0 or -errno. */
int subject_discard(const struct subject *subject, uint64_t offset, uint64_t bytes);
int subject_zero(const struct subject *subject, uint64_t offset, uint64_t bytes);

#endif
