/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * A file that a target and a program with I/O on its disk both have mapped (--shm), registered
 * with the driver so that this I/O needs no copy.
 *
 * The program sees the file all the time, and so may write to it while the target reads: what is
 * there counts when it is copied or written on, and nothing that was checked before.
 */
#ifndef EXAMPLES_SHARED_FILE_H
#define EXAMPLES_SHARED_FILE_H

#include <stdatomic.h>
#include <stdint.h>
#include <ublk.h>

#include "options.h"

struct shared_file {
	const char *path;		/* NULL: none, and nothing below does anything */
	uint64_t wanted_size;		/* bytes, 0: as it is */
	char *at;
	uint64_t size;
	atomic_ullong nr_all, nr_in_memory; /* requests with data */
};

/* Opens and maps it, made or grown if that is wanted. Return: 0, or -EINVAL and a sentence. */
int shared_file_map(struct shared_file *shm, struct option_error *err);
void shared_file_unmap(struct shared_file *shm);

/* In ops->open. Return: 0 or -errno of the library, with its sentence. */
int shared_file_register(struct shared_file *shm, struct ublk_device *dev);

/* In ops->close: says how much of the I/O came this way. */
void shared_file_report(const struct shared_file *shm, const struct ublk_device *dev);

/* In ops->submit. */
static inline void shared_file_count(struct shared_file *shm, const struct ublk_io *io)
{
	if (!shm->path || ublk_io_op(io) > LIBUBLK_OP_WRITE)
		return;
	atomic_fetch_add_explicit(&shm->nr_all, 1, memory_order_relaxed);
	if (ublk_io_is_in_memory(io))
		atomic_fetch_add_explicit(&shm->nr_in_memory, 1, memory_order_relaxed);
}

#endif
