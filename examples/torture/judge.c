// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What each block may hold, from the history. */
#include "judge.h"

#include <errno.h>
#include <stdlib.h>

#include "place.h"

struct op {
	uint64_t issue;
	enum judge_kind kind;
	unsigned int flags;
	uint64_t block;		/* index in the area */
	uint32_t nr;
	int is_failed;
};

struct judge {
	uint64_t first, nr;
	int is_volatile;
	struct place *places;
	struct op *ops;		/* under way, or failed and not settled */
	size_t nr_ops, room_ops;
	uint64_t *dirty;	/* places with what a crash could bring back */
	uint64_t nr_dirty;
	int is_crashed;		/* between begin and end */
	uint64_t crash_end;	/* of the last one */
};

struct judge *judge_new(uint64_t first, uint64_t nr, unsigned int flags)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	if (!judge)
		return NULL;
	judge->first = first;
	judge->nr = nr;
	judge->is_volatile = !!(flags & JUDGE_VOLATILE);
	judge->places = calloc(nr, sizeof(*judge->places));
	judge->dirty = calloc(nr, sizeof(*judge->dirty));
	if (!judge->places || !judge->dirty) {
		judge_free(judge);
		return NULL;
	}
	return judge;
}

void judge_free(struct judge *judge)
{
	uint64_t i;

	if (!judge)
		return;
	for (i = 0; judge->places && i < judge->nr; i++)
		free(judge->places[i].list);
	free(judge->places);
	free(judge->dirty);
	free(judge->ops);
	free(judge);
}

static uint64_t oldest_read(const struct judge *judge)
{
	uint64_t oldest = UINT64_MAX;
	size_t i;

	for (i = 0; i < judge->nr_ops; i++)
		if (judge->ops[i].kind == JUDGE_READ && judge->ops[i].issue < oldest)
			oldest = judge->ops[i].issue;
	return oldest;
}

static int changes_data(enum judge_kind kind)
{
	return kind == JUDGE_WRITE || kind == JUDGE_ZEROES || kind == JUDGE_DISCARD;
}

int judge_issue(struct judge *judge, uint64_t now, enum judge_kind kind, unsigned int flags,
		uint64_t block, uint32_t nr)
{
	uint64_t at = block - judge->first, oldest, i;
	struct op *op;
	int r = 0;

	if (kind == JUDGE_FLUSH)
		at = nr = 0;
	if (kind > JUDGE_READ || at > judge->nr || nr > judge->nr - at || !now)
		return -EINVAL;
	if (judge->nr_ops == judge->room_ops) {
		size_t room = judge->room_ops ? judge->room_ops * 2 : 64;

		op = realloc(judge->ops, room * sizeof(*op));
		if (!op)
			return -ENOMEM;
		judge->ops = op;
		judge->room_ops = room;
	}
	op = &judge->ops[judge->nr_ops++];
	*op = (struct op){ now, kind, flags, at, nr, 0 };
	if (!changes_data(kind))
		return 0;
	oldest = oldest_read(judge);
	for (i = at; i < at + nr && !r; i++)
		r = place_add(&judge->places[i], now, kind != JUDGE_WRITE, oldest);
	return r;
}

static struct op *op_find(struct judge *judge, uint64_t issue)
{
	size_t i;

	for (i = judge->nr_ops; i-- > 0; )
		if (judge->ops[i].issue == issue && !judge->ops[i].is_failed)
			return &judge->ops[i];
	return NULL;
}

static void op_drop(struct judge *judge, struct op *op)
{
	*op = judge->ops[--judge->nr_ops];
}

/* No crash between its issue and now: one server answered it, and still lives. */
static int is_of_one_server(const struct judge *judge, uint64_t issue)
{
	return !judge->is_crashed && issue > judge->crash_end;
}

static void replace(struct judge *judge, uint64_t at, const struct presence *presence)
{
	struct place *place = &judge->places[at];

	if (!place_replace(place, presence) || place->is_dirty)
		return;
	place->is_dirty = 1;
	judge->dirty[judge->nr_dirty++] = at;
}

static void flushed(struct judge *judge, uint64_t issue, uint64_t now)
{
	uint64_t i, kept = 0;

	for (i = 0; i < judge->nr_dirty; i++) {
		struct place *place = &judge->places[judge->dirty[i]];

		place->is_dirty = (uint8_t)place_flush(place, issue, now);
		if (place->is_dirty)
			judge->dirty[kept++] = judge->dirty[i];
	}
	judge->nr_dirty = kept;
}

static void write_ended(struct judge *judge, const struct op *op, uint64_t now)
{
	struct presence presence = {
		.issue = op->issue, .now = now, .op = op->issue,
		.is_zeros = op->kind == JUDGE_ZEROES,
		.proof = op->kind == JUDGE_ZEROES ? PROOF_ZEROES : PROOF_WRITE,
		.is_volatile = judge->is_volatile,
	};
	int is_proof = op->kind != JUDGE_DISCARD;
	uint64_t i;

	if (op->kind == JUDGE_WRITE && op->flags & JUDGE_FUA)
		presence.proof = PROOF_FUA;
	/* with FUA it is on the medium, whichever server it was that said so */
	if (judge->is_volatile && presence.proof != PROOF_FUA &&
	    !is_of_one_server(judge, op->issue))
		is_proof = 0;
	for (i = op->block; i < op->block + op->nr; i++) {
		struct place *place = &judge->places[i];

		place_end(place, op->issue, now);
		if (!is_proof)
			continue;
		replace(judge, i, &presence);
		if (place->spoilt < op->issue)
			place->spoilt = 0;
	}
}

int judge_end(struct judge *judge, uint64_t now, uint64_t issue, int is_good)
{
	struct op *op = op_find(judge, issue);
	uint64_t i;

	if (!op || now <= issue)
		return -EINVAL;
	if (!is_good && changes_data(op->kind)) {
		for (i = op->block; i < op->block + op->nr; i++)
			place_fail(&judge->places[i], issue);
		op->is_failed = 1;
		return 0;
	}
	if (is_good && op->kind == JUDGE_FLUSH && is_of_one_server(judge, issue))
		flushed(judge, issue, now);
	else if (is_good && changes_data(op->kind))
		write_ended(judge, op, now);
	op_drop(judge, op);
	return 0;
}

enum verdict judge_found(struct judge *judge, uint64_t now, uint64_t issue, uint64_t block,
			 const struct stamp *stamp)
{
	struct presence presence = {
		.issue = issue, .now = now, .op = stamp->write,
		.is_zeros = stamp->kind == STAMP_ZERO, .proof = PROOF_READ,
		.is_volatile = judge->is_volatile,
	};
	uint64_t at = block - judge->first;
	enum verdict verdict;
	struct place *place;

	if (at >= judge->nr)
		return VERDICT_GARBAGE;
	place = &judge->places[at];
	verdict = place_judge(place, issue, block, stamp);
	if (place->spoilt)
		return VERDICT_GOOD;	/* told already */
	if (verdict_is_violation(verdict))
		place->spoilt = now;
	else if (verdict == VERDICT_GOOD && stamp->kind != STAMP_ALIEN &&
		 (!judge->is_volatile || is_of_one_server(judge, issue)))
		replace(judge, at, &presence);
	return verdict;
}

void judge_crash_begins(struct judge *judge, uint64_t now)
{
	uint64_t i;

	(void)now;
	judge->is_crashed = 1;
	if (!judge->is_volatile)
		return;
	for (i = 0; i < judge->nr; i++)
		place_crash(&judge->places[i]);
	for (i = 0; i < judge->nr_dirty; i++)
		judge->places[judge->dirty[i]].is_dirty = 0;
	judge->nr_dirty = 0;
}

void judge_crash_ends(struct judge *judge, uint64_t now)
{
	size_t i = 0;
	uint64_t k;

	while (i < judge->nr_ops) {
		struct op *op = &judge->ops[i];

		if (!op->is_failed) {
			i++;
			continue;
		}
		for (k = op->block; k < op->block + op->nr; k++)
			place_end(&judge->places[k], op->issue, now);
		op_drop(judge, op);
	}
	judge->is_crashed = 0;
	judge->crash_end = now;
}

uint64_t judge_newest(const struct judge *judge, uint64_t block)
{
	return place_newest(&judge->places[block - judge->first]);
}
