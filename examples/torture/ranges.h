/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Threads for what no ring of 6.1 takes: DISCARD and WRITE_ZEROES of a disk. */
#ifndef EXAMPLES_TORTURE_RANGES_H
#define EXAMPLES_TORTURE_RANGES_H

#include <stdint.h>

#include "subject.h"

struct range {
	int is_discard;
	uint64_t offset, bytes;
	uint64_t cookie;
	int result;
};

struct ranges;

/* @nr threads; @wake_fd: an eventfd that is written to when something is done. NULL on failure. */
struct ranges *ranges_start(const struct subject *subject, unsigned int nr, int wake_fd);
/* Ends the threads; what is stuck in the kernel has to come back first. */
void ranges_stop(struct ranges *ranges);

/* Takes it if a thread is idle. Returns 1, or 0. */
int ranges_give(struct ranges *ranges, const struct range *range);
/* One that is done, if there is one. Returns 1, or 0. */
int ranges_take(struct ranges *ranges, struct range *ret);

#endif
