/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The file or block device behind ublk-loop: one open file and its geometry.
 *
 * Its open file carries the fence of DESIGN.md 5. The end of a process does not end its
 * writes: io_uring requests that are already with the file system go on, and one of
 * them may land after the next server acknowledged something newer. Each such request
 * holds the open file it was issued on, and an flock belongs to the open file, so
 * whoever gets the lock (the library takes it, ops->fence names the file) knows that
 * nothing of the old server can land any more. That holds only while nobody else has
 * that open file: O_CLOEXEC, no dup, no fork after the open.
 */
#ifndef EXAMPLES_BACKING_H
#define EXAMPLES_BACKING_H

#include <stdint.h>

#include "options.h"

struct backing {
	int fd;				/* -1 = not open */
	int is_block;
	int is_direct;			/* O_DIRECT is on */
	int is_read_only;
	int can_discard;
	uint64_t size;			/* bytes, exact: may end within a block */
	uint32_t direct_align;		/* offset, length and memory, if is_direct */
	uint32_t physical_block;
	uint32_t discard_granularity;
};

#define BACKING_READ_ONLY	1u
#define BACKING_BUFFERED	2u	/* do not try O_DIRECT */

/**
 * backing_open() - open @path and find out what it can do
 * @ret: written in any case; backing_close() takes it after a failure too
 *
 * O_DIRECT is used where the file has it, else the page cache: correct, but slower.
 * A block device that is mounted or otherwise claimed is refused (-EBUSY).
 *
 * Return: 0 or -errno with a sentence in @err.
 */
int backing_open(struct backing *ret, const char *path, unsigned int flags,
		 struct option_error *err);

/**
 * backing_use_block() - the device's logical block is now known
 *
 * Leaves O_DIRECT if its alignment is coarser than @logical_block.
 * Return: 0 or -errno.
 */
int backing_use_block(struct backing *backing, uint32_t logical_block);

/* At once, past all requests; behind the end there are zeros. Return: 0 or -errno. */
int backing_read(const struct backing *backing, void *data, uint64_t len, uint64_t offset);
int backing_write(const struct backing *backing, const void *data, uint64_t len, uint64_t offset);

void backing_close(struct backing *backing);

#endif
