// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * A layer around any other target that does wrong on purpose, as told by --fault.
 *
 * A request passes here twice: on its way in (fail, stall, drop, hold, kill) and,
 * through target_done() of the wrapped target, on its way out (delay, kill after).
 * One timeout on the queue's ring serves both waits; its cookie tells it from the
 * wrapped target's operations.
 */
#include <errno.h>
#include <liburing.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault_cache.h"
#include "fault_cheat.h"
#include "fault_rule.h"
#include "target.h"

#define FAULT_RULES_MAX 16
#define FAULT_COOKIE 0x80000000u	/* steps of wrapped targets are small numbers */

struct fault {
	const struct target *self;
	struct target inner;
	struct ublk_target_ops ops;	/* the wrapped target's, with ours in front */
	struct fault_rules {
		unsigned int nr;
		struct fault_rule list[FAULT_RULES_MAX];
	} rules;
	int is_volatile;
	struct fault_cache cache;	/* if is_volatile */
	struct fault_cheat cheat;	/* if there is a rule for it */
};

/* Per tag; the wrapped target's part follows. */
struct fault_io {
	struct __kernel_timespec timeout;	/* read by the kernel at submission */
	int64_t delay_ms;			/* before the answer; 0 = none */
	int result;
	int is_held;				/* the timeout ends a hold, not a delay */
	int kill_signal;			/* before the answer; 0 = none */
	int ignores_fua;
};

/* The wrapped target's memory must be as aligned as it would be without us. */
#define FAULT_PRIV_SIZE ((sizeof(struct fault_io) + 15) & ~(size_t)15)

static struct fault *fault_of(const struct target *target)
{
	return target->state;
}

static void fault_signal(int signal)
{
	kill(getpid(), signal);
	/* SIGKILL ends this thread on its way back from the call: nothing more is done */
}

static int signal_of(const struct fault_rule *rule)
{
	return rule->action == FAULT_KILL ? SIGKILL : SIGSTOP;
}

static void fault_point(const char *name, void *user)
{
	struct fault *fault = fault_of(user);
	unsigned int i;

	for (i = 0; i < fault->rules.nr; i++) {
		struct fault_rule *rule = &fault->rules.list[i];

		if (fault_rule_wants_point(rule, name) && fault_rule_count(rule))
			fault_signal(signal_of(rule));
	}
}

static int fault_wait(const struct target *target, struct ublk_io *io, int64_t ms)
{
	struct fault_io *mine = target_priv(target, io);
	struct io_uring_sqe *sqe = ublk_io_get_sqe(io, FAULT_COOKIE);

	if (!sqe)
		return -ENOMEM;
	mine->timeout.tv_sec = ms / 1000;
	mine->timeout.tv_nsec = ms % 1000 * 1000000;
	io_uring_prep_timeout(sqe, &mine->timeout, 0, 0);
	return 0;
}

/* The wrapped target is done with @io. */
static void fault_done(const struct target *target, struct ublk_io *io, int result)
{
	struct fault_io *mine = target_priv(target, io);

	if (mine->kill_signal)
		fault_signal(mine->kill_signal);
	mine->result = result;
	mine->is_held = 0;
	if (mine->delay_ms && !fault_wait(target, io, mine->delay_ms))
		return;
	target_done(target, io, result);
}

static void fault_pass_in(struct fault *fault, struct ublk_io *io)
{
	struct fault_io *mine = target_priv(fault->self, io);
	int r;

	if (fault->cache.inner) {
		fault_done(fault->self, io,
			   fault_cache_serve(&fault->cache, io, mine->ignores_fua));
		return;
	}
	r = fault->inner.type->ops->submit(io, &fault->inner);

	if (r < 0)
		fault_done(fault->self, io, r);
}

/* What all rules together say about one request. */
struct verdict {
	int is_stalled, is_dropped, err;
	int64_t hold_ms;
	unsigned int cheats;	/* a bit for each enum fault_action */
};

static void apply_rule(const struct fault_rule *rule, struct fault_io *mine,
		       struct verdict *verdict)
{
	switch (rule->action) {
	case FAULT_DELAY:
		mine->delay_ms += rule->ms;
		break;
	case FAULT_HOLD:
		verdict->hold_ms += rule->ms;
		break;
	case FAULT_FAIL:
		verdict->err = rule->err;
		break;
	case FAULT_STALL:
		verdict->is_stalled = 1;
		break;
	case FAULT_DROP:
		verdict->is_dropped = 1;
		break;
	case FAULT_KILL:
	case FAULT_STOP:
		if (rule->is_after)
			mine->kill_signal = signal_of(rule);
		else
			fault_signal(signal_of(rule));
		break;
	case FAULT_UNFENCED:
		break;
	case FAULT_IGNORE_FUA:
		mine->ignores_fua = 1;
		break;
	case FAULT_TEAR:
	case FAULT_MISPLACE:
	case FAULT_REVERT:
	case FAULT_CLOBBER:
		verdict->cheats |= 1u << rule->action;
		break;
	}
}

/* 1: the request is done with that, with *@ret_result. */
static int apply_cheats(struct fault *fault, struct ublk_io *io, unsigned int cheats,
			int *ret_result)
{
	struct fault_cheat *cheat = &fault->cheat;

	fault_cheat_tick(cheat);
	if (cheats & 1u << FAULT_REVERT)
		fault_cheat_revert(cheat, io);
	if (cheats & 1u << FAULT_CLOBBER)
		fault_cheat_clobber(cheat, io);
	if (cheats & 1u << FAULT_TEAR)
		*ret_result = fault_cheat_tear(cheat, io);
	else if (cheats & 1u << FAULT_MISPLACE)
		*ret_result = fault_cheat_misplace(cheat, io);
	else
		return 0;
	return 1;
}

static int fault_submit(struct ublk_io *io, void *user)
{
	const struct target *target = user;
	struct fault *fault = fault_of(target);
	struct fault_io *mine = target_priv(target, io);
	struct verdict verdict = { 0 };
	unsigned int i, op = ublk_io_op(io);
	int result;

	memset(mine, 0, sizeof(*mine));
	for (i = 0; i < fault->rules.nr; i++) {
		struct fault_rule *rule = &fault->rules.list[i];

		if (fault_rule_wants_op(rule, op) && fault_rule_count(rule))
			apply_rule(rule, mine, &verdict);
	}
	if (verdict.is_stalled)
		return 0;
	if (verdict.err || verdict.is_dropped) {
		fault_done(target, io, -verdict.err);
		return 0;
	}
	if (fault->cheat.inner && apply_cheats(fault, io, verdict.cheats, &result)) {
		fault_done(target, io, result);
		return 0;
	}
	if (verdict.hold_ms) {
		mine->is_held = 1;
		return fault_wait(target, io, verdict.hold_ms);
	}
	fault_pass_in(fault, io);
	return 0;
}

static void fault_cqe(struct ublk_io *io, uint32_t cookie, const struct io_uring_cqe *cqe,
		      void *user)
{
	struct fault *fault = fault_of(user);
	struct fault_io *mine = target_priv(user, io);

	if (cookie != FAULT_COOKIE)
		fault->inner.type->ops->cqe(io, cookie, cqe, &fault->inner);
	else if (mine->is_held)
		fault_pass_in(fault, io);
	else
		target_done(user, io, mine->result);
}

static int fault_open(struct ublk_device *dev, int recovering, void *user)
{
	struct fault *fault = fault_of(user);

	return fault->inner.type->ops->open(dev, recovering, &fault->inner);
}

static int fault_fence(struct ublk_device *dev, void *user)
{
	struct fault *fault = fault_of(user);
	unsigned int i;

	for (i = 0; i < fault->rules.nr; i++)
		if (fault->rules.list[i].action == FAULT_UNFENCED)
			return -EOPNOTSUPP;
	return fault->inner.type->ops->fence(dev, &fault->inner);
}

static const struct target_type *type_find(const char *name)
{
	static const struct target_type *const types[] = { &null_target, &mem_target,
							   &loop_target };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i]->name, name))
			return types[i];
	return NULL;
}

static int fault_choose(struct target *target, const char *operand, struct option_error *err)
{
	const struct target_type *type = type_find(operand);
	struct fault *fault = fault_of(target);
	const struct ublk_target_ops *ops;

	if (!type)
		return option_fail(err, "\"%s\" is no target to wrap: null, mem or loop", operand);
	fault->self = target;
	fault->inner.type = type;
	fault->inner.state = calloc(1, type->state_size);
	if (!fault->inner.state)
		return -ENOMEM;
	fault->inner.outer = target;
	fault->inner.done = fault_done;
	fault->inner.priv_offset = FAULT_PRIV_SIZE;
	target->inner = &fault->inner;

	/* the name stays: what a faulty server leaves behind, a sound one may take over */
	ops = type->ops;
	fault->ops = *ops;
	fault->ops.io_priv_size = FAULT_PRIV_SIZE + ops->io_priv_size;
	fault->ops.submit = fault_submit;
	fault->ops.cqe = fault_cqe;
	fault->ops.open = ops->open ? fault_open : NULL;
	fault->ops.fence = ops->fence ? fault_fence : NULL;
	fault->ops.point = fault_point;
	target->ops = &fault->ops;
	return 0;
}

static int fault_keep(struct target *target, struct option_error *err)
{
	struct fault *fault = fault_of(target);
	const struct target_type *type = fault->inner.type;

	return type->keep ? type->keep(&fault->inner, err) : 0;
}

static int fault_prepare(struct target *target, struct ublk_device_config *config,
			 struct option_error *err)
{
	struct fault *fault = fault_of(target);
	int r = fault->inner.type->prepare(&fault->inner, config, err), cheats = 0;
	unsigned int i;

	for (i = 0; i < fault->rules.nr; i++)
		cheats |= fault_action_is_cheat(fault->rules.list[i].action);
	if (r)
		return r;
	if (cheats && fault->is_volatile)
		return option_fail(err, "--volatile goes with drop and ignore-fua, but not with "
					"tear, misplace, revert or clobber");
	if (cheats)
		r = fault_cheat_init(&fault->cheat, &fault->inner, config);
	else if (fault->is_volatile)
		r = fault_cache_init(&fault->cache, &fault->inner, config);
	if (r == -EOPNOTSUPP)
		return option_fail(err, "%s keeps nothing that could be lost: wrap mem or loop",
				   fault->inner.type->name);
	return r;
}

static void fault_cleanup(struct target *target)
{
	struct fault *fault = fault_of(target);

	fault_cache_exit(&fault->cache);
	fault_cheat_exit(&fault->cheat);
	if (fault->inner.type->cleanup)
		fault->inner.type->cleanup(&fault->inner);
}

static int add_rule(void *at, const char *value, struct option_error *err)
{
	struct fault_rules *rules = at;
	int r;

	if (rules->nr == FAULT_RULES_MAX)
		return option_fail(err, "more than %d --fault are too many", FAULT_RULES_MAX);
	r = fault_rule_parse(value, &rules->list[rules->nr], err);
	if (!r)
		rules->nr++;
	return r;
}

static const struct option_def fault_options[] = {
	{ .name = "fault", .arg = "RULE", .type = OPTION_CALL, .call = add_rule,
	  .offset = offsetof(struct fault, rules), .help = "what to do wrong; may repeat (see "
							   "above)" },
	{ .name = "volatile", .type = OPTION_FLAG, .offset = offsetof(struct fault, is_volatile),
	  .help = "a write cache in the server's memory, which dies with it" },
	{ .name = NULL },
};

const struct target_type fault_target = {
	.name = "fault",
	.summary =
"Serves like the target named first, and does wrong as told:\n\n"
"  --fault ACTION[,KEY=VALUE]...\n\n"
"  delay  apply, wait ms, then answer       hold   wait ms, then apply and answer\n"
"  fail   answer errno, apply nothing       stall  never answer\n"
"  drop   answer \"done\", apply nothing      kill   SIGKILL itself    stop  SIGSTOP itself\n"
"  unfenced  do not wait for writes that a dead server still has under way\n"
"  tear   write but half a block            misplace  write it elsewhere\n"
"  revert take a write back later           clobber   discard a block more\n"
"  ignore-fua  with --volatile\n\n"
"  op=read|write|flush|discard|write-zeroes|any    which requests (any)\n"
"  nth=N every=N times=N    from the Nth match on, each so many-th, so many times;\n"
"                           nth alone: just that one; none of them: each one\n"
"  ms=N errno=NAME|N        for delay, hold; for fail (EIO)\n"
"  when=before|after        kill, stop: before or after applying the request\n"
"  at=POINT                 kill, stop: at after-start-recovery, before-record, after-record,\n"
"                           between-fetches, before-start, before-end-recovery, before-commit,\n"
"                           after-commit\n"
"  once=FILE                only if FILE can be created: once over all restarts",
	.operands = "null|mem|loop",
	.options = fault_options,
	.state_size = sizeof(struct fault),
	.recovery = LIBUBLK_RECOVERY_REISSUE,
	.choose = fault_choose,
	.keep = fault_keep,
	.prepare = fault_prepare,
	.cleanup = fault_cleanup,
};
