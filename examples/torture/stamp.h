/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What a block carries, so that it can be judged by itself: whose it is, where it
 * belongs, and which write it came from. Head and tail name the write twice, and the
 * checksum covers all: a block that was written in part cannot look whole.
 */
#ifndef EXAMPLES_TORTURE_STAMP_H
#define EXAMPLES_TORTURE_STAMP_H

#include <stddef.h>
#include <stdint.h>
#include <ublk.h>

struct stamp_owner {
	struct ublk_uuid uuid;	/* of the device; all zero if it has none */
	uint64_t run;		/* of this run: its own, or the one it goes on from */
};

enum stamp_kind {
	STAMP_WHOLE,		/* one write's block, all of it */
	STAMP_ZERO,		/* nothing but zeros */
	STAMP_TORN,		/* ours, but not one write's */
	STAMP_ALIEN,		/* not of this run: from before it, or garbage */
};

struct stamp {
	enum stamp_kind kind;
	uint64_t block;		/* WHOLE: where it says it belongs */
	uint64_t write;		/* WHOLE, TORN: the write its head names; 0 = none */
	uint64_t tail;		/* WHOLE, TORN: the write its tail names; 0 = none */
};

/* Fills one block of @size bytes (a multiple of 8, 128 at least). */
void stamp_make(void *block, size_t size, const struct stamp_owner *owner, uint64_t number,
		uint64_t write);

void stamp_read(const void *block, size_t size, const struct stamp_owner *owner,
		struct stamp *ret);

#endif
