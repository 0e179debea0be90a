// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Rules about steps: the order of DESIGN.md 4.2, for the monitor and for STOP,
 * and what must be true of the slots when the state changes.
 */
#include <string.h>

#include "raw.h"
#include "trace.h"

static void need(struct checker *c, bool is_met, const char *rule, const struct event *e,
		 const char *what)
{
	if (!is_met && c->check_order)
		trace_violation(c, rule, "dev %d session %u: %s/%s without %s", e->dev, e->session,
				e->from, e->to, what);
}

/* Requests that were to be parked and slots that still have somebody at work. */
static void check_quiet(struct checker *c, const struct event *e, struct session_view *s)
{
	unsigned int q, tag;
	unsigned int nr;

	nr = trace_count(s, SLOT_BIT(FETCHING) | SLOT_BIT(HANDING) | SLOT_BIT(COMMITTING));
	if (nr)
		trace_violation(c, "busy-slot", "dev %d: %u slots of session %u are worked on",
				e->dev, nr, s->seq);
	nr = trace_count(s, SLOT_BIT(READY) | SLOT_BIT(LOOKING) | SLOT_BIT(QUEUED) |
			    SLOT_BIT(GETDATA) | SLOT_BIT(SERVER));
	if (nr)
		trace_violation(c, "slot-left-over", "dev %d: %u slots of session %u still in use",
				e->dev, nr, s->seq);
	for (q = 0; q < TRACE_QUEUES; q++) {
		for (tag = 0; tag < s->nr_tags[q]; tag++) {
			const struct slot_view *slot = &s->slots[q][tag];

			if (slot->nr_pending)
				trace_violation(c, "broken-chain",
						"dev %d: slot %u.%u is %s, then leaves %s", e->dev,
						q, tag, trace_slot_name(slot->state),
						trace_slot_name(slot->pending[0].from));
			if (slot->must_park)
				trace_violation(c, "state-before-requeue",
						"dev %d: request of slot %u.%u was not parked yet",
						e->dev, q, tag);
		}
	}
}

static void monitor_step(struct checker *c, const struct event *e, struct device_view *dev,
			 struct session_view *s)
{
	const char *step = e->to;

	/* What was running when STOP came may finish, until STOP has waited for it. */
	if (dev->stoppers && (dev->is_cancelled || !strcmp(step, "run")) && c->check_order) {
		trace_violation(c, "monitor-after-stop", "dev %d session %u: monitor/%s", e->dev,
				e->session, step);
		return;
	}
	if (!strcmp(step, "run")) {
		s->in_pass = true;
		s->pass_checked = false;
		return;
	}
	need(c, s->in_pass || s->has_retired, "step-order", e, "monitor/run");
	if (!strcmp(step, "gone") || !strcmp(step, "handed_over")) {
		s->has_gone = true;
	} else if (!strcmp(step, "stop_scheduled")) {
		need(c, s->has_gone, "step-order", e, "monitor/gone");
		dev->stop_scheduled = true;
	} else if (!strcmp(step, "closing")) {
		need(c, s->has_gone, "step-order", e, "monitor/gone");
		s->has_closed = true;
	} else if (!strcmp(step, "quiesced")) {
		need(c, s->has_closed, "step-order", e, "monitor/closing");
		s->has_quiesced = true;
	} else if (!strcmp(step, "inflight")) {
		need(c, s->has_quiesced, "step-order", e, "monitor/quiesced");
		s->pass_checked = e->value == 0;
		s->has_checked |= s->pass_checked;
	} else if (!strcmp(step, "retired")) {
		need(c, s->pass_checked, "step-order", e, "monitor/inflight of 0");
		if (c->check_order)
			check_quiet(c, e, s);
		s->has_retired = true;
		c->totals.retired++;
	} else if (!strcmp(step, "stopped")) {
		need(c, s->has_retired, "step-order", e, "monitor/retired");
		s->in_pass = false;
	}
}

static void first_stop(struct device_view *dev)
{
	dev->is_cancelled = dev->has_force = dev->has_del = false;
	dev->has_disk_gone = dev->has_abort_off = false;
}

static void stop_step(struct checker *c, const struct event *e, struct device_view *dev)
{
	const char *step = e->to;

	if (!strcmp(step, "begin")) {
		if (dev->stoppers++ == 0)
			first_stop(dev);
		return;
	}
	need(c, dev->stoppers > 0, "step-order", e, "stop/begin");
	if (!strcmp(step, "monitor_cancelled")) {
		dev->is_cancelled = true;
	} else if (!strcmp(step, "force_abort")) {
		dev->has_force = true;
	} else if (!strcmp(step, "del_disk")) {
		need(c, dev->is_cancelled, "step-order", e, "stop/monitor_cancelled");
		need(c, dev->has_force || !dev->stop_scheduled, "step-order", e,
		     "stop/force_abort although the server is gone");
		dev->has_del = true;
	} else if (!strcmp(step, "disk_gone")) {
		need(c, dev->has_del, "step-order", e, "stop/del_disk");
		dev->has_disk_gone = true;
	} else if (!strcmp(step, "abort_off")) {
		need(c, dev->is_cancelled, "step-order", e, "stop/monitor_cancelled");
		need(c, dev->has_disk_gone || !dev->has_del, "step-order", e, "stop/disk_gone");
		dev->has_abort_off = true;
	} else if (!strcmp(step, "end")) {
		need(c, dev->is_cancelled, "step-order", e, "stop/monitor_cancelled");
		c->totals.stops++;
		if (dev->stop_scheduled)
			c->totals.crash_stops++;
		dev->stop_scheduled = false;
		if (dev->stoppers && --dev->stoppers == 0)
			first_stop(dev);
	}
}

void check_step(struct checker *c, const struct event *e)
{
	struct device_view *dev = trace_device(c, e->dev);

	if (!strcmp(e->from, "monitor"))
		monitor_step(c, e, dev, trace_session(dev, e->session));
	else if (!strcmp(e->from, "stop"))
		stop_step(c, e, dev);
	else if (!strcmp(e->from, "abort") && !strcmp(e->to, "force_abort"))
		dev->has_force = true;
	else if (!strcmp(e->from, "abort"))
		need(c, dev->is_cancelled && !dev->has_abort_off, "step-order", e,
		     "a STOP between monitor_cancelled and abort_off");
}

void check_state(struct checker *c, const struct event *e)
{
	struct device_view *dev = trace_device(c, e->dev);
	struct session_view *s = dev->sessions;

	if (c->check_order && dev->state[0] && strcmp(dev->state, e->from))
		trace_violation(c, "broken-chain", "dev %d is %s, leaves %s", e->dev, dev->state,
				e->from);
	memcpy(dev->state, e->to, sizeof(dev->state));

	if (!strcmp(e->to, "QUIESCED") || !strcmp(e->to, "FAIL_IO")) {
		if (!strcmp(e->to, "QUIESCED"))
			c->totals.quiesced++;
		else
			c->totals.failed_over++;
		if (!s)
			return;
		if (c->check_order && !s->has_retired)
			trace_violation(c, "step-order", "dev %d is %s before monitor/retired",
					e->dev, e->to);
		if (c->check_order)
			check_quiet(c, e, s);
		s->has_changed_state = true;
	} else if (!strcmp(e->to, "DEAD") && c->check_order) {
		if (dev->stoppers == 0)
			trace_violation(c, "step-order", "dev %d is DEAD without a STOP", e->dev);
		else if (!dev->has_disk_gone || !dev->has_abort_off)
			trace_violation(c, "step-order",
					"dev %d is DEAD before disk_gone and abort_off", e->dev);
	}
}

static int phase_rank(const char *phase)
{
	static const char *const phases[] = { "NONE", "BRINGUP", "LIVE", "CLOSING", "RETIRED" };
	size_t i;

	for (i = 0; i < raw_array_size(phases); i++)
		if (!strcmp(phases[i], phase))
			return i;
	return -1;
}

void check_session(struct checker *c, const struct event *e)
{
	struct device_view *dev = trace_device(c, e->dev);
	struct session_view *s;

	s = strcmp(e->from, "NONE") ? trace_session(dev, e->session)
				    : trace_new_session(dev, e->session);
	if (c->check_order && phase_rank(e->to) <= phase_rank(e->from))
		trace_violation(c, "phase-falls", "session %u: %s to %s", e->session, e->from,
				e->to);
	if (c->check_order && s->phase[0] && strcmp(s->phase, e->from))
		trace_violation(c, "broken-chain", "session %u is %s, leaves %s", e->session,
				s->phase, e->from);
	memcpy(s->phase, e->to, sizeof(s->phase));
	if (!strcmp(e->to, "CLOSING") && dev->stoppers && dev->is_cancelled)
		s->by_stop = true;
	/* a request that still has a slot now would never end */
	if (!strcmp(e->to, "RETIRED") && c->check_order &&
	    trace_count(s, SLOT_BIT(QUEUED) | SLOT_BIT(GETDATA) | SLOT_BIT(SERVER)))
		trace_violation(c, "slot-left-over", "session %u is retired with requests",
				e->session);
	/* STOP ends commands last: not before the disk is gone */
	if (!strcmp(e->to, "CLOSING") && s->by_stop && dev->has_del && !dev->has_disk_gone &&
	    c->check_order)
		trace_violation(c, "step-order", "session %u is closed before the disk is gone",
				e->session);
}
