// SPDX-License-Identifier: GPL-2.0-only
/*
 * session.c - one server's tenure of a device: the object, readiness, who owns its slots
 *
 * A session is current from open until it is retired, and exists until the last thing that
 * refers to it is gone: the file, which every command held keeps open, or a passer-by. Being
 * current and the phase change under dev->lock; see the phases in state_table.h.
 */
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/vmalloc.h>

#include "recovery.h"
#include "session.h"
#include "state.h"
#include "trace.h"

atomic_t ublk_nr_current;

static void ublk_session_free(struct ublk_session *s)
{
	struct ublk_slot *slot;
	unsigned int q, tag;

	for (q = 0; q < s->nr_queues; q++) {
		for (tag = 0; s->queues[q].slots && tag < ublk_depth(s->dev); tag++) {
			slot = ublk_slot_of(s, q, tag);
			if (slot->owner)
				put_task_struct(slot->owner);
		}
		kvfree(s->queues[q].slots);
		vfree(s->queues[q].descs);
	}
	if (s->mm)
		mmdrop(s->mm);
	put_pid(s->opener);
	atomic_dec(&s->dev->nr_sessions);
	wake_up_all(&s->dev->wait);
	put_device(&s->dev->cdev_dev);
	kfree(s);
}

static void ublk_session_free_work(struct work_struct *work)
{
	ublk_session_free(container_of(to_rcu_work(work), struct ublk_session, free_work));
}

static void ublk_session_release(struct kref *ref)
{
	struct ublk_session *s = container_of(ref, struct ublk_session, ref);

	/* queue_rq finds the session under RCU; and this may be any context */
	queue_rcu_work(ublk_reap_wq, &s->free_work);
}

void ublk_session_get(struct ublk_session *s)
{
	kref_get(&s->ref);
}

/**
 * ublk_session_put() - drop a reference
 * @s: session
 *
 * Context: any.
 */
void ublk_session_put(struct ublk_session *s)
{
	kref_put(&s->ref, ublk_session_release);
}

/**
 * ublk_session_get_current() - the session that is current now
 * @dev: device
 *
 * Context: any.
 * Return: the session, to be put by the caller, or NULL.
 */
struct ublk_session *ublk_session_get_current(struct ublk_device *dev)
{
	struct ublk_session *s;

	rcu_read_lock();
	s = rcu_dereference(dev->session);
	if (s && !kref_get_unless_zero(&s->ref))
		s = NULL;
	rcu_read_unlock();
	return s;
}

static int ublk_queue_alloc(struct ublk_session *s, u16 q_id)
{
	struct ublk_queue *queue = &s->queues[q_id];
	unsigned int tag, depth = ublk_depth(s->dev);

	queue->slots = kvcalloc(depth, sizeof(*queue->slots), GFP_KERNEL_ACCOUNT);
	queue->descs = vmalloc_user(ublk_descs_size(s->dev));
	if (!queue->slots || !queue->descs)
		return -ENOMEM;
	for (tag = 0; tag < depth; tag++) {
		queue->slots[tag].q_id = q_id;
		queue->slots[tag].tag = tag;
	}
	return 0;
}

/**
 * ublk_session_alloc() - a session for the calling process, not yet current
 * @dev: device
 *
 * Return: the session, to be put, or NULL.
 */
struct ublk_session *ublk_session_alloc(struct ublk_device *dev)
{
	struct ublk_session *s;
	unsigned int q;

	s = kzalloc(struct_size(s, queues, ublk_nr_queues(dev)), GFP_KERNEL_ACCOUNT);
	if (!s)
		return NULL;
	kref_init(&s->ref);
	s->dev = dev;
	get_device(&dev->cdev_dev);
	atomic_inc(&dev->nr_sessions);
	s->nr_queues = ublk_nr_queues(dev);
	s->nr_slots = s->nr_queues * ublk_depth(dev);
	raw_spin_lock_init(&s->owner_lock);
	INIT_RCU_WORK(&s->free_work, ublk_session_free_work);
	s->opener = get_pid(task_tgid(current));
	s->opener_exec_id = current->self_exec_id;
	for (q = 0; q < s->nr_queues; q++) {
		if (ublk_queue_alloc(s, q)) {
			ublk_session_free(s);
			return NULL;
		}
	}
	return s;
}

/**
 * ublk_session_become_current() - the beginning of a tenure
 * @s: session of ublk_session_alloc()
 *
 * Context: takes the device's lock.
 * Return: 0; -ENODEV the device is deleted; -EBUSY another session is current, or a STOP is under
 * way.
 */
int ublk_session_become_current(struct ublk_session *s)
{
	struct ublk_device *dev = s->dev;
	int err = 0;

	spin_lock(&dev->lock);
	if (dev->deleted) {
		/* a node made by hand can lead to a cdev whose device is gone (P17) */
		err = -ENODEV;
	} else if (dev->stoppers || rcu_access_pointer(dev->session)) {
		err = -EBUSY;
	} else {
		s->seq = ++dev->last_seq;
		ublk_phase_set_locked(s, UBLK_PHASE_BRINGUP);
		ublk_session_get(s);	/* dev->session; the first one is the file's */
		rcu_assign_pointer(dev->session, s);
		atomic_inc(&ublk_nr_current);
		ublk_monitor_arm_locked(dev, ublk_monitor_period());
		ublk_state_check_locked(dev);
	}
	spin_unlock(&dev->lock);
	return err;
}

/**
 * ublk_session_latch_mm() - may this mm map the session's descriptors?
 * @s: session
 * @mm: mm of the caller
 *
 * Return: true if nobody else's mm has mapped them before.
 */
bool ublk_session_latch_mm(struct ublk_session *s, struct mm_struct *mm)
{
	struct mm_struct *first = cmpxchg(&s->mm, NULL, mm);

	if (!first)
		mmgrab(mm);	/* or another mm might get its address one day */
	return !first || first == mm;
}

/**
 * ublk_session_count_ready() - one more slot is READY
 * @s: session; the slot became READY before this call (R9)
 */
void ublk_session_count_ready(struct ublk_session *s)
{
	if (atomic_inc_return(&s->ready) == s->nr_slots)
		wake_up_all(&s->dev->wait);
}

/**
 * ublk_session_uncount_ready() - a slot is about to leave READY for good
 * @s: session; if the slot turns out not to be READY any more, count it again
 *
 * The count matters during bring-up only: going live wants all.
 */
void ublk_session_uncount_ready(struct ublk_session *s)
{
	atomic_dec(&s->ready);
}

/**
 * ublk_session_go_live() - from here on the current session gets requests
 * @dev: device
 * @server: thread group that START or END named
 * @from_states: mask of UBLK_STATE_BIT()s that the device may be in
 * @begun: dev->stops_begun when the caller's command came; a STOP since then ends it
 *
 * All that has to hold together is tested and changed in one section (R9).
 *
 * Context: takes dev->lock.
 * Return: 0; -EAGAIN nobody has opened the device, or not all slots were fetched: wait and try
 * again; -EBUSY a STOP is under way or the state does not fit; -ENODEV deleted; -EINVAL the
 * session is another process's.
 */
int ublk_session_go_live(struct ublk_device *dev, struct pid *server, unsigned int from_states,
			 u64 begun)
{
	struct ublk_session *s;
	int err = 0;

	spin_lock(&dev->lock);
	s = rcu_dereference_protected(dev->session, lockdep_is_held(&dev->lock));
	if (dev->deleted)
		err = -ENODEV;
	else if (dev->stoppers || dev->stops_begun != begun || !(1u << dev->state & from_states))
		err = -EBUSY;
	else if (!s || s->phase != UBLK_PHASE_BRINGUP || atomic_read(&s->ready) != s->nr_slots)
		err = -EAGAIN;
	else if (s->opener != server)
		err = -EINVAL;
	if (!err) {
		ublk_phase_set_locked(s, UBLK_PHASE_LIVE);
		ublk_state_set_locked(dev, UBLK_STATE_LIVE);
		/* R2: barrier and kick, by the monitor; nothing waits for them */
		s->resume = true;
		ublk_monitor_arm_locked(dev, 0);
		ublk_state_check_locked(dev);
	}
	spin_unlock(&dev->lock);
	return err;
}

/**
 * ublk_session_retire_locked() - the end of a tenure
 * @s: session, CLOSING, its slots swept
 *
 * Together with the change of the device's state in the same section (R10).
 *
 * Context: dev->lock held.
 * Return: true if it was current; then its reference has to be put after the lock is dropped.
 */
bool ublk_session_retire_locked(struct ublk_session *s)
{
	struct ublk_device *dev = s->dev;

	lockdep_assert_held(&dev->lock);
	if (s->phase == UBLK_PHASE_RETIRED)
		return false;
	ublk_phase_set_locked(s, UBLK_PHASE_RETIRED);
	WARN_ON_ONCE(rcu_access_pointer(dev->session) != s);
	RCU_INIT_POINTER(dev->session, NULL);
	atomic_dec(&ublk_nr_current);
	return true;
}

/**
 * ublk_slot_set_owner() - this task's thread has the slot from now on
 * @s: session
 * @slot: slot in FETCHING
 * @task: the command's task, not current: io-wq may run the FETCH for it (P12)
 *
 * Pinned, because in SERVER no command keeps it.
 */
void ublk_slot_set_owner(struct ublk_session *s, struct ublk_slot *slot, struct task_struct *task)
{
	struct task_struct *old;

	get_task_struct(task);
	raw_spin_lock(&s->owner_lock);
	old = slot->owner;
	WRITE_ONCE(slot->owner, task);
	slot->exec_id = task->self_exec_id;
	raw_spin_unlock(&s->owner_lock);
	if (old)
		put_task_struct(old);
}

#define UBLK_PF_GONE	(PF_EXITING | PF_DUMPCORE | PF_POSTCOREDUMP)

/**
 * ublk_slot_owner_is_gone() - will the owner of the slot never come back to it?
 * @s: session
 * @slot: slot
 *
 * A thread that dumps core, or waits for that before it exits, is gone, too: a dump takes long,
 * and may go to this very device. One that was killed but has not got that far is not: it may be in
 * the middle of a write to its backing, which a server without a fence relies on to be over.
 *
 * Return: true if the task is exiting or has become another program (P10).
 */
bool ublk_slot_owner_is_gone(struct ublk_session *s, struct ublk_slot *slot)
{
	struct task_struct *owner;
	bool gone;

	raw_spin_lock(&s->owner_lock);
	owner = slot->owner;
	gone = owner && (READ_ONCE(owner->flags) & UBLK_PF_GONE ||
			 READ_ONCE(owner->self_exec_id) != slot->exec_id);
	raw_spin_unlock(&s->owner_lock);
	return gone;
}

/**
 * ublk_session_process_is_gone() - has the process that opened the device ended or changed?
 * @s: session
 *
 * A doomed thread group counts as gone, though some of its threads may still run: those are
 * judged one by one, as owners of their slots.
 *
 * Return: true if it is exiting, has exited or has become another program.
 */
bool ublk_session_process_is_gone(struct ublk_session *s)
{
	struct task_struct *leader;
	bool gone = true;

	rcu_read_lock();
	leader = pid_task(s->opener, PIDTYPE_TGID);
	if (leader)
		gone = READ_ONCE(leader->signal->flags) & SIGNAL_GROUP_EXIT ||
		       !atomic_read(&leader->signal->live) ||
		       READ_ONCE(leader->self_exec_id) != s->opener_exec_id;
	rcu_read_unlock();
	return gone;
}

/**
 * ublk_session_kill_server() - SIGKILL for the process that serves the device, if there is one
 * @dev: device
 *
 * Found by what was pinned at open, so that no other process can have got its number; and one that
 * has become another program since is not the server any more.
 *
 * Context: any that may take RCU's read lock.
 */
void ublk_session_kill_server(struct ublk_device *dev)
{
	struct ublk_session *s;

	rcu_read_lock();
	s = rcu_dereference(dev->session);
	if (s && READ_ONCE(s->phase) == UBLK_PHASE_LIVE && !ublk_session_process_is_gone(s)) {
		dev_warn_ratelimited(&dev->cdev_dev,
				     "a request was not answered in time: server %d is killed\n",
				     pid_nr(s->opener));
		kill_pid(s->opener, SIGKILL, 1);
	}
	rcu_read_unlock();
}
