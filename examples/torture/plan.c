// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The schedule of a run. */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const share_names[SHARE_NR] = {
	"write", "read", "flush", "fua", "discard", "zeroes",
};

static uint64_t next(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

void plan_init(struct plan *plan, const struct plan_options *options)
{
	memset(plan, 0, sizeof(*plan));
	plan->options = *options;
	plan->steps = options->seed * 2;
	plan->kills = ~options->seed * 2 + 1;
}

uint64_t plan_random(struct plan *plan, uint64_t limit)
{
	return next(&plan->kills) % limit;
}

static enum plan_share choose_share(struct plan *plan)
{
	uint64_t total = 0, at;
	unsigned int i;

	for (i = 0; i < SHARE_NR; i++)
		total += plan->options.share[i];
	at = next(&plan->steps) % total;
	for (i = 0; at >= plan->options.share[i]; i++)
		at -= plan->options.share[i];
	return i;
}

/* Sizes of every magnitude alike, not just large ones. */
static uint32_t choose_size(struct plan *plan)
{
	uint32_t low = plan->options.min, high = plan->options.max, bits = 0, size;

	while (low << bits < high && bits < 31)
		bits++;
	size = low << next(&plan->steps) % (bits + 1);
	size += (uint32_t)(next(&plan->steps) % size);
	return size > high ? high : size;
}

/*
 * A hot spot that wanders, so that steps overlap in time and place; what was touched a moment ago,
 * so that it is looked at again; or anywhere.
 */
static void choose_place(struct plan *plan, struct step *step)
{
	const struct plan_options *o = &plan->options;
	uint64_t hot = o->nr / 64 > o->max ? o->nr / 64 : o->max, room, at, how;

	if (step->nr > o->nr)
		step->nr = (uint32_t)o->nr;
	room = o->nr - step->nr + 1;
	how = next(&plan->steps) % 4;
	at = next(&plan->steps);
	if (how == 0 && plan->nr_recent) {
		const struct step *r = &plan->recent[at % (plan->nr_recent < PLAN_RECENT ?
							   plan->nr_recent : PLAN_RECENT)];

		step->block = r->block;
		if (step->block - o->first >= room)
			step->block = o->first + room - 1;
	} else if (how == 1) {
		step->block = o->first + (plan->nr_steps / 4096 * hot + at % hot) % room;
	} else {
		step->block = o->first + at % room;
	}
}

void plan_next(struct plan *plan, struct step *step)
{
	static const enum judge_kind kinds[SHARE_NR] = {
		JUDGE_WRITE, JUDGE_READ, JUDGE_FLUSH, JUDGE_WRITE, JUDGE_DISCARD, JUDGE_ZEROES,
	};
	enum plan_share share = choose_share(plan);

	memset(step, 0, sizeof(*step));
	step->kind = kinds[share];
	step->flags = share == SHARE_FUA ? JUDGE_FUA : 0;
	plan->nr_steps++;
	if (step->kind == JUDGE_FLUSH)
		return;
	step->nr = choose_size(plan);
	choose_place(plan, step);
	if (step->kind != JUDGE_READ)
		plan->recent[plan->nr_recent++ % PLAN_RECENT] = *step;
}

int plan_parse_mix(const char *text, uint32_t share[SHARE_NR])
{
	char copy[256], *save = NULL, *word, *value, *end;
	uint32_t total = 0;
	unsigned int i;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	memset(share, 0, SHARE_NR * sizeof(*share));
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		unsigned long weight;

		value = strchr(word, '=');
		if (!value)
			return -EINVAL;
		*value++ = '\0';
		weight = strtoul(value, &end, 10);
		if (*value < '0' || *value > '9' || *end || weight > 1000000)
			return -EINVAL;
		for (i = 0; i < SHARE_NR && strcmp(share_names[i], word); i++)
			;
		if (i == SHARE_NR)
			return -EINVAL;
		share[i] = (uint32_t)weight;
		total += (uint32_t)weight;
	}
	return total ? 0 : -EINVAL;
}
