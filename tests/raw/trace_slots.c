// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Rules about one slot: which change of owner is legal, that every command ends
 * exactly once, and that a request is parked when it was said to be.
 */
#include <string.h>

#include "trace.h"

/* PROTOCOL.md's slot table, with corrections P3 and P4, indexed by the state that is left. */
static const unsigned int legal[NR_SLOT_STATES] = {
	[SLOT_FREE] = SLOT_BIT(FETCHING) | SLOT_BIT(CLOSED),
	[SLOT_FETCHING] = SLOT_BIT(READY),
	/* FREE: who found that the slot may not stay published completes it himself */
	[SLOT_READY] = SLOT_BIT(QUEUED) | SLOT_BIT(LOOKING) | SLOT_BIT(FREE) | SLOT_BIT(REAPING),
	[SLOT_LOOKING] = SLOT_BIT(READY) | SLOT_BIT(REAPING),
	[SLOT_QUEUED] = SLOT_BIT(HANDING) | SLOT_BIT(ABANDONED),
	/* QUEUED: the buffer must be faulted in without owning the slot */
	[SLOT_HANDING] = SLOT_BIT(SERVER) | SLOT_BIT(GETDATA) | SLOT_BIT(QUEUED) |
			 SLOT_BIT(READY) | SLOT_BIT(FREE),
	[SLOT_GETDATA] = SLOT_BIT(HANDING) | SLOT_BIT(ABORTED),
	[SLOT_SERVER] = SLOT_BIT(COMMITTING) | SLOT_BIT(ABORTED),
	[SLOT_COMMITTING] = SLOT_BIT(READY) | SLOT_BIT(SERVER),
	[SLOT_ABANDONED] = SLOT_BIT(FREE),
	[SLOT_REAPING] = SLOT_BIT(FREE) | SLOT_BIT(CLOSED),
};

/* what may still change in a retired session: nothing that carries a request */
#define LEGAL_WHEN_RETIRED						\
	(SLOT_BIT(FREE) | SLOT_BIT(CLOSED) | SLOT_BIT(READY) | SLOT_BIT(FETCHING) | \
	 SLOT_BIT(REAPING) | SLOT_BIT(LOOKING))

static void follow_command(struct slot_view *slot, enum slot_state from, enum slot_state to)
{
	if (to == SLOT_FETCHING || to == SLOT_COMMITTING ||
	    (from == SLOT_GETDATA && to == SLOT_HANDING))
		slot->held = HELD_YES;
	else if (from == SLOT_HANDING && (to == SLOT_SERVER || to == SLOT_GETDATA))
		slot->held = HELD_NO;
	else if (from == SLOT_COMMITTING && to == SLOT_SERVER)
		/* refused with an error, or tried again: both are right */
		slot->held = HELD_UNKNOWN;
	if (to == SLOT_QUEUED && from == SLOT_READY)
		slot->was_parked = slot->must_park = false;
}

static void check_reaping(struct checker *c, const struct event *e, const struct session_view *s,
			  enum slot_state from, enum slot_state to)
{
	const struct device_view *dev = trace_device(c, e->dev);

	/*
	 * The monitor may take the command of a ring that goes away at any time (LOOKING).
	 * Those of a session that it closes come after the in-flight check; with the monitor
	 * cancelled it is STOP that closes.
	 */
	if (from != SLOT_READY || to != SLOT_REAPING || dev->is_cancelled)
		return;
	if (!strcmp(s->phase, "CLOSING") && !s->pass_checked)
		trace_violation(c, "completed-before-check",
				"slot %d.%d of session %u is taken before monitor/inflight was 0",
				e->q, e->tag, s->seq);
}

static void apply(struct checker *c, const struct event *e, struct session_view *s,
		  struct slot_view *slot, enum slot_state from, enum slot_state to)
{
	if (c->check_order) {
		if (!(legal[from] >> to & 1))
			trace_violation(c, "illegal-change", "slot %d.%d of session %u: %s to %s",
					e->q, e->tag, s->seq, trace_slot_name(from),
					trace_slot_name(to));
		if (s->has_retired && !(LEGAL_WHEN_RETIRED >> to & 1))
			trace_violation(c, "change-after-retired",
					"slot %d.%d of session %u: to %s", e->q, e->tag, s->seq,
					trace_slot_name(to));
		check_reaping(c, e, s, from, to);
	}
	follow_command(slot, from, to);
	slot->state = to;
}

/* Changes kept back that follow from the present state, one after the other. */
static void apply_pending(struct checker *c, const struct event *e, struct session_view *s,
			  struct slot_view *slot)
{
	unsigned int i = 0;

	while (i < slot->nr_pending) {
		enum slot_state from = slot->pending[i].from, to = slot->pending[i].to;

		if (from != slot->state) {
			i++;
			continue;
		}
		slot->pending[i] = slot->pending[--slot->nr_pending];
		apply(c, e, s, slot, from, to);
		i = 0;
	}
}

void check_slot(struct checker *c, const struct event *e)
{
	struct session_view *s = trace_session(trace_device(c, e->dev), e->session);
	struct slot_view *slot = trace_slot(s, e->q, e->tag);
	enum slot_state from = trace_slot_state(e->from);
	enum slot_state to = trace_slot_state(e->to);

	if (slot->state != SLOT_UNKNOWN && slot->state != from) {
		/*
		 * A winner traces after its exchange, so the events of the next owners can
		 * overtake it: keep them back until the change in between has come.
		 */
		if (slot->nr_pending < SLOT_PENDING) {
			slot->pending[slot->nr_pending].from = from;
			slot->pending[slot->nr_pending++].to = to;
			return;
		}
		if (c->check_order)
			trace_violation(c, "broken-chain",
					"slot %d.%d of session %u is %s, leaves %s (and %u more)",
					e->q, e->tag, s->seq, trace_slot_name(slot->state),
					e->from, slot->nr_pending);
		slot->nr_pending = 0;
	}
	apply(c, e, s, slot, from, to);
	apply_pending(c, e, s, slot);
}

/* At the end of the trace: what was kept back for a change that never came. */
void check_slots_end(struct checker *c)
{
	const struct session_view *s;
	unsigned int i, nr = 0, q, tag;

	for (i = 0; i < TRACE_DEVICES && c->devices[i].is_used; i++)
		for (s = c->devices[i].sessions; s; s = s->next)
			for (q = 0; q < TRACE_QUEUES; q++)
				for (tag = 0; tag < s->nr_tags[q]; tag++)
					nr += s->slots[q][tag].nr_pending > 0;
	if (nr && c->check_order)
		trace_violation(c, "broken-chain", "%u slots miss a change up to here", nr);
}

void check_cmd_done(struct checker *c, const struct event *e)
{
	struct session_view *s = trace_session(trace_device(c, e->dev), e->session);
	struct slot_view *slot = trace_slot(s, e->q, e->tag);

	if (s->has_retired)
		c->totals.late_done++;
	if (!c->check_order)
		return;
	if (slot->held == HELD_NO)
		trace_violation(c, "done-twice", "slot %d.%d of session %u holds no command",
				e->q, e->tag, s->seq);
	/* only task work, a publisher and the cancel hook end commands of FREE slots */
	if ((slot->state == SLOT_READY || slot->state == SLOT_SERVER) && !slot->nr_pending)
		trace_violation(c, "done-without-owner", "slot %d.%d of session %u is %s",
				e->q, e->tag, s->seq, trace_slot_name(slot->state));
	slot->held = HELD_NO;
}

void check_abort(struct checker *c, const struct event *e)
{
	struct device_view *dev = trace_device(c, e->dev);
	struct session_view *s = trace_session(dev, e->session);
	struct slot_view *slot = trace_slot(s, e->q, e->tag);

	if (!c->check_order)
		return;
	if (s->has_changed_state)
		trace_violation(c, "state-before-requeue",
				"slot %d.%d of session %u is aborted after the change of state",
				e->q, e->tag, s->seq);
	else if (dev->stoppers == 0 && !s->pass_checked)
		trace_violation(c, "aborted-before-check",
				"slot %d.%d of session %u before monitor/inflight was 0",
				e->q, e->tag, s->seq);
	if (!strcmp(e->action, "requeue") && !slot->was_parked)
		slot->must_park = true;
	slot->was_parked = false;
}

void check_requeue(struct checker *c, const struct event *e)
{
	struct device_view *dev = trace_device(c, e->dev);
	struct session_view *s = dev->sessions;
	struct slot_view *slot;

	/* a request that comes while nobody has the device belongs to no session */
	if (!s || e->q < 0 || e->tag < 0)
		return;
	slot = trace_slot(s, e->q, e->tag);
	if (slot->must_park && s->has_changed_state && c->check_order)
		trace_violation(c, "state-before-requeue",
				"request of slot %d.%d of session %u is parked after it",
				e->q, e->tag, s->seq);
	slot->was_parked = true;
	slot->must_park = false;
}
