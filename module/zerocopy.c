// SPDX-License-Identifier: GPL-2.0-only
/*
 * zerocopy.c - the pages of a request in a ring's table of registered buffers
 *
 * By REGISTER_IO_BUF, from any task of the server, or by the driver itself before it delivers the
 * request (AUTO_BUF_REG). Each buffer has a reference to the request, which io_uring gives back
 * when the buffer was unregistered (or its ring is gone) and no I/O on it is under way any more:
 * see reference.c for what follows.
 *
 * Registering may sleep for memory, and a slot must not be owned across a sleep (P4): so only the
 * reference is taken by the owner of a slot, or of a pin in it, and the rest is done without.
 */
#include "reference.h"
#include "session.h"
#include "slot.h"
#include "zerocopy.h"

#define UBLK_AUTO_REG_FLAGS_SHIFT	16
#define UBLK_AUTO_REG_WORD_MASK \
	(U16_MAX | (u64)UBLK_AUTO_BUF_REG_F_MASK << UBLK_AUTO_REG_FLAGS_SHIFT)

/* io_uring holds the ring's lock; the ring's owner may be dead, and its session gone. */
static void ublk_buffer_release(void *priv)
{
	ublk_reference_put(priv);
}

static bool ublk_rq_has_pages(struct request *rq)
{
	return rq->bio && bio_has_data(rq->bio);
}

/**
 * ublk_auto_reg_word_fits() - is sqe->addr of a FETCH or COMMIT what it has to be?
 * @word: sqe->addr, read once
 *
 * Looked at before the slot is taken (A13).
 */
bool ublk_auto_reg_word_fits(u64 word)
{
	return !(word & ~UBLK_AUTO_REG_WORD_MASK);
}

/**
 * ublk_auto_reg_store() - where the slot's next request is to be registered
 * @slot: slot, owned by the caller
 * @word: sqe->addr that fits
 */
void ublk_auto_reg_store(struct ublk_slot *slot, u64 word)
{
	slot->buf_index = word;
	slot->buf_flags = word >> UBLK_AUTO_REG_FLAGS_SHIFT;
	slot->buf_ring = NULL;
}

/**
 * ublk_auto_reg() - register the pages of a request that is to be delivered
 * @s: session
 * @slot: slot in HANDING
 * @cmd: its command: the ring and, in the slot, the index
 * @issue_flags: of the task work, which has the ring's lock
 * @reg: UBLK_AUTO_REG_TODO the first time; what came of it
 *
 * Return: true, and the slot is still HANDING; false if it was let go, and must be taken again.
 */
bool ublk_auto_reg(struct ublk_session *s, struct ublk_slot *slot, struct io_uring_cmd *cmd,
		   unsigned int issue_flags, enum ublk_auto_reg *reg)
{
	struct request *rq = slot->rq;

	if (*reg != UBLK_AUTO_REG_TODO || !ublk_rq_has_pages(rq))
		return true;
	ublk_reference_get(rq);
	ublk_slot_store(s, slot, UBLK_SLOT_HANDING, UBLK_SLOT_QUEUED);
	/* the crash path may take the request meanwhile, and detains it; the command is ours */
	if (!io_buffer_register_request(cmd, rq, ublk_buffer_release, slot->buf_index,
					issue_flags)) {
		slot->buf_ring = ublk_cmd_ring(cmd);
		*reg = UBLK_AUTO_REG_DONE;
		return false;
	}
	*reg = UBLK_AUTO_REG_FAILED;
	ublk_reference_put(rq);
	return false;
}

/**
 * ublk_auto_reg_undo() - the request is not delivered after all
 * @slot: slot in HANDING or ABANDONED
 * @cmd: its command
 * @issue_flags: of the task work
 * @reg: what ublk_auto_reg() came to
 */
void ublk_auto_reg_undo(struct ublk_slot *slot, struct io_uring_cmd *cmd,
			unsigned int issue_flags, enum ublk_auto_reg reg)
{
	if (reg != UBLK_AUTO_REG_DONE)
		return;
	slot->buf_ring = NULL;
	/* if the server was quicker and took it out itself, there is nothing left to do */
	io_buffer_unregister(cmd, slot->buf_index, issue_flags);
}

/**
 * ublk_auto_reg_commit() - a COMMIT takes the pages out of the ring again
 * @slot: slot in COMMITTING
 * @cmd: the COMMIT
 * @issue_flags: of the COMMIT, with its ring's lock held
 *
 * If it comes by another ring than the one that they were registered with, it is up to the server
 * to unregister them: the other ring's lock is not ours to take.
 */
void ublk_auto_reg_commit(struct ublk_slot *slot, struct io_uring_cmd *cmd,
			  unsigned int issue_flags)
{
	if (slot->buf_ring && slot->buf_ring == ublk_cmd_ring(cmd))
		io_buffer_unregister(cmd, slot->buf_index, issue_flags);
	slot->buf_ring = NULL;
}

/* Return: the request of the slot, with a reference, or ERR_PTR. */
static struct request *ublk_reference_slot(struct ublk_session *s, struct ublk_slot *slot,
					   struct task_struct *task)
{
	bool is_owner = READ_ONCE(slot->owner) == task;
	struct request *rq;

	/* whoever takes requests away waits for the pins to go, so there may be no new ones */
	if (READ_ONCE(s->phase) >= UBLK_PHASE_CLOSING || READ_ONCE(s->dev->force_abort) ||
	    (!is_owner && ublk_slot_owner_is_gone(s, slot)))
		return ERR_PTR(-ENODEV);
	if (!ublk_slot_pin(slot)) {
		if (ublk_slot_is_in(slot, UBLK_SLOT_BIT(ABORTED) | UBLK_SLOT_BIT(CLOSED)))
			return ERR_PTR(-ENODEV);
		return ERR_PTR(is_owner ? -EBUSY : -EINVAL);
	}
	rq = slot->rq;
	if (ublk_rq_has_pages(rq))
		ublk_reference_get(rq);
	else
		rq = ERR_PTR(-EINVAL);
	ublk_slot_unpin(slot);
	return rq;
}

/**
 * ublk_register_buffer() - REGISTER_IO_BUF
 * @s: session
 * @slot: slot
 * @cmd: command; by its ring
 * @index: in the table of the ring
 * @issue_flags: of the command
 *
 * Return: 0; -EINVAL the device is not for it, the slot of another task has no request, the
 * request no data, or the table no such index; -EBUSY the slot has no request, or the index is
 * taken; -ENODEV the session is over; -ENOMEM.
 */
int ublk_register_buffer(struct ublk_session *s, struct ublk_slot *slot, struct io_uring_cmd *cmd,
			 u64 index, unsigned int issue_flags)
{
	struct request *rq;
	int err;

	if (!ublk_is_zero_copy(s->dev) || index > UINT_MAX)
		return -EINVAL;
	rq = ublk_reference_slot(s, slot, io_uring_cmd_get_task(cmd));
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	err = io_buffer_register_request(cmd, rq, ublk_buffer_release, index, issue_flags);
	if (err)
		ublk_reference_put(rq);
	return err;
}

/**
 * ublk_unregister_buffer() - UNREGISTER_IO_BUF
 * @s: session, in whatever phase: a server may always let go of what it has
 * @cmd: command; by its ring
 * @index: in the table of the ring
 * @issue_flags: of the command
 *
 * Return: 0; -EINVAL the device is not for it, or there is nothing; -EBUSY that is not a driver's.
 */
int ublk_unregister_buffer(struct ublk_session *s, struct io_uring_cmd *cmd, u64 index,
			   unsigned int issue_flags)
{
	if (!ublk_is_zero_copy(s->dev) || index > UINT_MAX)
		return -EINVAL;
	return io_buffer_unregister(cmd, index, issue_flags);
}
