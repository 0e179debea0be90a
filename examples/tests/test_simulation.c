// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * The judge against simulated disks, at random: whatever an honest one does, it is not accused,
 * with writes that overlap, servers that die and requests that are given again; and one that
 * cheats now and then is found out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "judge.h"

#define BLOCKS 24
#define DEPTH 8
#define STEPS 4000
#define SEEDS 60

enum cheat {
	HONEST, LOSE, ROLL_BACK, MISPLACE, NOT_ZERO, NO_FLUSH, NO_FUA,
};

struct request {
	int is_used;
	uint64_t op;
	enum judge_kind kind;
	unsigned int flags;
	uint64_t block;
	uint32_t nr;
	int is_applied;		/* by the server that lives now */
	int discards;		/* this discard does something */
	uint64_t got[BLOCKS];
};

struct disk {
	uint64_t cache[BLOCKS], medium[BLOCKS], before[BLOCKS]; /* writes; 0 = zeros */
	uint64_t from[BLOCKS];	/* where the data in cache was meant to be */
	int is_volatile;
	enum cheat cheat;
	struct request requests[DEPTH];
	struct judge *judge;
	uint64_t now, random;
	unsigned int violations, cheated;
};

static uint64_t draw(struct disk *d, uint64_t limit)
{
	d->random ^= d->random << 13;
	d->random ^= d->random >> 7;
	d->random ^= d->random << 17;
	return d->random % limit;
}

/* What is rare, or often undone before anybody looks, has to be done more often. */
static const unsigned int one_in[] = { 1, 10, 10, 10, 2, 1, 1 };

static int cheats(struct disk *d, enum cheat cheat)
{
	if (d->cheat != cheat || draw(d, one_in[cheat]))
		return 0;
	d->cheated++;
	return 1;
}

static void set(struct disk *d, uint64_t block, uint64_t value)
{
	d->before[block] = d->cache[block];
	d->cache[block] = value;
	d->from[block] = block;
	if (!d->is_volatile)
		d->medium[block] = value;
}

static void apply(struct disk *d, struct request *r)
{
	uint64_t value = r->kind == JUDGE_WRITE ? r->op : 0, i;
	int is_lost = cheats(d, LOSE) && r->kind == JUDGE_WRITE;

	is_lost |= r->kind == JUDGE_ZEROES && cheats(d, NOT_ZERO);
	is_lost |= r->kind == JUDGE_DISCARD && !r->discards;
	for (i = r->block; i < r->block + r->nr && !is_lost; i++) {
		set(d, i, value);
		if (r->flags & JUDGE_FUA && !cheats(d, NO_FUA))
			d->medium[i] = value;
	}
	if (!is_lost && r->kind == JUDGE_WRITE && r->block + r->nr < BLOCKS &&
	    cheats(d, MISPLACE)) {
		set(d, r->block + r->nr, value);
		d->from[r->block + r->nr] = r->block;
	}
}

static void run_request(struct disk *d, struct request *r)
{
	r->is_applied = 1;
	if (r->kind == JUDGE_READ)
		memcpy(r->got, d->cache, sizeof(r->got));
	else if (r->kind == JUDGE_FLUSH) {
		if (!cheats(d, NO_FLUSH))
			memcpy(d->medium, d->cache, sizeof(d->medium));
	} else {
		apply(d, r);
	}
}

static void issue(struct disk *d, struct request *r)
{
	memset(r, 0, sizeof(*r));
	r->is_used = 1;
	r->kind = draw(d, 10) < 4 ? JUDGE_READ : draw(d, 6) < 4 ? JUDGE_WRITE :
		  (enum judge_kind)draw(d, JUDGE_READ);
	r->flags = r->kind == JUDGE_WRITE && !draw(d, 4) ? JUDGE_FUA : 0;
	r->block = draw(d, BLOCKS);
	r->nr = 1 + (uint32_t)draw(d, BLOCKS - r->block);
	r->discards = !!draw(d, 2);
	r->op = ++d->now;
	assert_int_equal(judge_issue(d->judge, r->op, r->kind, r->flags, r->block,
				     r->kind == JUDGE_FLUSH ? 0 : r->nr), 0);
}

static void answer(struct disk *d, struct request *r)
{
	uint64_t i;

	for (i = r->block; r->kind == JUDGE_READ && i < r->block + r->nr; i++) {
		struct stamp stamp = { .kind = r->got[i] ? STAMP_WHOLE : STAMP_ZERO,
				       .write = r->got[i], .tail = r->got[i],
				       .block = r->got[i] == d->cache[i] ? d->from[i] : i };

		d->violations += verdict_is_violation(judge_found(d->judge, ++d->now, r->op, i,
								  &stamp));
	}
	assert_int_equal(judge_end(d->judge, ++d->now, r->op, 1), 0);
	r->is_used = 0;
}

static void crash(struct disk *d)
{
	int i;

	judge_crash_begins(d->judge, ++d->now);
	/* what was answered may be heard of later: these stay as they are */
	memcpy(d->cache, d->medium, sizeof(d->cache));
	for (i = 0; i < DEPTH; i++)
		if (draw(d, 3))
			d->requests[i].is_applied = 0;
	judge_crash_ends(d->judge, ++d->now);
}

static void step(struct disk *d)
{
	struct request *r = &d->requests[draw(d, DEPTH)];
	uint64_t block = draw(d, BLOCKS);

	if (!r->is_used)
		issue(d, r);
	else if (!r->is_applied || (r->kind != JUDGE_READ && !draw(d, 8)))
		run_request(d, r);
	else if (draw(d, 2))
		answer(d, r);
	if (d->is_volatile && !draw(d, 40))
		d->medium[block] = d->cache[block];
	if (!draw(d, 120))
		crash(d);
	if (cheats(d, ROLL_BACK))
		set(d, block, d->before[block]);
}

static unsigned int simulate(uint64_t seed, int is_volatile, enum cheat cheat)
{
	struct disk *d = calloc(1, sizeof(*d));
	unsigned int violations;
	int i;

	assert_non_null(d);
	d->judge = judge_new(0, BLOCKS, is_volatile ? JUDGE_VOLATILE : 0);
	assert_non_null(d->judge);
	d->random = seed * UINT64_C(0x9e3779b97f4a7c15);
	d->is_volatile = is_volatile;
	d->cheat = cheat;
	for (i = 0; i < BLOCKS; i++)
		d->from[i] = (uint64_t)i;
	for (i = 0; i < STEPS; i++)
		step(d);
	violations = d->violations;
	judge_free(d->judge);
	free(d);
	return violations;
}

static void honest(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 2ULL * SEEDS; seed++) {
		if (simulate(seed, 0, HONEST))
			fail_msg("seed %d: a durable disk is accused", (int)seed);
		if (simulate(seed, 1, HONEST))
			fail_msg("seed %d: a disk with a cache is accused", (int)seed);
	}
}

static void guilty(enum cheat cheat, int is_volatile)
{
	unsigned int found = 0;
	uint64_t seed;

	for (seed = 1; seed <= SEEDS; seed++)
		found += simulate(seed, is_volatile, cheat) > 0;
	if (found < SEEDS * 9 / 10)
		fail_msg("cheat %d was found in %u of %d runs only", cheat, found, SEEDS);
}

static void each_cheat(void **state)
{
	(void)state;
	guilty(LOSE, 0);
	guilty(LOSE, 1);
	guilty(ROLL_BACK, 0);
	guilty(MISPLACE, 0);
	guilty(NOT_ZERO, 0);
	guilty(NO_FLUSH, 1);
	guilty(NO_FUA, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest),
		cmocka_unit_test(each_cheat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
