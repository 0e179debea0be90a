/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* ublk-loop: its disk, and what a request goes through. */
#ifndef EXAMPLES_LOOP_H
#define EXAMPLES_LOOP_H

#include <stdatomic.h>

#include "backing.h"
#include "metadata.h"
#include "target.h"

#define LOOP_ZERO_CHUNK (1u << 20)

struct loop_disk {
	const char *file;
	int is_buffered;
	struct backing backing;
	struct metadata metadata;
	void *zeros;		/* LOOP_ZERO_CHUNK bytes; never written to, so never allocated */
	/* what the file system refused once is not asked again; any queue sets them */
	atomic_int has_no_hole, has_no_zero_range;
	/*
	 * The first error a sync gave. The kernel tells it once and then forgets which
	 * pages were lost: a later sync would "succeed" over the gap.
	 */
	atomic_int sync_error;
};

struct loop_io {
	uint64_t at;		/* bytes done, where the current step starts */
	uint64_t len;		/* bytes of the current step; for a SYNC nothing */
};

static inline struct loop_disk *loop_disk(const struct target *target)
{
	return target->state;
}

/* The chain of a request; callbacks of struct ublk_target_ops. */
int loop_submit(struct ublk_io *io, void *user);
void loop_cqe(struct ublk_io *io, uint32_t cookie, const struct io_uring_cqe *cqe, void *user);

#endif
