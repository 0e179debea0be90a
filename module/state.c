// SPDX-License-Identifier: GPL-2.0-only
/*
 * state.c - the only writer of a device's state and of a session's phase
 *
 * Both change under dev->lock. User space is told by a uevent; that may sleep, so a work sends
 * them, in order.
 */
#include <linux/ktime.h>

#include "state.h"
#include "trace.h"

/**
 * ublk_state_check_locked() - do state and session fit, at the end of a section that changed them?
 * @dev: device
 *
 * Context: dev->lock held.
 */
void ublk_state_check_locked(struct ublk_device *dev)
{
	struct ublk_session *s = rcu_dereference_protected(dev->session,
							   lockdep_is_held(&dev->lock));
	int phase = s ? s->phase : UBLK_PHASE_NONE;

	lockdep_assert_held(&dev->lock);
	/* I8 */
	if (dev->state == UBLK_STATE_LIVE)
		WARN_ON_ONCE(phase != UBLK_PHASE_LIVE && phase != UBLK_PHASE_CLOSING);
	else if (dev->state != UBLK_STATE_DEAD)
		WARN_ON_ONCE(phase == UBLK_PHASE_LIVE);
	WARN_ON_ONCE(phase == UBLK_PHASE_RETIRED);
}

static bool ublk_state_is_unserved(enum ublk_state state)
{
	return state == UBLK_STATE_QUIESCED || state == UBLK_STATE_FAIL_IO;
}

/* For debugfs. Context: dev->lock held. */
static void ublk_state_count(struct ublk_device *dev, enum ublk_state to)
{
	u64 now = ktime_get_ns();

	lockdep_assert_held(&dev->lock);
	if (ublk_state_is_unserved(dev->state)) {
		dev->unserved_ns += now - dev->state_since;
		if (to == UBLK_STATE_LIVE)
			dev->takeovers++;
	}
	dev->state_since = now;
}

/**
 * ublk_state_times() - how long is it in its state, how long was it without a server?
 * @dev: device
 * @ret_state_ns: since the last change
 * @ret_unserved_ns: in QUIESCED or FAIL_IO, up to now
 *
 * Return: how often a server took it over.
 */
unsigned int ublk_state_times(struct ublk_device *dev, u64 *ret_state_ns, u64 *ret_unserved_ns)
{
	unsigned int takeovers;

	spin_lock(&dev->lock);
	*ret_state_ns = ktime_get_ns() - dev->state_since;
	*ret_unserved_ns = dev->unserved_ns;
	if (ublk_state_is_unserved(dev->state))
		*ret_unserved_ns += *ret_state_ns;
	takeovers = dev->takeovers;
	spin_unlock(&dev->lock);
	return takeovers;
}

/**
 * ublk_state_set_locked() - change the state of a device
 * @dev: device
 * @to: new state; the current one is allowed and does nothing
 *
 * Context: dev->lock held.
 */
void ublk_state_set_locked(struct ublk_device *dev, enum ublk_state to)
{
	enum ublk_state from = dev->state;

	lockdep_assert_held(&dev->lock);
	if (from == to)
		return;
	WARN_ONCE(!ublk_state_edge_is_legal(from, to), "ublk%d: must not go from %s to %s\n",
		  dev->id, ublk_state_name(from), ublk_state_name(to));
	ublk_state_count(dev, to);
	WRITE_ONCE(dev->state, to);
	trace_ublk_state(dev, from, to);

	dev->announced[dev->announce_head++ % ARRAY_SIZE(dev->announced)] = to;
	get_device(&dev->cdev_dev);
	if (!queue_work(ublk_wq, &dev->announce_work))
		put_device(&dev->cdev_dev);
}

/**
 * ublk_phase_set_locked() - raise the phase of a session
 * @s: session
 * @to: new phase
 *
 * Context: lock of the session's device held.
 */
void ublk_phase_set_locked(struct ublk_session *s, enum ublk_phase to)
{
	enum ublk_phase from = s->phase;

	lockdep_assert_held(&s->dev->lock);
	WARN_ON_ONCE(to <= from);
	trace_ublk_session(s, from, to);
	/* Pairs with the publisher's re-read after READY (R8): set it, barrier, then walk. */
	WRITE_ONCE(s->phase, to);
	smp_mb();	/* pairs with ublk_publish() and ublk_disk_add() */
}

/**
 * ublk_announce_work() - send the uevents of the state changes so far
 * @work: announce_work of a device, with a reference to it
 *
 * More changes than announced[] holds, before this ran once, lose the oldest.
 */
void ublk_announce_work(struct work_struct *work)
{
	struct ublk_device *dev = container_of(work, struct ublk_device, announce_work);
	char text[32];
	char *env[] = { text, NULL };
	const char *name;
	bool silent;

	spin_lock(&dev->lock);
	while (dev->announce_tail != dev->announce_head) {
		if (dev->announce_head - dev->announce_tail > ARRAY_SIZE(dev->announced))
			dev->announce_tail = dev->announce_head - ARRAY_SIZE(dev->announced);
		name = ublk_state_name(dev->announced[dev->announce_tail++ %
						      ARRAY_SIZE(dev->announced)]);
		silent = dev->silent;
		spin_unlock(&dev->lock);
		dev_info(&dev->cdev_dev, "%s\n", name);
		snprintf(text, sizeof(text), "UBLK_STATE=%s", name);
		if (!silent)	/* a change after the removal would confuse udev */
			kobject_uevent_env(&dev->cdev_dev.kobj, KOBJ_CHANGE, env);
		spin_lock(&dev->lock);
	}
	spin_unlock(&dev->lock);
	put_device(&dev->cdev_dev);
}
