// SPDX-License-Identifier: GPL-2.0-only
/*
 * iocmd.c - the commands a server sends on /dev/ublkcN: FETCH, COMMIT_AND_FETCH, NEED_GET_DATA;
 *	REGISTER_IO_BUF and UNREGISTER_IO_BUF are zerocopy.c's
 *
 * A command may run in the server's thread or, for it, in an io-wq worker, which shares its mm.
 * The slot belongs to the command's task in both cases.
 */
#include <linux/capability.h>
#include <linux/nospec.h>

#include "complete.h"
#include "copy.h"
#include "iocmd.h"
#include "recovery.h"
#include "reference.h"
#include "request.h"
#include "session.h"
#include "shmem.h"
#include "slot.h"
#include "trace.h"
#include "zerocopy.h"
#include "zoned.h"

/* What a command says, copied once: the server can change the original at any time. */
struct ublk_io_args {
	struct ublk_session *s;
	struct ublk_slot *slot;
	struct task_struct *task;	/* whose command it is; not counted */
	struct ublksrv_io_cmd ub;
	u64 sqe_addr;			/* AUTO_BUF_REG's word */
};

/**
 * ublk_cmd_end() - complete a held command for good
 * @s: session
 * @slot: where it was held; for the trace only
 * @cmd: command, owned by the caller; gone afterwards, and maybe @s with it
 * @issue_flags: of the caller's context
 */
void ublk_cmd_end(struct ublk_session *s, struct ublk_slot *slot, struct io_uring_cmd *cmd,
		  unsigned int issue_flags)
{
	trace_ublk_cmd_done(s, slot, UBLK_IO_RES_ABORT);
	io_uring_cmd_done(cmd, UBLK_IO_RES_ABORT, issue_flags);
}

/**
 * ublk_publish() - offer the slot's command for a request
 * @s: session
 * @slot: slot in @from, with command, address and owner stored
 * @from: FETCHING, COMMITTING or HANDING
 *
 * Either whoever closes the session sees the slot READY, or this sees that it is closing (R8).
 *
 * Return: true if the session is closing and the command is the caller's again, to be ended.
 */
bool ublk_publish(struct ublk_session *s, struct ublk_slot *slot, enum ublk_slot_state from)
{
	bool bounced = false;

	/* once READY, the command may be ended elsewhere and take the session with it */
	rcu_read_lock();
	ublk_slot_store(s, slot, from, UBLK_SLOT_READY);
	if (from == UBLK_SLOT_FETCHING)
		ublk_session_count_ready(s);
	smp_mb();	/* pairs with the one in ublk_phase_set_locked() */
	if (unlikely(READ_ONCE(s->phase) >= UBLK_PHASE_CLOSING)) {
		ublk_session_uncount_ready(s);
		bounced = ublk_slot_take_ready(s, slot, UBLK_SLOT_FREE);
		if (!bounced)
			ublk_session_count_ready(s);
	}
	rcu_read_unlock();
	return bounced;
}

static void ublk_store_cmd(struct ublk_io_args *args, struct io_uring_cmd *cmd,
			   unsigned int issue_flags)
{
	struct ublk_cmd_pdu *pdu = io_uring_cmd_to_pdu(cmd, struct ublk_cmd_pdu);

	pdu->session = args->s;
	pdu->slot = args->slot;
	args->slot->cmd = cmd;
	args->slot->addr = args->ub.addr;
	if (ublk_is_auto_reg(args->s->dev))
		ublk_auto_reg_store(args->slot, args->sqe_addr);
	/* before it is published: whoever takes it may end it at once (A8) */
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
}

static int ublk_fetch(struct ublk_io_args *args, struct io_uring_cmd *cmd,
		      unsigned int issue_flags)
{
	struct ublk_session *s = args->s;
	struct ublk_slot *slot = args->slot;
	struct ublk_device *dev = s->dev;

	if (ublk_is_copying(dev) ? !args->ub.addr && !ublk_is_get_data(dev) : args->ub.addr)
		return -EINVAL;
	if (ublk_is_auto_reg(dev) && !ublk_auto_reg_word_fits(args->sqe_addr))
		return -EINVAL;
	switch (READ_ONCE(s->phase)) {
	case UBLK_PHASE_BRINGUP:
		break;
	case UBLK_PHASE_LIVE:
		return -EBUSY;
	default:
		return -ENODEV;
	}
	if (atomic_read(&s->ready) == s->nr_slots)
		return -EBUSY;
	if (!ublk_slot_move(s, slot, UBLK_SLOT_FREE, UBLK_SLOT_FETCHING))
		return ublk_slot_is_in(slot, UBLK_SLOT_BIT(CLOSED)) ? -ENODEV : -EINVAL;

	/* before it is published: START sees it with the last slot READY */
	if (!capable(CAP_SYS_ADMIN))
		WRITE_ONCE(dev->untrusted, true);
	ublk_slot_set_owner(s, slot, args->task);
	ublk_store_cmd(args, cmd, issue_flags);
	if (ublk_publish(s, slot, UBLK_SLOT_FETCHING))
		ublk_cmd_end(s, slot, cmd, issue_flags);
	return -EIOCBQUEUED;
}

/* Why a command finds the slot in another state than it must be. */
static int ublk_wrong_state(struct ublk_io_args *args, enum ublk_slot_state other)
{
	enum ublk_slot_state state = ublk_slot_state(args->slot);

	if (state == UBLK_SLOT_ABORTED || state == UBLK_SLOT_CLOSED) {
		atomic64_inc(&args->s->dev->nr_late);
		return -ENODEV;
	}
	return state == other ? -EINVAL : -EBUSY;
}

/* The slot is COMMITTING. Does the address fit the mode and the request? */
static bool ublk_commit_addr_fits(struct ublk_io_args *args, struct request *rq)
{
	struct ublk_device *dev = args->s->dev;

	if (ublk_is_auto_reg(dev) && !ublk_auto_reg_word_fits(args->sqe_addr))
		return false;
	if (req_op(rq) == REQ_OP_ZONE_APPEND)
		return true;	/* it is where the data went */
	if (!ublk_is_copying(dev))
		return !args->ub.addr;
	return args->ub.addr || (ublk_is_get_data(dev) && req_op(rq) != REQ_OP_READ);
}

/*
 * The slot is COMMITTING. What a READ brought goes from the buffer that this COMMIT names, as in
 * mainline, to the request. Return: false if the buffer has to be faulted in first.
 */
static bool ublk_commit_copy(struct ublk_io_args *args, struct request *rq)
{
	size_t len = min_t(size_t, max(args->ub.result, 0), blk_rq_bytes(rq));

	if (!len || !ublk_is_copying(args->s->dev) || req_op(rq) != REQ_OP_READ ||
	    ublk_shmem_is_matched(args->s->dev, rq))
		return true;
	return ublk_copy_buffer_nofault(rq, args->ub.addr, len, false);
}

/*
 * Take the slot from the server, with all that the COMMIT brings copied. While the buffer is
 * faulted in the slot is the server's again, and may even get another request: nothing of what
 * was seen before counts afterwards.
 *
 * Return: 0 and the slot is COMMITTING, or the command's result.
 */
static int ublk_commit_take(struct ublk_io_args *args)
{
	unsigned int tries = UBLK_COPY_TRIES;
	struct ublk_session *s = args->s;
	struct ublk_slot *slot = args->slot;
	struct request *rq;
	size_t len;
	int err;

	for (;;) {
		/* another thread of the server may just be copying; that does not sleep */
		while (ublk_slot_is_pinned(slot)) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
		if (!ublk_slot_move(s, slot, UBLK_SLOT_SERVER, UBLK_SLOT_COMMITTING)) {
			if (ublk_slot_is_pinned(slot))
				continue;
			return ublk_wrong_state(args, UBLK_SLOT_GETDATA);
		}
		rq = slot->rq;
		if (!ublk_commit_addr_fits(args, rq)) {
			ublk_slot_store(s, slot, UBLK_SLOT_COMMITTING, UBLK_SLOT_SERVER);
			return -EINVAL;
		}
		if (ublk_commit_copy(args, rq))
			return 0;
		len = min_t(size_t, args->ub.result, blk_rq_bytes(rq));
		ublk_slot_store(s, slot, UBLK_SLOT_COMMITTING, UBLK_SLOT_SERVER);
		err = ublk_fault_in(args->ub.addr, len, false);
		if (err == -EINTR)
			return err;
		/* a bad buffer fails the request, not the command (C11) */
		if (err || !--tries)
			args->ub.result = -EIO;
		cond_resched();
	}
}

static int ublk_commit(struct ublk_io_args *args, struct io_uring_cmd *cmd,
		       unsigned int issue_flags)
{
	struct ublk_session *s = args->s;
	struct ublk_device *dev = s->dev;	/* the request keeps it, READY does not keep s */
	struct ublk_slot *slot = args->slot;
	struct request *rq;
	bool bounced;
	int err;

	if (READ_ONCE(slot->owner) != args->task)
		return -EINVAL;
	err = ublk_commit_take(args);
	if (err)
		return err;

	rq = slot->rq;
	if (req_op(rq) == REQ_OP_ZONE_APPEND) {
		args->ub.result = ublk_zone_append_end(rq, args->ub.zone_append_lba,
						       args->ub.result);
		args->ub.addr = 0;
	}
	trace_ublk_commit(s, slot, args->ub.result);
	WRITE_ONCE(slot->commits, slot->commits + 1);
	if (ublk_is_auto_reg(dev))
		ublk_auto_reg_commit(slot, cmd, issue_flags);
	ublk_store_cmd(args, cmd, issue_flags);
	bounced = ublk_publish(s, slot, UBLK_SLOT_COMMITTING);
	/*
	 * Only now: as soon as the request ends its tag is free, and the next one must find the
	 * slot READY, or it would be parked on a healthy device (R1). If its pages are still
	 * registered somewhere that comes later, and no other one comes to the slot meanwhile.
	 */
	ublk_settle(dev, rq, UBLK_FATE_COMPLETE, args->ub.result);
	if (bounced)
		ublk_cmd_end(s, slot, cmd, issue_flags);
	return -EIOCBQUEUED;
}

static int ublk_need_get_data(struct ublk_io_args *args)
{
	struct ublk_session *s = args->s;
	struct ublk_slot *slot = args->slot;
	unsigned int tries = UBLK_COPY_TRIES;
	size_t len;
	int err;

	if (READ_ONCE(slot->owner) != args->task || !ublk_is_get_data(s->dev) || !args->ub.addr)
		return -EINVAL;
	for (;;) {
		if (!ublk_slot_move(s, slot, UBLK_SLOT_GETDATA, UBLK_SLOT_HANDING))
			return ublk_wrong_state(args, UBLK_SLOT_SERVER);
		len = blk_rq_bytes(slot->rq);
		if (ublk_copy_buffer_nofault(slot->rq, args->ub.addr, len, true))
			break;
		ublk_slot_store(s, slot, UBLK_SLOT_HANDING, UBLK_SLOT_GETDATA);
		err = ublk_fault_in(args->ub.addr, len, true);
		if (err)	/* the server may try another buffer */
			return err;
		if (!--tries)
			return -EFAULT;
		cond_resched();
	}
	slot->addr = args->ub.addr;
	ublk_desc_of(s, slot)->addr = args->ub.addr;
	ublk_slot_store(s, slot, UBLK_SLOT_HANDING, UBLK_SLOT_SERVER);
	return UBLK_IO_RES_OK;
}

/*
 * io_uring wants to get rid of a command: its ring or task is going away. One that belongs to
 * task work is left to that (A1).
 */
static int ublk_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct ublk_cmd_pdu *pdu = io_uring_cmd_to_pdu(cmd, struct ublk_cmd_pdu);
	struct ublk_session *s = pdu->session;
	struct ublk_slot *slot = pdu->slot;

	ublk_monitor_hint(s);
	if (READ_ONCE(slot->cmd) != cmd)
		return 0;
	ublk_session_uncount_ready(s);
	if (ublk_slot_take_ready(s, slot, UBLK_SLOT_FREE))
		ublk_cmd_end(s, slot, cmd, issue_flags);
	else
		ublk_session_count_ready(s);
	return 0;
}

static bool ublk_io_cmd_nr(u32 op, unsigned int *ret_nr)
{
	/* 'u' is an encoded number, 0 a legacy one; size and direction were never checked */
	if (_IOC_TYPE(op) != 'u' && _IOC_TYPE(op) != 0)
		return false;
	*ret_nr = _IOC_NR(op);
	return true;
}

static int ublk_io_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);

/* The command's own thread runs what io-wq brought; uring_lock is held. */
UBLK_TW_FUNC(ublk_io_cmd_tw)
{
	int ret = -ECANCELED;

	/* the thread that has the mm, not a stand-in for one that is dead (A7) */
	if (!dying && current == io_uring_cmd_get_task(cmd) && !(current->flags & PF_EXITING))
		ret = ublk_io_cmd(cmd, issue_flags);
	if (ret != -EIOCBQUEUED)
		io_uring_cmd_done(cmd, ret, issue_flags);
}

/**
 * ublk_ch_uring_cmd() - io_uring brings a command of the server, or wants one back
 * @cmd: command
 * @issue_flags: IO_URING_F_*
 *
 * Where commands are marked cancelable, that takes uring_lock in an io-wq worker, and a slot must
 * not be owned while waiting for it (P4): there such a command goes to its own thread first.
 *
 * Context: task or io-wq worker of the server; io_uring may hold uring_lock.
 * Return: -EIOCBQUEUED the command is held; else its result.
 */
int ublk_ch_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	if (unlikely(issue_flags & IO_URING_F_CANCEL))
		return ublk_cancel(cmd, issue_flags);
	if (UBLK_URING_TELLS_CANCEL && unlikely(issue_flags & IO_URING_F_UNLOCKED)) {
		ublk_cmd_complete_in_task(cmd, ublk_io_cmd_tw);
		return -EIOCBQUEUED;
	}
	return ublk_io_cmd(cmd, issue_flags);
}

static int ublk_io_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct ublk_io_args args = { .s = cmd->file->private_data };
	unsigned int nr;

	memcpy(&args.ub, ublk_cmd_payload(cmd), sizeof(args.ub));
	args.sqe_addr = ublk_cmd_sqe_addr(cmd);
	args.task = io_uring_cmd_get_task(cmd);

	if (!ublk_io_cmd_nr(cmd->cmd_op, &nr))
		return -EOPNOTSUPP;
	if (nr == _IOC_NR(UBLK_U_IO_UNREGISTER_IO_BUF))
		return ublk_unregister_buffer(args.s, cmd, args.ub.addr, issue_flags);
	if (unlikely(READ_ONCE(args.s->phase) == UBLK_PHASE_RETIRED)) {
		atomic64_inc(&args.s->dev->nr_late);
		return -ENODEV;
	}
	if (args.ub.q_id >= args.s->nr_queues || args.ub.tag >= ublk_depth(args.s->dev))
		return -EINVAL;
	args.slot = ublk_slot_of(args.s, array_index_nospec(args.ub.q_id, args.s->nr_queues),
				 array_index_nospec(args.ub.tag, ublk_depth(args.s->dev)));
	switch (nr) {
	case UBLK_IO_FETCH_REQ:
		return ublk_fetch(&args, cmd, issue_flags);
	case UBLK_IO_COMMIT_AND_FETCH_REQ:
		return ublk_commit(&args, cmd, issue_flags);
	case UBLK_IO_NEED_GET_DATA:
		return ublk_need_get_data(&args);
	case _IOC_NR(UBLK_U_IO_REGISTER_IO_BUF):
		return ublk_register_buffer(args.s, args.slot, cmd, args.ub.addr, issue_flags);
	default:
		return -EINVAL;
	}
}
