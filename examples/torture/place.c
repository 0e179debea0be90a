// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* One block of the area: the writes it may hold. */
#include "place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Replaced writes that are kept per block, to tell how they came to be old. */
#define KEEP_MAX 12

static void forget(struct place *place, uint64_t oldest_read)
{
	uint32_t i, kept = 0;

	for (i = 0; i < place->nr; i++) {
		struct candidate *c = &place->list[i];

		if (c->dead && c->safe && c->dead < oldest_read && c->safe < oldest_read) {
			place->has_forgotten = 1;
			place->has_forgotten_zeros |= c->is_zeros || !c->op;
		} else {
			place->list[kept++] = *c;
		}
	}
	place->nr = kept;
}

int place_add(struct place *place, uint64_t op, int is_zeros, uint64_t oldest_read)
{
	struct candidate *c;

	if (place->nr >= KEEP_MAX)
		forget(place, oldest_read);
	if (place->nr + 1 >= place->room) {
		uint32_t room = place->room ? place->room * 2 : 4;

		c = realloc(place->list, room * sizeof(*c));
		if (!c)
			return -ENOMEM;
		place->list = c;
		place->room = room;
	}
	if (!place->nr && !place->has_forgotten) {
		memset(&place->list[0], 0, sizeof(*c));	/* what was there before */
		place->nr = 1;
	}
	c = &place->list[place->nr++];
	memset(c, 0, sizeof(*c));
	c->op = op;
	c->is_zeros = (uint8_t)is_zeros;
	return 0;
}

/* Zeros may be anybody's, also what was there before; but not if they have just been written. */
static int is_that(const struct candidate *c, const struct presence *it)
{
	if (!it->is_zeros)
		return c->op == it->op;
	return c->is_zeros || (!c->op && it->proof == PROOF_READ);
}

int place_replace(struct place *place, const struct presence *it)
{
	int can_come_back = 0;
	uint32_t i;

	for (i = 0; i < place->nr; i++) {
		struct candidate *c = &place->list[i];

		if (is_that(c, it) || (c->op && (!c->end || c->end >= it->issue)))
			continue;
		if (!c->dead) {
			c->dead = it->now;
			c->by = it->proof == PROOF_FUA ? PROOF_WRITE : it->proof;
		} else if (it->proof == PROOF_READ) {
			c->by = PROOF_READ;
		}
		if (!c->safe && (!it->is_volatile || it->proof == PROOF_FUA)) {
			c->safe = it->now;
			c->safe_by = it->proof;
		}
		can_come_back |= !c->safe;
	}
	return can_come_back;
}

static struct candidate *candidate_of(struct place *place, uint64_t op)
{
	uint32_t i;

	for (i = 0; i < place->nr; i++)
		if (place->list[i].op == op)
			return &place->list[i];
	return NULL;
}

void place_end(struct place *place, uint64_t op, uint64_t now)
{
	struct candidate *c = candidate_of(place, op);

	if (c)
		c->end = now;
}

void place_fail(struct place *place, uint64_t op)
{
	struct candidate *c = candidate_of(place, op);

	if (c)
		c->is_failed = 1;
}

int place_flush(struct place *place, uint64_t issue, uint64_t now)
{
	int can_come_back = 0;
	uint32_t i;

	for (i = 0; i < place->nr; i++) {
		struct candidate *c = &place->list[i];

		if (c->dead && !c->safe && c->dead < issue) {
			c->safe = now;
			c->safe_by = PROOF_FLUSH;
		}
		can_come_back |= c->dead && !c->safe;
	}
	return can_come_back;
}

void place_crash(struct place *place)
{
	uint32_t i;

	for (i = 0; i < place->nr; i++) {
		struct candidate *c = &place->list[i];

		if (c->dead && !c->safe)
			c->dead = c->by = 0;
		else if (c->dead)
			c->by = c->safe_by;
	}
}

static int may_be_there(const struct candidate *c, uint64_t read_issue)
{
	return !c->dead || c->dead > read_issue;
}

static enum verdict verdict_of(const struct candidate *c)
{
	switch ((enum proof)c->by) {
	case PROOF_ZEROES:
		return VERDICT_NOT_ZEROED;
	case PROOF_READ:
		return VERDICT_ROLL_BACK;
	case PROOF_FLUSH:
		return VERDICT_FLUSH_IGNORED;
	case PROOF_FUA:
		return VERDICT_FUA_IGNORED;
	case PROOF_NONE:
	case PROOF_WRITE:
		break;
	}
	return VERDICT_LOST_WRITE;
}

/* Old data that is too old to be remembered: like the oldest that is. */
static enum verdict verdict_of_oldest(const struct place *place)
{
	uint32_t i;

	for (i = 0; i < place->nr; i++)
		if (place->list[i].dead)
			return verdict_of(&place->list[i]);
	return VERDICT_LOST_WRITE;
}

static int overlap(const struct candidate *a, const struct candidate *b)
{
	return (!a->end || a->end > b->op) && (!b->end || b->end > a->op);
}

static int is_named(const struct candidate *c, const struct stamp *stamp)
{
	return c->op == stamp->write || c->op == stamp->tail ||
	       (c->is_zeros && (!stamp->write || !stamp->tail));
}

/* No block is written at one instant: writes that race with each other, or with the read. */
static int torn_by_race(const struct place *place, uint64_t read_issue, const struct stamp *stamp)
{
	uint32_t i, k;

	for (i = 0; i < place->nr; i++) {
		const struct candidate *c = &place->list[i];

		if (!c->op || (c->is_failed && !c->end))
			continue;
		if (!c->end || c->end > read_issue)
			return 1;
		if (!may_be_there(c, read_issue) || !is_named(c, stamp))
			continue;
		for (k = 0; k < place->nr; k++)
			if (k != i && place->list[k].op && overlap(c, &place->list[k]) &&
			    may_be_there(&place->list[k], read_issue))
				return 1;
	}
	return 0;
}

static enum verdict judge_other(const struct place *place, uint64_t issue,
				const struct stamp *stamp)
{
	/* what was there before is whatever it is, and a piece of it is not told from the rest */
	if (place->nr && !place->list[0].op && may_be_there(&place->list[0], issue))
		return stamp->kind == STAMP_ALIEN ? VERDICT_GOOD : VERDICT_EXCUSED;
	if (torn_by_race(place, issue, stamp))
		return VERDICT_EXCUSED;
	return stamp->kind == STAMP_TORN ? VERDICT_TORN_BLOCK : VERDICT_GARBAGE;
}

static enum verdict judge_zeros(const struct place *place, uint64_t issue)
{
	const struct candidate *old = NULL;
	uint32_t i;

	for (i = 0; i < place->nr; i++) {
		const struct candidate *c = &place->list[i];

		if (c->op && !c->is_zeros)
			continue;
		if (may_be_there(c, issue))
			return VERDICT_GOOD;
		if (c->op)
			old = c;
	}
	if (old)
		return verdict_of(old);
	return place->has_forgotten_zeros ? verdict_of_oldest(place) : VERDICT_STRAY_ZEROES;
}

static enum verdict judge_whole(const struct place *place, uint64_t issue,
				const struct stamp *stamp)
{
	uint32_t i;

	for (i = 0; i < place->nr; i++) {
		const struct candidate *c = &place->list[i];

		if (c->op == stamp->write && !c->is_zeros)
			return may_be_there(c, issue) ? VERDICT_GOOD : verdict_of(c);
	}
	return place->has_forgotten ? verdict_of_oldest(place) : VERDICT_GARBAGE;
}

enum verdict place_judge(const struct place *place, uint64_t issue, uint64_t block,
			 const struct stamp *stamp)
{
	if (stamp->kind == STAMP_WHOLE && stamp->block != block)
		return VERDICT_WRONG_BLOCK;
	if (!place->nr && !place->has_forgotten)
		return stamp->kind == STAMP_WHOLE ? VERDICT_GARBAGE : VERDICT_GOOD;
	if (stamp->kind == STAMP_WHOLE)
		return judge_whole(place, issue, stamp);
	if (stamp->kind == STAMP_ZERO)
		return judge_zeros(place, issue);
	return judge_other(place, issue, stamp);
}

uint64_t place_newest(const struct place *place)
{
	uint64_t newest = 0;
	uint32_t i;

	for (i = 0; i < place->nr; i++)
		if (!place->list[i].dead && place->list[i].op > newest)
			newest = place->list[i].op;
	return newest;
}
