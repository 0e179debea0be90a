// SPDX-License-Identifier: GPL-2.0-only
/*
 * request.c - from the block layer to the server
 *
 * queue_rq puts the request into the slot of its tag and leaves the rest to task work of the
 * command held there, which runs in the server's thread: it describes the request, copies what
 * is to be written, and completes the command. If there is no thread any more, that task work
 * runs somewhere else, or much later; then it parks or fails the request.
 */
#include "complete.h"
#include "copy.h"
#include "iocmd.h"
#include "reference.h"
#include "request.h"
#include "session.h"
#include "shmem.h"
#include "slot.h"
#include "trace.h"
#include "zerocopy.h"

/* The interface's number of an operation, or -1; by name, the kernels' numbers differ. */
static int ublk_op(const struct request *rq)
{
	/* 1 more, for 0 is nothing; a table, because each request is looked up twice */
	static const u8 ops[REQ_OP_LAST] = {
		[REQ_OP_READ] = UBLK_IO_OP_READ + 1,
		[REQ_OP_WRITE] = UBLK_IO_OP_WRITE + 1,
		[REQ_OP_FLUSH] = UBLK_IO_OP_FLUSH + 1,
		[REQ_OP_DISCARD] = UBLK_IO_OP_DISCARD + 1,
		[REQ_OP_WRITE_ZEROES] = UBLK_IO_OP_WRITE_ZEROES + 1,
		[REQ_OP_ZONE_OPEN] = UBLK_IO_OP_ZONE_OPEN + 1,
		[REQ_OP_ZONE_CLOSE] = UBLK_IO_OP_ZONE_CLOSE + 1,
		[REQ_OP_ZONE_FINISH] = UBLK_IO_OP_ZONE_FINISH + 1,
		[REQ_OP_ZONE_APPEND] = UBLK_IO_OP_ZONE_APPEND + 1,
		[REQ_OP_ZONE_RESET] = UBLK_IO_OP_ZONE_RESET + 1,
		[REQ_OP_ZONE_RESET_ALL] = UBLK_IO_OP_ZONE_RESET_ALL + 1,
		/* the only one of the driver's own */
		[REQ_OP_DRV_IN] = UBLK_IO_OP_REPORT_ZONES + 1,
	};
	unsigned int op = (__force unsigned int)req_op(rq);

	return op < ARRAY_SIZE(ops) ? ops[op] - 1 : -1;
}

static u32 ublk_op_flags(const struct request *rq)
{
	const blk_opf_t any = REQ_FAILFAST_MASK | REQ_META | REQ_FUA | REQ_NOUNMAP | REQ_SWAP |
			      REQ_INTEGRITY;
	static const struct { blk_opf_t kernel; u32 server; } flags[] = {
		{ REQ_FAILFAST_DEV, UBLK_IO_F_FAILFAST_DEV },
		{ REQ_FAILFAST_TRANSPORT, UBLK_IO_F_FAILFAST_TRANSPORT },
		{ REQ_FAILFAST_DRIVER, UBLK_IO_F_FAILFAST_DRIVER },
		{ REQ_META, UBLK_IO_F_META },
		{ REQ_FUA, UBLK_IO_F_FUA },
		{ REQ_NOUNMAP, UBLK_IO_F_NOUNMAP },
		{ REQ_SWAP, UBLK_IO_F_SWAP },
		{ REQ_INTEGRITY, UBLK_IO_F_INTEGRITY },
	};
	u32 ret = 0;
	int i;

	if (likely(!(rq->cmd_flags & any)))
		return 0;
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (rq->cmd_flags & flags[i].kernel)
			ret |= flags[i].server;
	return ret;
}

static void ublk_describe(struct ublk_session *s, struct ublk_slot *slot, struct request *rq,
			  u64 addr, u32 flags)
{
	struct ublksrv_io_desc *desc = ublk_desc_of(s, slot);
	const struct ublk_rq *data = blk_mq_rq_to_pdu(rq);
	bool report = req_op(rq) == REQ_OP_DRV_IN;

	desc->op_flags = ublk_op(rq) | ublk_op_flags(rq) | flags;
	desc->nr_sectors = report ? data->report_zones : blk_rq_sectors(rq);
	desc->start_sector = report ? data->report_sector : blk_rq_pos(rq);
	desc->addr = addr;
	trace_ublk_dispatch(s, slot, desc);
}

/* Could the task that runs this be the server's thread, with all that it takes to serve? */
static bool ublk_may_hand_over(struct ublk_session *s, struct ublk_slot *slot,
			       struct io_uring_cmd *cmd)
{
	/*
	 * A dying thread runs its pending task work, too: with its mm gone, or on the way to
	 * another program (P1).
	 */
	return current == slot->owner && !(current->flags & PF_EXITING) && current->mm &&
	       !ublk_cmd_going_away(cmd) && READ_ONCE(s->phase) == UBLK_PHASE_LIVE &&
	       !READ_ONCE(s->dev->force_abort);
}

/* HANDING, and nobody to hand over to. The request goes first, the slot last (R5). */
static void ublk_bounce(struct ublk_session *s, struct ublk_slot *slot, struct io_uring_cmd *cmd,
			unsigned int issue_flags)
{
	struct ublk_device *dev = s->dev;
	struct request *rq = slot->rq;

	ublk_session_get(s);
	atomic64_inc(&dev->nr_taken);
	if (ublk_policy(dev)->park_queued && !READ_ONCE(dev->force_abort))
		ublk_settle(dev, rq, UBLK_FATE_PARK, 0);
	else
		ublk_settle(dev, rq, UBLK_FATE_FAIL, 0);
	ublk_cmd_end(s, slot, cmd, issue_flags);
	ublk_slot_store(s, slot, UBLK_SLOT_HANDING, UBLK_SLOT_FREE);
	ublk_session_put(s);
}

/* ABANDONED: the crash path took the request and left the command (R4, R7). */
static void ublk_bury(struct ublk_session *s, struct ublk_slot *slot, struct io_uring_cmd *cmd,
		      unsigned int issue_flags)
{
	ublk_session_get(s);
	ublk_cmd_end(s, slot, cmd, issue_flags);
	ublk_slot_store(s, slot, UBLK_SLOT_ABANDONED, UBLK_SLOT_FREE);
	ublk_session_put(s);
}

/*
 * HANDING. Return: 0 all the server must have is in its buffer; -EAGAIN the slot was let go and
 * must be taken again; -EFAULT the server's buffer is bad.
 */
static int ublk_copy_to_server(struct ublk_session *s, struct ublk_slot *slot)
{
	struct request *rq = slot->rq;
	size_t len = blk_rq_bytes(rq);
	u64 addr = slot->addr;

	if (req_op(rq) != REQ_OP_WRITE || !ublk_is_copying(s->dev) || ublk_is_get_data(s->dev))
		return 0;
	if (ublk_copy_buffer_nofault(rq, addr, len, true))
		return 0;
	ublk_slot_store(s, slot, UBLK_SLOT_HANDING, UBLK_SLOT_QUEUED);
	return ublk_fault_in(addr, len, true) == -EFAULT ? -EFAULT : -EAGAIN;
}

static void ublk_hand_over(struct ublk_session *s, struct ublk_slot *slot,
			   struct io_uring_cmd *cmd, unsigned int issue_flags, u32 desc_flags,
			   u64 shmem_addr)
{
	bool is_shmem = desc_flags & UBLK_IO_F_SHMEM_ZC;
	struct request *rq = slot->rq;

	slot->cmd = NULL;	/* the server has the turn, and no command of it is held (I4) */
	if (req_op(rq) == REQ_OP_WRITE && ublk_is_get_data(s->dev) && !is_shmem) {
		ublk_describe(s, slot, rq, 0, desc_flags);
		ublk_slot_store(s, slot, UBLK_SLOT_HANDING, UBLK_SLOT_GETDATA);
		io_uring_cmd_done(cmd, UBLK_IO_RES_NEED_GET_DATA, issue_flags);
		return;
	}
	ublk_describe(s, slot, rq, is_shmem ? shmem_addr : slot->addr, desc_flags);
	/* before the command is out: the answer to it may come at once */
	ublk_slot_store(s, slot, UBLK_SLOT_HANDING, UBLK_SLOT_SERVER);
	io_uring_cmd_done(cmd, UBLK_IO_RES_OK, issue_flags);
}

/* HANDING. The server gave a bad buffer or index: the request fails (C12), the slot goes on. */
static void ublk_refuse_buffer(struct ublk_session *s, struct ublk_slot *slot,
			       struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct request *rq = slot->rq;

	if (ublk_publish(s, slot, UBLK_SLOT_HANDING))
		ublk_cmd_end(s, slot, cmd, issue_flags);
	ublk_end(rq, BLK_STS_IOERR);
}

/* One command's turn in task work. It is gone afterwards, and so may be the session. */
static void ublk_request_turn(struct io_uring_cmd *cmd, unsigned int issue_flags, bool dying)
{
	struct ublk_cmd_pdu *pdu = io_uring_cmd_to_pdu(cmd, struct ublk_cmd_pdu);
	struct ublk_session *s = pdu->session;
	struct ublk_slot *slot = pdu->slot;
	enum ublk_auto_reg reg = UBLK_AUTO_REG_TODO;
	unsigned int tries = UBLK_COPY_TRIES;
	u64 shmem_addr = 0;
	u32 desc_flags = 0;
	int err = 0;

	for (;;) {
		/* nobody else completes the command from here on (R7), whoever has the request */
		if (!ublk_slot_move(s, slot, UBLK_SLOT_QUEUED, UBLK_SLOT_HANDING)) {
			WARN_ON_ONCE(!ublk_slot_is_in(slot, UBLK_SLOT_BIT(ABANDONED))); /* I3 */
			ublk_auto_reg_undo(slot, cmd, issue_flags, reg);
			ublk_bury(s, slot, cmd, issue_flags);
			return;
		}
		if (dying || !ublk_may_hand_over(s, slot, cmd) || fatal_signal_pending(current)) {
			ublk_auto_reg_undo(slot, cmd, issue_flags, reg);
			ublk_bounce(s, slot, cmd, issue_flags);
			return;
		}
		if (err == -EFAULT || !tries) {
			ublk_refuse_buffer(s, slot, cmd, issue_flags);
			return;
		}
		if (ublk_is_auto_reg(s->dev) && !ublk_auto_reg(s, slot, cmd, issue_flags, &reg))
			continue;
		if (reg == UBLK_AUTO_REG_FAILED) {
			if (!(slot->buf_flags & UBLK_AUTO_BUF_REG_FALLBACK)) {
				ublk_refuse_buffer(s, slot, cmd, issue_flags);
				return;
			}
			desc_flags = UBLK_IO_F_NEED_REG_BUF;
		}
		/* once it matches the slot is not let go before it is the server's */
		if (ublk_is_shmem(s->dev))
			desc_flags |= ublk_shmem_match(s->dev, slot->rq, &shmem_addr);
		err = desc_flags & UBLK_IO_F_SHMEM_ZC ? 0 : ublk_copy_to_server(s, slot);
		if (!err)
			break;
		tries--;
		cond_resched();
	}
	ublk_hand_over(s, slot, cmd, issue_flags, desc_flags, shmem_addr);
}

/*
 * Those that follow in the chain are held by nothing else: each has its turn, whatever became of
 * the ones before.
 */
UBLK_TW_FUNC(ublk_request_tw)
{
	struct io_uring_cmd *next;

	for (;;) {
		next = io_uring_cmd_to_pdu(cmd, struct ublk_cmd_pdu)->next;
		ublk_request_turn(cmd, issue_flags, dying);
		if (!next)
			return;
		cmd = next;
		cond_resched();
	}
}

/*
 * Under RCU, the session is LIVE. Return: the request's slot, QUEUED, whose command is the caller's
 * until it is task work; NULL if the slot cannot take a request: its thread is dead, or the session
 * is being closed this moment.
 */
static struct ublk_slot *ublk_enqueue(struct ublk_session *s, struct request *rq)
{
	struct ublk_slot *slot = ublk_slot_of(s, rq->mq_hctx->queue_num, rq->tag);

	if (!ublk_slot_is_in(slot, UBLK_SLOT_BIT(READY) | UBLK_SLOT_BIT(LOOKING)))
		return NULL;
	blk_mq_start_request(rq);
	slot->rq = rq;
	ublk_reference_init(s->dev, rq);
	if (!ublk_slot_take_ready(s, slot, UBLK_SLOT_QUEUED))
		return NULL;
	/* from here the request may be anybody's */
	io_uring_cmd_to_pdu(slot->cmd, struct ublk_cmd_pdu)->next = NULL;
	return slot;
}

/* Nobody takes it now. Return: BLK_STS_OK it is parked, or how it ends. */
static blk_status_t ublk_not_enqueued(struct ublk_device *dev, struct request *rq, bool live,
				      bool handing_over)
{
	/*
	 * With STOP under way a request for a dead thread of a living server has nothing to wait
	 * for, and STOP's write-back waits for it.
	 */
	if (handing_over || (ublk_policy(dev)->park_fresh && !(live && READ_ONCE(dev->stoppers)))) {
		ublk_park(dev, rq);
		return BLK_STS_OK;
	}
	return dev->recovery == UBLK_RECOVERY_FAIL_IO ? BLK_STS_TARGET : BLK_STS_IOERR;
}

/* Under RCU to the end, parking included: ublk_barrier() waits for it. */
static blk_status_t ublk_queue_rq_rcu(struct ublk_device *dev, struct request *rq)
{
	struct ublk_session *s = rcu_dereference(dev->session);
	bool handing_over = false, live = false;
	struct ublk_slot *slot;

	if (likely(s && READ_ONCE(s->phase) == UBLK_PHASE_LIVE)) {
		live = true;
		handing_over = READ_ONCE(s->quiescing);
		slot = likely(!handing_over) ? ublk_enqueue(s, rq) : NULL;
		if (likely(slot)) {
			ublk_cmd_complete_in_task(slot->cmd, ublk_request_tw);
			return BLK_STS_OK;
		}
	}
	return ublk_not_enqueued(dev, rq, live, handing_over);
}

static blk_status_t ublk_queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *bd)
{
	struct ublk_device *dev = hctx->queue->queuedata;
	struct request *rq = bd->rq;
	blk_status_t status;

	ublk_unpark(dev, rq);
	if (unlikely(READ_ONCE(dev->force_abort)))
		return BLK_STS_IOERR;
	if (unlikely(ublk_op(rq) < 0))
		return BLK_STS_NOTSUPP;

	rcu_read_lock();
	status = ublk_queue_rq_rcu(dev, rq);
	rcu_read_unlock();
	return status;
}

/* Commands of one thread and ring, which wait for the first one's task work. */
struct ublk_chain {
	struct io_uring_cmd *first, *last;	/* or NULL */
	struct task_struct *owner;
};

static void ublk_chain_send(struct ublk_chain *chain)
{
	if (chain->first)
		ublk_cmd_complete_in_task(chain->first, ublk_request_tw);
	chain->first = NULL;
}

static void ublk_chain_add(struct ublk_chain *chain, struct ublk_slot *slot)
{
	struct io_uring_cmd *cmd = slot->cmd;

	if (chain->first && chain->owner == slot->owner &&
	    ublk_cmd_ring(chain->first) == ublk_cmd_ring(cmd)) {
		io_uring_cmd_to_pdu(chain->last, struct ublk_cmd_pdu)->next = cmd;
	} else {
		ublk_chain_send(chain);
		chain->first = cmd;
		chain->owner = slot->owner;
	}
	chain->last = cmd;
}

/* Under RCU. What is left in the list is for queue_rq, which knows what to do about it. */
static void ublk_queue_rqs_rcu(struct ublk_device *dev, struct rq_list *rqlist)
{
	struct ublk_session *s = rcu_dereference(dev->session);
	struct ublk_chain chain = {};
	struct rq_list left = {};
	struct ublk_slot *slot;
	struct request *rq;
	blk_status_t status;

	if (!s || READ_ONCE(s->phase) != UBLK_PHASE_LIVE || READ_ONCE(s->quiescing))
		return;
	while ((rq = rq_list_pop(rqlist))) {
		slot = ublk_op(rq) < 0 ? NULL : ublk_enqueue(s, rq);
		if (likely(slot)) {
			ublk_chain_add(&chain, slot);
		} else if (!blk_mq_request_started(rq)) {
			rq_list_add_tail(&left, rq);
		} else {
			status = ublk_not_enqueued(dev, rq, true, false);
			if (status)
				ublk_end(rq, status);
		}
	}
	ublk_chain_send(&chain);
	*rqlist = left;
}

/* A plug's requests, all new ones, of this device; those of a thread come to it in one go. */
UBLK_QUEUE_RQS(ublk_queue_rqs)
{
	struct ublk_device *dev = rqlist->head->q->queuedata;

	if (unlikely(READ_ONCE(dev->force_abort)))
		return;
	rcu_read_lock();
	ublk_queue_rqs_rcu(dev, rqlist);
	rcu_read_unlock();
}

/*
 * The server may take as long as it likes; STOP has its own limit. Not so an unprivileged one: who
 * reads from its disk, udev for one, has not chosen to trust it.
 */
static enum blk_eh_timer_return ublk_timeout(struct request *rq)
{
	struct ublk_device *dev = rq->q->queuedata;

	if (ublk_is_unprivileged(dev))
		ublk_session_kill_server(dev);
	return BLK_EH_RESET_TIMER;
}

const struct blk_mq_ops ublk_mq_ops = {
	.queue_rq = ublk_queue_rq,
	.queue_rqs = ublk_queue_rqs,
	.timeout = ublk_timeout,
};
