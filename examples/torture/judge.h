/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What each block may hold, from the history of what was asked of the device and what
 * it answered, and nothing else.
 *
 * Time is the number of the event in the history. A write is issued at one event and
 * ends at a later one. In between it may be applied to a block at any moment, and more
 * than once (a server died, the next one was given the write again); after its end it
 * must not be. So which of two writes that overlap in time wins is open, and a read may
 * find a write that
 *
 *	- was issued before the read ended, and
 *	- has not been replaced for good before the read was issued. A write is replaced
 *	  by whatever proves that something else was there after its end: another write,
 *	  issued after that end and acknowledged, or a read, issued after that end, that
 *	  found another one. The first proof counts from its own end on.
 *
 * That holds per block of the device's logical size. A write that fails may or may not
 * have been applied, and may still be on its way below the dead server: it ends when
 * the device has its next server. DISCARD may or may not do anything, but must not
 * change its mind after it has ended; WRITE_ZEROES is a write of zeros.
 *
 * With JUDGE_VOLATILE the server has a cache that dies with it. Then a proof that a
 * flush or FUA does not cover is void after a crash: what it had replaced may be back.
 * A flush covers what ended before it was issued, if one server lived through all of
 * it; an answer that may have come from the server before the crash, or from the one
 * after it, covers nothing.
 *
 * A block that carries parts of two writes is torn. That is excused only while one of
 * those writes is under way, or if two writes to it overlapped in time: no disk orders
 * these within a block.
 */
#ifndef EXAMPLES_TORTURE_JUDGE_H
#define EXAMPLES_TORTURE_JUDGE_H

#include <stdint.h>

#include "stamp.h"
#include "verdict.h"

enum judge_kind {
	JUDGE_WRITE,
	JUDGE_ZEROES,
	JUDGE_DISCARD,
	JUDGE_FLUSH,
	JUDGE_READ,
};

#define JUDGE_FUA	1u	/* flag of a WRITE */

#define JUDGE_VOLATILE	1u	/* flag of the judge */

struct judge;

/* @first: number of the area's first block on the device. Returns NULL without memory. */
struct judge *judge_new(uint64_t first, uint64_t nr, unsigned int flags);
void judge_free(struct judge *judge);

/*
 * Events, each with its number, which grows. Returns: 0, -ENOMEM, -EINVAL what cannot be
 * (outside the area, an end without a beginning): the history is damaged.
 *
 * The number of the issue is the name of the operation, and what stamps carry.
 */
int judge_issue(struct judge *judge, uint64_t now, enum judge_kind kind, unsigned int flags,
		uint64_t block, uint32_t nr);
/* @is_good: acknowledged; else it failed. A FLUSH or READ that failed says nothing. */
int judge_end(struct judge *judge, uint64_t now, uint64_t issue, int is_good);

/* One block of what a READ (@issue) found, before that read's judge_end(). */
enum verdict judge_found(struct judge *judge, uint64_t now, uint64_t issue, uint64_t block,
			 const struct stamp *stamp);

/*
 * A crash: _begins before anything of the server can have died, _ends when the next
 * server is there and nothing of the old one can land any more. May be nested by
 * crashes in a row: begin, begin, end.
 */
void judge_crash_begins(struct judge *judge, uint64_t now);
void judge_crash_ends(struct judge *judge, uint64_t now);

/* The newest write that may be there, for a message; 0 if none. */
uint64_t judge_newest(const struct judge *judge, uint64_t block);

#endif
