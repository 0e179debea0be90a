// SPDX-License-Identifier: GPL-2.0-only
/*
 * stop.c - STOP: tear the disk down and end the session, in any state, whatever the server does
 *
 * One work does it, for a STOP_DEV, a DEL_DEV and a monitor that has found a server gone with
 * recovery off. A control command just waits for it, and can be interrupted: the teardown goes on
 * by itself. In order:
 *
 *   ublk_stop_begin()     counts itself in: no monitor, no open, no START, no END from here on
 *   ublk_stop_work()      waits for a monitor under way
 *   ublk_abort_begin()    force_abort at once if there is nobody to finish; abort_work watches
 *   del_gendisk()         with a living server: writes back what is buffered
 *   ublk_abort_end()      nothing is in flight or parked any more
 *   ublk_stop_session()   outside the mutex: commands are completed, the session is retired
 *
 * The monitor never runs between the second and the last, so neither asks about the other.
 */
#include "abort.h"
#include "disk.h"
#include "recovery.h"
#include "session.h"
#include "state.h"
#include "stop.h"
#include "trace.h"

/**
 * ublk_stop_begin() - have the device stopped
 * @dev: device
 * @only_session: do nothing unless this session is current and nobody else is stopping the
 *	device (R14); 0 for any
 *
 * Context: any but interrupts; takes dev->lock.
 * Return: a ticket for ublk_stop_wait(), or 0 if nothing was begun.
 */
u64 ublk_stop_begin(struct ublk_device *dev, u32 only_session)
{
	struct ublk_session *s;
	u64 ticket = 0;

	spin_lock(&dev->lock);
	s = rcu_dereference_protected(dev->session, lockdep_is_held(&dev->lock));
	if (!only_session || (!dev->stoppers && s && s->seq == only_session)) {
		WRITE_ONCE(dev->stoppers, dev->stoppers + 1);
		ticket = ++dev->stops_begun;
	}
	spin_unlock(&dev->lock);
	if (ticket) {
		wake_up_all(&dev->wait);	/* START, END and QUIESCE give up */
		/* a caller that is interrupted does not wait, and may have the last reference */
		get_device(&dev->cdev_dev);
		if (!queue_work(ublk_stop_wq, &dev->stop_work))
			put_device(&dev->cdev_dev);
	}
	return ticket;
}

static bool ublk_stop_is_done(struct ublk_device *dev, u64 ticket)
{
	bool done;

	spin_lock(&dev->lock);
	done = dev->stops_done >= ticket;
	spin_unlock(&dev->lock);
	return done;
}

/**
 * ublk_stop_wait() - wait for a stop that was begun
 * @dev: device
 * @ticket: of ublk_stop_begin()
 *
 * Return: 0, or -EINTR: then the stop goes on by itself.
 */
int ublk_stop_wait(struct ublk_device *dev, u64 ticket)
{
	return wait_event_interruptible(dev->wait, ublk_stop_is_done(dev, ticket)) ? -EINTR : 0;
}

/**
 * ublk_stop() - stop the device, whatever its state
 * @dev: device
 *
 * Return: 0 or -EINTR, as ublk_stop_wait().
 */
int ublk_stop(struct ublk_device *dev)
{
	return ublk_stop_wait(dev, ublk_stop_begin(dev, 0));
}

static void ublk_stop_disk(struct ublk_device *dev, u32 seq)
{
	struct gendisk *disk = dev->disk;

	lockdep_assert_held(&dev->mutex);
	if (!disk)
		return;
	ublk_abort_begin(dev);
	/* a scan under way reads from the server; abort_work ends those reads if need be */
	cancel_work_sync(&dev->zones_work);
	cancel_work_sync(&dev->scan_work);
	trace_ublk_step(dev, seq, "stop", "del_disk", 0);
	if (dev->disk_added)
		del_gendisk(disk);
	trace_ublk_step(dev, seq, "stop", "disk_gone", 0);
	ublk_abort_end(dev);
	trace_ublk_step(dev, seq, "stop", "abort_off", 0);
	ublk_disk_detach(dev);
}

static void ublk_stop_session(struct ublk_session *s)
{
	struct ublk_device *dev = s->dev;
	bool retired;

	/* a server that is just publishing a slot sees CLOSING and takes it back by itself (R8) */
	ublk_close_slots(s);
	/* I7: the disk is gone, so is every request */
	WARN_ON_ONCE(ublk_count_in(s, UBLK_SLOT_BIT(QUEUED) | UBLK_SLOT_BIT(GETDATA) |
				      UBLK_SLOT_BIT(SERVER)));
	spin_lock(&dev->lock);
	retired = ublk_session_retire_locked(s);
	ublk_state_check_locked(dev);
	spin_unlock(&dev->lock);
	if (retired)
		ublk_session_put(s);
}

static void ublk_stop_once(struct ublk_device *dev)
{
	struct ublk_session *s;
	unsigned int served;
	u64 ticket;
	u32 seq;

	spin_lock(&dev->lock);
	served = dev->stoppers;
	ticket = dev->stops_begun;
	s = rcu_dereference_protected(dev->session, lockdep_is_held(&dev->lock));
	if (s)
		ublk_session_get(s);
	seq = s ? s->seq : 0;
	spin_unlock(&dev->lock);
	trace_ublk_step(dev, seq, "stop", "begin", served);
	cancel_delayed_work_sync(&dev->monitor_work);
	trace_ublk_step(dev, seq, "stop", "monitor_cancelled", 0);

	mutex_lock(&dev->mutex);
	ublk_stop_disk(dev, seq);
	spin_lock(&dev->lock);
	ublk_state_set_locked(dev, UBLK_STATE_DEAD);
	if (s && s->phase < UBLK_PHASE_CLOSING)
		ublk_phase_set_locked(s, UBLK_PHASE_CLOSING);
	spin_unlock(&dev->lock);
	mutex_unlock(&dev->mutex);

	if (s) {
		ublk_stop_session(s);
		ublk_session_put(s);
	}
	trace_ublk_step(dev, seq, "stop", "end", 0);
	spin_lock(&dev->lock);
	WRITE_ONCE(dev->stoppers, dev->stoppers - served);
	dev->stops_done = ticket;
	if (!dev->stoppers)
		WRITE_ONCE(dev->force_abort, false);
	/* the last one hands back to the monitor (R13); open is refused until then, so to nobody */
	WARN_ON_ONCE(!dev->stoppers && rcu_access_pointer(dev->session));
	spin_unlock(&dev->lock);
	wake_up_all(&dev->wait);
}

/**
 * ublk_stop_work() - stop the device once, for all who asked so far
 * @work: stop_work of a device, with a reference to it
 */
void ublk_stop_work(struct work_struct *work)
{
	struct ublk_device *dev = container_of(work, struct ublk_device, stop_work);
	bool asked;

	/* queued again while it ran: that run may have served the one who queued it, too (R12) */
	spin_lock(&dev->lock);
	asked = dev->stoppers;
	spin_unlock(&dev->lock);
	if (asked)
		ublk_stop_once(dev);
	put_device(&dev->cdev_dev);
}
