// SPDX-License-Identifier: GPL-2.0-only
/*
 * recovery.c - the monitor: finds out by itself that a server is gone, and decides what follows
 *
 * The timeline after the death of a server, recovery on (the mechanism is in abort.c):
 *
 *   ublk_monitor_work()      sees that the process and every owner are gone
 *   ublk_monitor_close()     phase CLOSING: queue_rq parks or fails, publishers bounce
 *   ublk_barrier()           no queue_rq is under way any more
 *   ublk_count_busy()        the kernel still works on a slot: come back soon, touch nothing
 *   ublk_abort_slots()       takes the requests from slots in QUEUED and SERVER, by policy
 *   ublk_close_slots()       the commands still held are completed (by the reaper)
 *   ublk_monitor_retire()    RETIRED, nobody current, QUIESCED or FAIL_IO: in one section
 *
 * and with recovery off ublk_stop_begin(): what follows is STOP's (stop.c).
 *
 * The monitor runs while a session is current, periodically. Hints make it run sooner and decide
 * nothing. It takes no mutex and never waits for a server (R18); from the moment that STOP counts
 * itself in, it can not be armed (R11).
 *
 * A server that is asked to hand over (QUIESCE_DEV) and is idle goes the same way.
 */
#include <linux/preempt.h>

#include "abort.h"
#include "complete.h"
#include "recovery.h"
#include "session.h"
#include "slot.h"
#include "state.h"
#include "stop.h"
#include "trace.h"

/* Something will change by itself in a moment, and nobody tells when. */
#define UBLK_SOON_MS		2
/* Some threads of a killed process have not got to their exit yet, or a server is to finish. */
#define UBLK_DYING_MS		10u
#define UBLK_PERIOD_MAX_MS	3600000u

/**
 * ublk_monitor_arm_locked() - have the monitor run, at the latest in so long
 * @dev: device
 * @delay_ms: milliseconds
 *
 * Refuses while a STOP is under way (R11) and when nobody is current.
 *
 * Context: dev->lock held.
 */
void ublk_monitor_arm_locked(struct ublk_device *dev, unsigned int delay_ms)
{
	unsigned long delay = msecs_to_jiffies(delay_ms);

	lockdep_assert_held(&dev->lock);
	if (dev->stoppers || !rcu_access_pointer(dev->session))
		return;
	/* an earlier run that is pending stands, a later one is brought forward */
	if (!queue_delayed_work(ublk_wq, &dev->monitor_work, delay) &&
	    time_before(jiffies + delay, READ_ONCE(dev->monitor_work.timer.expires)))
		mod_delayed_work(ublk_wq, &dev->monitor_work, delay);
}

/**
 * ublk_monitor_hint() - something happened that a death of the server brings along
 * @s: session
 *
 * Context: any but interrupts; takes dev->lock.
 */
void ublk_monitor_hint(struct ublk_session *s)
{
	struct ublk_device *dev = s->dev;

	if (!READ_ONCE(ublk_hints))
		return;
	spin_lock(&dev->lock);
	/* a stale session's end is no news about the current one (P17) */
	if (rcu_access_pointer(dev->session) == s)
		ublk_monitor_arm_locked(dev, 0);
	spin_unlock(&dev->lock);
}

/**
 * ublk_monitor_period() - how long until the monitor looks by itself, in ms
 */
unsigned int ublk_monitor_period(void)
{
	return clamp(READ_ONCE(ublk_monitor_period_ms), UBLK_DYING_MS, UBLK_PERIOD_MAX_MS);
}

static void ublk_monitor_rearm(struct ublk_device *dev, unsigned int delay_ms)
{
	spin_lock(&dev->lock);
	ublk_monitor_arm_locked(dev, delay_ms);
	spin_unlock(&dev->lock);
}

/* What a walk over all slots found. */
struct ublk_census {
	unsigned int owned;	/* have an owner whose end would matter */
	unsigned int gone;	/* of these: owner or ring is going away */
	unsigned int held;	/* have a request */
	unsigned int busy;	/* the kernel works on them */
};

/*
 * The command of a READY slot may be looked into only by who owns the slot: else it could be
 * ended and freed meanwhile (P11). With preemption off, because queue_rq spins on LOOKING.
 */
static bool ublk_ready_is_gone(struct ublk_session *s, struct ublk_slot *slot, bool reap)
{
	bool gone = false;

	preempt_disable();
	if (ublk_slot_move(s, slot, UBLK_SLOT_READY, UBLK_SLOT_LOOKING)) {
		gone = ublk_slot_owner_is_gone(s, slot) || ublk_cmd_going_away(slot->cmd);
		if (gone && reap)
			ublk_session_uncount_ready(s);
		ublk_slot_store(s, slot, UBLK_SLOT_LOOKING,
				gone && reap ? UBLK_SLOT_REAPING : UBLK_SLOT_READY);
	}
	preempt_enable();
	return gone;
}

static void ublk_take_census(struct ublk_session *s, struct ublk_census *ret)
{
	struct ublk_slot *slot;
	unsigned int q, tag;

	memset(ret, 0, sizeof(*ret));
	ublk_for_each_slot(s, q, tag, slot) {
		enum ublk_slot_state state = ublk_slot_state(slot);

		ret->busy += ublk_slot_is_busy(slot);
		ret->held += 1u << state & UBLK_SLOT_REQUEST_MASK ? 1 : 0;
		if (1u << state & UBLK_SLOT_RETIRED_MASK)
			continue;
		ret->owned++;
		if (state == UBLK_SLOT_READY)
			ret->gone += ublk_ready_is_gone(s, slot, false);
		else
			ret->gone += ublk_slot_owner_is_gone(s, slot);
	}
}

static bool ublk_census_says_gone(struct ublk_session *s, const struct ublk_census *census)
{
	/* process first: "all owners" is true before the first FETCH (R6) */
	return READ_ONCE(s->released) ||
	       (census->gone == census->owned && ublk_session_process_is_gone(s));
}

/**
 * ublk_session_is_gone() - will nobody ever serve this session again?
 * @s: session
 *
 * Context: process; walks all slots.
 * Return: true if the file was released, or the process and the owner of every slot are gone.
 */
bool ublk_session_is_gone(struct ublk_session *s)
{
	struct ublk_census census;

	ublk_take_census(s, &census);
	return ublk_census_says_gone(s, &census);
}

/*
 * The session goes on, but some of its owners or rings do not: their commands must not be kept
 * from a ring that is going away, or io_uring waits for them for ever (6.1), or spins.
 */
static void ublk_reap_gone(struct ublk_session *s, const struct ublk_census *census)
{
	struct ublk_slot *slot;
	unsigned int q, tag;

	ublk_for_each_slot(s, q, tag, slot)
		if (ublk_slot_is_in(slot, UBLK_SLOT_BIT(READY)))
			ublk_ready_is_gone(s, slot, true);
	ublk_reap(s);
	if (READ_ONCE(s->phase) == UBLK_PHASE_LIVE && !s->warned) {
		s->warned = true;
		dev_warn(&s->dev->cdev_dev,
			 "%u of %u slots lost their thread or ring: I/O waits there\n",
			 census->gone, census->owned);
	}
}

/* The requests that were parked while nobody could take them (R2, R19). */
static void ublk_monitor_resume(struct ublk_device *dev)
{
	ublk_barrier();
	ublk_kick(dev);
}

static void ublk_monitor_quiesce(struct ublk_session *s)
{
	struct ublk_device *dev = s->dev;

	u32 wish = READ_ONCE(s->quiesces);

	ublk_barrier();
	spin_lock(&dev->lock);
	/* one that was taken back and made again meanwhile has had no barrier */
	s->quiesce_seen = s->quiescing && s->quiesces == wish;
	spin_unlock(&dev->lock);
}

/* Gone, or idle and asked to hand over. Return: true if the session is CLOSING now. */
static bool ublk_monitor_close(struct ublk_session *s, int judged, bool gone)
{
	struct ublk_device *dev = s->dev;
	bool closing;

	spin_lock(&dev->lock);
	/*
	 * Exactly the value judged: bring-up may have become LIVE in between (R6), and a wish to
	 * hand over may have been taken back.
	 */
	closing = !dev->stoppers && s->phase == judged &&
		  (gone || s->quiesce_seen || judged == UBLK_PHASE_CLOSING);
	if (closing && judged != UBLK_PHASE_CLOSING)
		ublk_phase_set_locked(s, UBLK_PHASE_CLOSING);
	spin_unlock(&dev->lock);
	return closing;
}

/* Return: true if the session was retired, false to come back. */
static bool ublk_monitor_retire(struct ublk_session *s)
{
	struct ublk_device *dev = s->dev;
	bool current_one = false;

	spin_lock(&dev->lock);
	if (!dev->stoppers) {
		current_one = ublk_session_retire_locked(s);
		trace_ublk_step(dev, s->seq, "monitor", "retired", 0);
		if (dev->state == UBLK_STATE_LIVE)
			ublk_state_set_locked(dev, ublk_policy(dev)->after);
		ublk_state_check_locked(dev);
	}
	spin_unlock(&dev->lock);
	if (!current_one)
		return false;
	wake_up_all(&dev->wait);
	/* with FAIL_IO, what was parked while the server handed over fails now */
	if (!ublk_policy(dev)->park_fresh)
		ublk_kick(dev);
	ublk_session_put(s);
	return true;
}

/* The session is CLOSING. Return: true if nothing is left of it. */
static bool ublk_monitor_wind_up(struct ublk_session *s)
{
	const struct ublk_policy *policy = ublk_policy(s->dev);
	unsigned int busy;

	ublk_barrier();
	trace_ublk_step(s->dev, s->seq, "monitor", "quiesced", 0);
	busy = ublk_count_busy(s);
	trace_ublk_step(s->dev, s->seq, "monitor", "inflight", busy);
	if (busy)
		return false;
	ublk_abort_slots(s, policy->park_served, policy->park_queued, false);
	if (!ublk_close_slots(s))
		return false;
	return ublk_monitor_retire(s);
}

static void ublk_monitor_session(struct ublk_session *s)
{
	struct ublk_device *dev = s->dev;
	bool quiescing = READ_ONCE(s->quiescing);
	int phase = READ_ONCE(s->phase);
	struct ublk_census census;
	bool gone, handed_over;

	trace_ublk_step(dev, s->seq, "monitor", "run", 0);
	if (READ_ONCE(s->resume)) {
		WRITE_ONCE(s->resume, false);
		ublk_monitor_resume(dev);
	}
	/* with new requests parking, only what was sent before can still be on its way */
	if (quiescing && !s->quiesce_seen)
		ublk_monitor_quiesce(s);
	ublk_take_census(s, &census);
	gone = ublk_census_says_gone(s, &census);
	handed_over = quiescing && s->quiesce_seen && !census.held;
	if (!gone && !handed_over && phase != UBLK_PHASE_CLOSING) {
		if (census.gone)
			ublk_reap_gone(s, &census);
		ublk_monitor_rearm(dev, quiescing || ublk_session_process_is_gone(s) ?
				   UBLK_DYING_MS : ublk_monitor_period());
		return;
	}
	if (phase != UBLK_PHASE_CLOSING)
		trace_ublk_step(dev, s->seq, "monitor", gone ? "gone" : "handed_over",
				census.held);
	if (phase == UBLK_PHASE_LIVE && dev->recovery == UBLK_RECOVERY_OFF) {
		if (ublk_stop_begin(dev, s->seq))
			trace_ublk_step(dev, s->seq, "monitor", "stop_scheduled", 0);
		return;
	}
	if (!ublk_monitor_close(s, phase, gone)) {
		ublk_monitor_rearm(dev, UBLK_SOON_MS);
		return;
	}
	if (phase != UBLK_PHASE_CLOSING)
		trace_ublk_step(dev, s->seq, "monitor", "closing", 0);
	if (ublk_monitor_wind_up(s))
		trace_ublk_step(dev, s->seq, "monitor", "stopped", 0);
	else
		ublk_monitor_rearm(dev, UBLK_SOON_MS);
}

/**
 * ublk_monitor_work() - one run of the monitor
 * @work: monitor_work of a device
 */
void ublk_monitor_work(struct work_struct *work)
{
	struct ublk_device *dev = container_of(to_delayed_work(work), struct ublk_device,
					       monitor_work);
	struct ublk_session *s = ublk_session_get_current(dev);

	if (!s)
		return;
	/* I6: STOP counts itself in, then cancels and waits for this */
	if (!READ_ONCE(dev->stoppers))
		ublk_monitor_session(s);
	ublk_session_put(s);
}
