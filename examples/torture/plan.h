/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The schedule of a run: its steps follow from the seed alone, whatever the device does
 * meanwhile, so the same seed and options make the same steps, and kills between the same
 * steps.
 */
#ifndef EXAMPLES_TORTURE_PLAN_H
#define EXAMPLES_TORTURE_PLAN_H

#include <stdint.h>

#include "judge.h"

enum plan_share {
	SHARE_WRITE, SHARE_READ, SHARE_FLUSH, SHARE_FUA, SHARE_DISCARD, SHARE_ZEROES, SHARE_NR,
};

struct plan_options {
	uint64_t seed;
	uint32_t share[SHARE_NR];	/* weights */
	uint64_t first, nr;		/* the area, in blocks */
	uint32_t min, max;		/* blocks per step */
};

struct step {
	enum judge_kind kind;
	unsigned int flags;	/* JUDGE_FUA */
	uint64_t block;
	uint32_t nr;		/* 0 for FLUSH */
};

#define PLAN_RECENT 16

struct plan {
	struct plan_options options;
	uint64_t steps, kills;		/* states of two independent generators */
	uint64_t nr_steps;
	struct step recent[PLAN_RECENT]; /* steps that changed data */
	unsigned int nr_recent;
};

void plan_init(struct plan *plan, const struct plan_options *options);
void plan_next(struct plan *plan, struct step *step);

/* For what is to be random about kills: a number below @limit (not 0). */
uint64_t plan_random(struct plan *plan, uint64_t limit);

/*
 * "write=50,read=30": the shares that are named; others 0. Returns 0, or -EINVAL.
 */
int plan_parse_mix(const char *text, uint32_t share[SHARE_NR]);

#endif
