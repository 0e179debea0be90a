/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* One block of the area: the writes it may hold, and what has replaced the others. */
#ifndef EXAMPLES_TORTURE_PLACE_H
#define EXAMPLES_TORTURE_PLACE_H

#include <stdint.h>

#include "stamp.h"
#include "verdict.h"

/* What showed that a write has been replaced. */
enum proof {
	PROOF_NONE,
	PROOF_WRITE,
	PROOF_ZEROES,
	PROOF_READ,
	PROOF_FLUSH,
	PROOF_FUA,
};

struct candidate {
	uint64_t op;		/* its issue; 0 = what was there before the history */
	uint64_t end;		/* 0 = under way, or failed and maybe still on its way */
	uint64_t dead;		/* replaced since this event; 0 = it may be there */
	uint64_t safe;		/* the same, and a crash cannot bring it back */
	uint8_t is_zeros;
	uint8_t is_failed;
	uint8_t by, safe_by;	/* enum proof, of dead and safe */
};

struct place {
	struct candidate *list;
	uint32_t nr, room;
	uint8_t is_dirty;	/* the judge's: has what a crash could bring back */
	uint8_t has_forgotten;	/* candidates that were dead and safe */
	uint8_t has_forgotten_zeros;
	uint64_t spoilt;	/* found wrong at this event: no verdict until the next write */
};

/* Something that was there from @issue to @now. */
struct presence {
	uint64_t issue, now;
	uint64_t op;		/* which write; not if is_zeros */
	int is_zeros;		/* zeros, whoever wrote them */
	enum proof proof;
	int is_volatile;	/* a crash may undo it, unless the proof is PROOF_FUA */
};

/*
 * A write is issued. @oldest_read: the oldest read under way may still return what was
 * replaced later than that. Returns 0, -ENOMEM.
 */
int place_add(struct place *place, uint64_t op, int is_zeros, uint64_t oldest_read);

/* What had ended before @it began is replaced. 1 if a crash could undo some of that. */
int place_replace(struct place *place, const struct presence *it);

void place_end(struct place *place, uint64_t op, uint64_t now);
void place_fail(struct place *place, uint64_t op);

/* What was replaced before @issue stays so. 1 if there is more that a crash could undo. */
int place_flush(struct place *place, uint64_t issue, uint64_t now);

/* What nothing made durable may be back. */
void place_crash(struct place *place);

/* What a read that was issued at @issue found at @block, which is this place. */
enum verdict place_judge(const struct place *place, uint64_t issue, uint64_t block,
			 const struct stamp *stamp);

/* The newest write that may be there, or 0. */
uint64_t place_newest(const struct place *place);

#endif
