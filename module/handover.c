// SPDX-License-Identifier: GPL-2.0-only
/*
 * handover.c - the commands by which a device passes from one server to the next
 *
 * A new server opens /dev/ublkcN, which makes a new session, fetches all slots and says
 * END_USER_RECOVERY. If it dies anywhere on the way, the monitor retires its session and
 * everything is as before, so this can be repeated without end.
 */
#include "handover.h"
#include "lifecycle.h"
#include "recovery.h"
#include "session.h"
#include "trace.h"

#define UBLK_RECOVERABLE	(UBLK_STATE_BIT(QUIESCED) | UBLK_STATE_BIT(FAIL_IO))

/**
 * ublk_ctrl_start_recovery() - START_USER_RECOVERY: could a new server take over now?
 * @dev: device
 * @header: not used
 *
 * Changes nothing.
 *
 * Return: 0; -EINVAL recovery is off; -EBUSY another state, a STOP is under way, or another
 * process is about to take over.
 */
int ublk_ctrl_start_recovery(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	struct ublk_session *s;
	int err = 0;

	if (dev->recovery == UBLK_RECOVERY_OFF)
		return -EINVAL;
	spin_lock(&dev->lock);
	s = rcu_dereference_protected(dev->session, lockdep_is_held(&dev->lock));
	if (dev->stoppers || !(1u << dev->state & UBLK_RECOVERABLE) ||
	    (s && s->opener != task_tgid(current)))
		err = -EBUSY;
	spin_unlock(&dev->lock);
	return err;
}

/**
 * ublk_ctrl_end_recovery() - END_USER_RECOVERY: the new server is ready
 * @dev: device
 * @header: data[0] is the server's thread group, as the caller numbers it
 *
 * Waits until it has opened the device and fetched all slots. Takes no mutex: START may hold it
 * while the block layer adds the disk (P7). The monitor kicks what was parked.
 *
 * Return: 0; -EINVAL recovery is off, no such process, or not the one that opened the device;
 * -EBUSY another state or a STOP is under way; -ENODEV deleted; -EINTR.
 */
int ublk_ctrl_end_recovery(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	u64 begun = ublk_stops_begun(dev);
	struct pid *server;
	int err;

	if (dev->recovery == UBLK_RECOVERY_OFF || (int)header->data[0] <= 0)
		return -EINVAL;
	server = find_get_pid((int)header->data[0]);
	if (!server)
		return -EINVAL;
	do {
		if (wait_event_interruptible(dev->wait,
					     ublk_may_go_live(dev, UBLK_RECOVERABLE, begun)))
			err = -EINTR;
		else
			err = ublk_session_go_live(dev, server, UBLK_RECOVERABLE, begun);
	} while (err == -EAGAIN);
	put_pid(server);
	return err;
}

/* Asks the current server, if it is LIVE. Return: its session, counted, NULL, or ERR_PTR. */
static struct ublk_session *ublk_quiesce_begin(struct ublk_device *dev)
{
	struct ublk_session *s = NULL;
	int err = 0;

	spin_lock(&dev->lock);
	if (1u << dev->state & UBLK_RECOVERABLE)
		goto out;	/* it is what the caller wants (B19) */
	s = rcu_dereference_protected(dev->session, lockdep_is_held(&dev->lock));
	if (dev->state == UBLK_STATE_DEAD)
		err = -ENODEV;
	else if (dev->stoppers || !s || s->quiescing)
		err = -EBUSY;
	if (!err) {
		ublk_session_get(s);
		s->quiesces++;
		WRITE_ONCE(s->quiescing, true);
		ublk_monitor_arm_locked(dev, 0);
	}
out:
	spin_unlock(&dev->lock);
	return err ? ERR_PTR(err) : s;
}

/* Takes the wish back, unless the monitor is already closing the session (B20). */
static bool ublk_quiesce_roll_back(struct ublk_device *dev, struct ublk_session *s)
{
	bool back;

	spin_lock(&dev->lock);
	back = s->phase == UBLK_PHASE_LIVE;
	if (back) {
		WRITE_ONCE(s->quiescing, false);
		s->quiesce_seen = false;
		WRITE_ONCE(s->resume, true);	/* barrier and kick */
		ublk_monitor_arm_locked(dev, 0);
	}
	spin_unlock(&dev->lock);
	return back;
}

/* The session is being closed. Return: 0, or -EBUSY if a STOP did it, or -EINTR. */
static int ublk_quiesce_finish(struct ublk_device *dev, struct ublk_session *s)
{
	if (wait_event_interruptible(dev->wait, READ_ONCE(s->phase) == UBLK_PHASE_RETIRED))
		return -EINTR;
	return READ_ONCE(dev->state) == UBLK_STATE_DEAD ? -EBUSY : 0;
}

/**
 * ublk_ctrl_quiesce() - QUIESCE_DEV: have a living server hand the device over
 * @dev: device
 * @header: data[0] is a time limit in ms, 0 for none
 *
 * New requests park; when the server has committed all that it had, its commands end and the
 * device is QUIESCED (or FAIL_IO), the server still running. If that takes too long, everything
 * is as it was before.
 *
 * Return: 0, also if nobody serves already; -EOPNOTSUPP not asked for at ADD_DEV; -ENODEV not
 * started; -EBUSY the time is over, or a STOP or another QUIESCE is under way; -EINTR.
 */
int ublk_ctrl_quiesce(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	u64 ms = header->data[0];
	struct ublk_session *s;
	long left;
	int err;

	if (!(dev->info.flags & UBLK_F_QUIESCE))
		return -EOPNOTSUPP;
	s = ublk_quiesce_begin(dev);
	if (IS_ERR_OR_NULL(s))
		return PTR_ERR_OR_ZERO(s);
	left = wait_event_interruptible_timeout(
		dev->wait, READ_ONCE(s->phase) == UBLK_PHASE_RETIRED || READ_ONCE(dev->stoppers),
		ms && ms < INT_MAX ? msecs_to_jiffies(ms) : MAX_SCHEDULE_TIMEOUT);
	if (ublk_quiesce_roll_back(dev, s))
		err = left < 0 ? -EINTR : -EBUSY;
	else	/* the monitor or a STOP is at it, and does not wait for the server */
		err = ublk_quiesce_finish(dev, s);
	ublk_session_put(s);
	return err;
}
