// SPDX-License-Identifier: GPL-2.0-only
/*
 * abort.c - the mechanism of ending: take requests out of slots, complete commands, watch STOP
 *
 * Knows no policy: the monitor (recovery.c) and STOP (stop.c) say what is to happen to what is
 * taken. Requests and commands have different owners. A request can be taken from a slot whose
 * command is still task work (QUEUED): the command is left to that (ABANDONED, R4).
 */
#include "abort.h"
#include "iocmd.h"
#include "recovery.h"
#include "reference.h"
#include "session.h"
#include "slot.h"
#include "trace.h"

#define UBLK_ABORT_MS		10	/* between two passes of abort_work */
/*
 * How long to wait for the reaper: it takes io_uring's lock, which a stuck thread may hold for
 * ever (R17). Without it, too, all commands are accounted for; they are just completed later.
 */
#define UBLK_REAP_PATIENCE	HZ

/**
 * ublk_barrier() - wait until no queue_rq runs that has seen an earlier phase
 *
 * All of queue_rq is one RCU section, so a grace period does it; expedited, because a crash is
 * rare, and I/O waits for this twice, before QUIESCED and after LIVE. The queue must not be
 * quiesced for it: who finds it quiesced when it would send a request directly puts it into the
 * queue and runs nothing (block/blk-mq.c of 6.1). If the quiesce ends at that very moment the
 * request waits for ever, or until somebody sends another one.
 *
 * Context: process; sleeps for an expedited RCU grace period.
 */
void ublk_barrier(void)
{
	synchronize_rcu_expedited();
}

/**
 * ublk_kick() - send the parked requests through queue_rq again
 * @dev: device; its disk is not torn down while the monitor or abort_work may run
 */
void ublk_kick(struct ublk_device *dev)
{
	struct gendisk *disk = READ_ONCE(dev->disk);

	if (disk)
		blk_mq_kick_requeue_list(disk->queue);
}

/**
 * ublk_count_busy() - slots that the kernel is working on
 * @s: session
 *
 * Completing such a slot's command, or ending its request, would pull it from under whoever works
 * on it. It never lasts: those states do not sleep.
 *
 * Return: their number.
 */
unsigned int ublk_count_busy(struct ublk_session *s)
{
	unsigned int q, tag, busy = 0;
	struct ublk_slot *slot;

	ublk_for_each_slot(s, q, tag, slot)
		busy += ublk_slot_is_busy(slot);
	return busy;
}

/**
 * ublk_count_in() - slots that are in one of these states
 * @s: session
 * @mask: of UBLK_SLOT_BIT()
 */
unsigned int ublk_count_in(struct ublk_session *s, unsigned int mask)
{
	unsigned int q, tag, n = 0;
	struct ublk_slot *slot;

	ublk_for_each_slot(s, q, tag, slot)
		n += ublk_slot_is_in(slot, mask);
	return n;
}

/* @from is the state that the caller judged; if it is another by now, the slot is left alone. */
static bool ublk_abort_slot(struct ublk_session *s, struct ublk_slot *slot,
			    enum ublk_slot_state from, bool park)
{
	struct ublk_device *dev = s->dev;
	bool queued = from == UBLK_SLOT_QUEUED;
	struct request *rq;

	if (!ublk_slot_move(s, slot, from, queued ? UBLK_SLOT_ABANDONED : UBLK_SLOT_ABORTED))
		return false;
	/* nobody writes slot->rq before its tag comes again, which it can not yet */
	rq = slot->rq;
	trace_ublk_abort(s, slot, from, park);
	atomic64_inc(&dev->nr_taken);
	if (park && !queued)
		atomic64_inc(&dev->nr_reissued);
	/* not before the dead server's ring has let go of its pages (B6) */
	ublk_settle(dev, rq, park ? UBLK_FATE_PARK : UBLK_FATE_FAIL, 0);
	return true;
}

/**
 * ublk_abort_slots() - take the requests that nobody will serve any more
 * @s: session
 * @park_served: park what the server had, else fail it
 * @park_queued: park what was on its way to the server, else fail it
 * @gone_only: only where the slot's owner is gone
 *
 * Leaves slots alone that the kernel is working on (R15).
 *
 * Return: number of requests taken.
 */
unsigned int ublk_abort_slots(struct ublk_session *s, bool park_served, bool park_queued,
			      bool gone_only)
{
	unsigned int q, tag, taken = 0;
	enum ublk_slot_state state;
	struct ublk_slot *slot;

	ublk_for_each_slot(s, q, tag, slot) {
		state = ublk_slot_state(slot);
		if (!(1u << state & (UBLK_SLOT_BIT(QUEUED) | UBLK_SLOT_BIT(GETDATA) |
				     UBLK_SLOT_BIT(SERVER))))
			continue;
		if (gone_only && !ublk_slot_owner_is_gone(s, slot))
			continue;
		taken += ublk_abort_slot(s, slot, state,
					 state == UBLK_SLOT_QUEUED ? park_queued : park_served);
	}
	return taken;
}

/**
 * ublk_close_slots() - sweep a session that is CLOSING
 * @s: session
 *
 * READY commands go to the reaper, whose end is waited for with a bound; FREE slots are closed so
 * that a FETCH under way finds -ENODEV.
 *
 * Context: process; may sleep.
 * Return: true if no slot can get a request any more, and none has one.
 */
bool ublk_close_slots(struct ublk_session *s)
{
	unsigned int q, tag, left = 0;
	struct ublk_slot *slot;

	WARN_ON_ONCE(READ_ONCE(s->phase) < UBLK_PHASE_CLOSING);
	ublk_for_each_slot(s, q, tag, slot) {
		ublk_slot_take_ready(s, slot, UBLK_SLOT_REAPING);
		if (ublk_slot_is_in(slot, UBLK_SLOT_BIT(FREE)))
			ublk_slot_move(s, slot, UBLK_SLOT_FREE, UBLK_SLOT_CLOSED);
		left += !ublk_slot_is_in(slot, UBLK_SLOT_RETIRED_MASK);
	}
	ublk_reap(s);
	wait_event_timeout(s->dev->wait, !ublk_count_in(s, UBLK_SLOT_BIT(REAPING)),
			   UBLK_REAP_PATIENCE);
	return !left;
}

/**
 * ublk_reap() - have the commands of REAPING slots completed
 * @s: session
 */
void ublk_reap(struct ublk_session *s)
{
	ublk_session_get(s);
	if (!queue_work(ublk_reap_wq, &s->reap_work))
		ublk_session_put(s);
}

/**
 * ublk_reap_work() - complete commands, where that may sleep
 * @work: reap_work of a session
 */
void ublk_reap_work(struct work_struct *work)
{
	struct ublk_session *s = container_of(work, struct ublk_session, reap_work);
	struct ublk_device *dev = s->dev;
	struct io_uring_cmd *cmd;
	struct ublk_slot *slot;
	unsigned int q, tag;

	ublk_for_each_slot(s, q, tag, slot) {
		if (!ublk_slot_is_in(slot, UBLK_SLOT_BIT(REAPING)))
			continue;
		cmd = slot->cmd;
		slot->cmd = NULL;
		if (!WARN_ON_ONCE(!cmd))	/* I2, I4 */
			ublk_cmd_end(s, slot, cmd, IO_URING_F_UNLOCKED);
		ublk_slot_store(s, slot, UBLK_SLOT_REAPING,
				READ_ONCE(s->phase) >= UBLK_PHASE_CLOSING ? UBLK_SLOT_CLOSED :
									    UBLK_SLOT_FREE);
	}
	wake_up_all(&dev->wait);
	ublk_session_put(s);
}

/* Requests are failed from here on, whoever would still serve them. */
static void ublk_force_abort(struct ublk_device *dev, u32 seq)
{
	spin_lock(&dev->lock);
	if (!dev->force_abort) {
		WRITE_ONCE(dev->force_abort, true);
		trace_ublk_step(dev, seq, "stop", "force_abort", 0);
	}
	spin_unlock(&dev->lock);
}

static u32 ublk_count_commits(struct ublk_session *s)
{
	struct ublk_slot *slot;
	unsigned int q, tag;
	u32 sum = 0;

	ublk_for_each_slot(s, q, tag, slot)
		sum += READ_ONCE(slot->commits);
	return sum;
}

/* Is there no point, or no point any more, in letting the server finish? */
static bool ublk_must_force(struct ublk_device *dev, struct ublk_session *s)
{
	unsigned int limit = READ_ONCE(ublk_stop_timeout_ms);
	u32 commits;

	/* CLOSING: it was handing over, and nothing is sent to it any more */
	if (!s || READ_ONCE(dev->state) != UBLK_STATE_LIVE ||
	    READ_ONCE(s->phase) != UBLK_PHASE_LIVE || ublk_session_is_gone(s))
		return true;
	commits = ublk_count_commits(s);
	if (commits != dev->abort_commits) {
		dev->abort_commits = commits;
		dev->abort_progress = jiffies;
	}
	return limit && time_after(jiffies, dev->abort_progress + msecs_to_jiffies(limit));
}

static void ublk_abort_arm(struct ublk_device *dev, unsigned int delay_ms)
{
	spin_lock(&dev->lock);
	if (dev->abort_on)
		queue_delayed_work(ublk_wq, &dev->abort_work, msecs_to_jiffies(delay_ms));
	spin_unlock(&dev->lock);
}

/**
 * ublk_abort_work() - one pass of the watch over a STOP
 * @work: abort_work of a device
 *
 * Each pass kicks: task work that did not see force_abort may park a request at any time (R3).
 */
void ublk_abort_work(struct work_struct *work)
{
	struct ublk_device *dev = container_of(to_delayed_work(work), struct ublk_device,
					       abort_work);
	struct ublk_session *s = ublk_session_get_current(dev);
	unsigned int taken = 0;
	u32 seq = s ? s->seq : 0;

	if (!READ_ONCE(dev->force_abort) && ublk_must_force(dev, s))
		ublk_force_abort(dev, seq);
	if (s) {
		/* a dead thread of a living server is judged by itself (P13) */
		taken = ublk_abort_slots(s, false, false, !READ_ONCE(dev->force_abort));
		ublk_session_put(s);
	}
	trace_ublk_step(dev, seq, "abort", "pass", taken);
	ublk_kick(dev);
	ublk_abort_arm(dev, UBLK_ABORT_MS);
}

/**
 * ublk_abort_begin() - watch over a STOP from here on, in the monitor's place
 * @dev: device with a disk, monitor off
 *
 * With a living server nothing is forced yet: del_gendisk() writes back what is buffered (R16).
 *
 * Context: process, dev->mutex held.
 */
void ublk_abort_begin(struct ublk_device *dev)
{
	struct ublk_session *s = ublk_session_get_current(dev);

	lockdep_assert_held(&dev->mutex);
	dev->abort_progress = jiffies;
	dev->abort_commits = s ? ublk_count_commits(s) : 0;
	/* a START that is still about the zones has nothing to write back */
	if (!dev->disk_added || ublk_must_force(dev, s))
		ublk_force_abort(dev, s ? s->seq : 0);
	if (s)
		ublk_session_put(s);
	spin_lock(&dev->lock);
	dev->abort_on = true;
	spin_unlock(&dev->lock);
	ublk_abort_arm(dev, 0);
}

/**
 * ublk_abort_end() - the disk is gone, nothing is left to watch
 * @dev: device, its disk not yet put
 *
 * The last kick may have come after del_gendisk() cancelled the requeue work, and must not outlive
 * the queue (P15).
 *
 * Context: process, dev->mutex held.
 */
void ublk_abort_end(struct ublk_device *dev)
{
	lockdep_assert_held(&dev->mutex);
	spin_lock(&dev->lock);
	dev->abort_on = false;
	spin_unlock(&dev->lock);
	cancel_delayed_work_sync(&dev->abort_work);
	cancel_delayed_work_sync(&dev->disk->queue->requeue_work);
	WARN_ON_ONCE(atomic_read(&dev->nr_parked));	/* I10 */
}

/**
 * ublk_abort_for_good() - fail all I/O of a device from here on, without tearing it down
 * @dev: device
 *
 * Waits for nothing. Whoever has the mutex is a STOP, which has its own watch and sees
 * force_abort, or a START, whose reads fail.
 *
 * Context: process; a STOP may still come, and ends the watch.
 */
void ublk_abort_for_good(struct ublk_device *dev)
{
	ublk_force_abort(dev, 0);
	if (!mutex_trylock(&dev->mutex))
		return;
	/* only a STOP takes the disk away, and with it abort_work */
	if (dev->disk) {
		spin_lock(&dev->lock);
		dev->abort_on = true;
		spin_unlock(&dev->lock);
		ublk_abort_arm(dev, 0);
	}
	mutex_unlock(&dev->mutex);
}
