/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What ublk-fault shall do wrong, and when: the text after --fault as a rule.
 *
 *	ACTION[,key=value]...	e.g. "hold,op=write,nth=3,ms=500" or "kill,at=before-commit,nth=10"
 */
#ifndef EXAMPLES_FAULT_RULE_H
#define EXAMPLES_FAULT_RULE_H

#include <stdatomic.h>
#include <stdint.h>

#include "options.h"

enum fault_action {
	FAULT_DELAY,	/* apply, wait, then answer */
	FAULT_HOLD,	/* wait, then apply and answer */
	FAULT_FAIL,	/* answer with an error, apply nothing */
	FAULT_STALL,	/* never answer, apply nothing */
	FAULT_DROP,	/* answer "done", apply nothing: sabotage */
	FAULT_KILL,	/* SIGKILL this process */
	FAULT_STOP,	/* SIGSTOP this process */
	FAULT_TEAR,	/* write: half of the first block stays as it was */
	FAULT_MISPLACE,	/* write: applied elsewhere */
	FAULT_REVERT,	/* write: taken back some requests later */
	FAULT_CLOBBER,	/* discard: the block behind goes, too */
	FAULT_IGNORE_FUA, /* write: as if FUA was not asked for */
	FAULT_UNFENCED,	/* do not wait for what a dead server still has under way: sabotage */
};

#define FAULT_ANY_OP (-1)

/* What needs to get at the wrapped target's data: see fault_cheat.h. */
static inline int fault_action_is_cheat(enum fault_action action)
{
	return action >= FAULT_TEAR && action <= FAULT_CLOBBER;
}

struct fault_rule {
	enum fault_action action;
	int op;			/* LIBUBLK_OP_*, or FAULT_ANY_OP */
	uint64_t nth;		/* the first match that counts, from 1 */
	uint64_t every;		/* then each so many-th */
	uint64_t times;		/* how often in all; 0 = without end */
	int64_t ms;		/* delay, hold */
	int err;		/* fail: positive errno */
	int is_after;		/* kill, stop at a request: after applying, not before */
	char point[32];		/* kill, stop at a named point instead; "" = at a request */
	char once[256];		/* fire only if this file can be created; "" = no limit */
	_Atomic uint64_t seen;
};

/**
 * fault_rule_parse() - one rule from its text
 *
 * Return: 0, or -EINVAL with a sentence in @err. *@ret is then undefined.
 */
int fault_rule_parse(const char *text, struct fault_rule *ret, struct option_error *err);

/* Counts one event that matches in kind; 1 if the rule fires on it. Any thread. */
int fault_rule_count(struct fault_rule *rule);

/* The rule is about requests, and about requests with this op. */
int fault_rule_wants_op(const struct fault_rule *rule, unsigned int op);

/* The rule is about this named point. */
int fault_rule_wants_point(const struct fault_rule *rule, const char *point);

#endif
