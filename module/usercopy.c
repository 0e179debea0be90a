// SPDX-License-Identifier: GPL-2.0-only
/*
 * usercopy.c - UBLK_F_USER_COPY: the server moves data by pread() and pwrite() on /dev/ublkcN
 *
 * Any task may do it, while the owner holds the request. The slot is pinned for each stretch of
 * the copy that needs no page fault and is let go in between, so a copy that hangs on its memory
 * keeps nothing from ending.
 */
#include <linux/nospec.h>
#include <linux/pagemap.h>

#include "copy.h"
#include "session.h"
#include "slot.h"
#include "usercopy.h"

static struct ublk_slot *ublk_user_copy_slot(struct ublk_session *s, u64 pos, size_t *ret_offset)
{
	u64 bits = pos - UBLKSRV_IO_BUF_OFFSET;
	u64 q_id = bits >> UBLK_QID_OFF, tag = bits >> UBLK_TAG_OFF & UBLK_TAG_BITS_MASK;

	if (pos < UBLKSRV_IO_BUF_OFFSET || q_id >= s->nr_queues || tag >= ublk_depth(s->dev))
		return NULL;
	*ret_offset = bits & UBLK_IO_BUF_BITS_MASK;
	return ublk_slot_of(s, array_index_nospec(q_id, s->nr_queues),
			    array_index_nospec(tag, ublk_depth(s->dev)));
}

/* Does this direction make sense for the pinned request, and the offset? */
static int ublk_user_copy_check(struct request *rq, size_t offset, bool to_user)
{
	switch (req_op(rq)) {
	case REQ_OP_WRITE:
	case REQ_OP_ZONE_APPEND:
		if (!to_user)
			return -EACCES;
		break;
	case REQ_OP_READ:
	case REQ_OP_DRV_IN:	/* a report of zones */
		if (to_user)
			return -EACCES;
		break;
	default:
		return -EACCES;
	}
	return offset > blk_rq_bytes(rq) ? -EINVAL : 0;
}

/* As much as is possible without a page fault. Return: bytes, 0 if there is no more, or -errno. */
static ssize_t ublk_user_copy_some(struct ublk_session *s, struct ublk_slot *slot, size_t offset,
				   struct iov_iter *iter, bool *ret_complete)
{
	bool to_user = iov_iter_rw(iter) == READ;
	ssize_t ret;

	/* whoever takes requests away waits for the pins to go, so there may be no new ones */
	if (READ_ONCE(s->phase) >= UBLK_PHASE_CLOSING || READ_ONCE(s->dev->force_abort) ||
	    (READ_ONCE(slot->owner) != current && ublk_slot_owner_is_gone(s, slot)))
		return -ENODEV;
	if (!ublk_slot_pin(slot))
		return ublk_slot_is_in(slot, UBLK_SLOT_BIT(ABORTED) | UBLK_SLOT_BIT(CLOSED)) ?
			       -ENODEV : -EINVAL;
	ret = ublk_user_copy_check(slot->rq, offset, to_user);
	if (!ret) {
		size_t want = min_t(size_t, iov_iter_count(iter),
				    blk_rq_bytes(slot->rq) - offset);

		ret = ublk_copy_nofault(slot->rq, offset, iter);
		*ret_complete = ret == want;
	}
	ublk_slot_unpin(slot);
	return ret;
}

static ssize_t ublk_user_copy(struct kiocb *iocb, struct iov_iter *iter)
{
	struct ublk_session *s = iocb->ki_filp->private_data;
	bool to_user = iov_iter_rw(iter) == READ, complete = false;
	struct ublk_slot *slot;
	size_t offset, done = 0;
	ssize_t ret;

	if (READ_ONCE(s->phase) == UBLK_PHASE_RETIRED) {
		atomic64_inc(&s->dev->nr_late);
		return -ENODEV;
	}
	if (!user_backed_iter(iter) || !ublk_is_user_copy(s->dev) ||
	    READ_ONCE(s->dev->state) == UBLK_STATE_DEAD)
		return -EACCES;
	slot = ublk_user_copy_slot(s, iocb->ki_pos, &offset);
	if (!slot)
		return -EINVAL;
	while (iov_iter_count(iter)) {
		ret = ublk_user_copy_some(s, slot, offset + done, iter, &complete);
		if (ret < 0)
			break;
		done += ret;
		if (complete)
			break;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		if (!ret && (to_user ? fault_in_iov_iter_writeable(iter, iov_iter_count(iter)) :
				       fault_in_iov_iter_readable(iter, iov_iter_count(iter))) ==
				    iov_iter_count(iter)) {
			ret = -EFAULT;
			break;
		}
		cond_resched();
	}
	if (!iov_iter_count(iter) && !done)
		return 0;
	iocb->ki_pos += done;
	return done ? done : ret;
}

ssize_t ublk_ch_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return ublk_user_copy(iocb, iter);
}

ssize_t ublk_ch_write_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return ublk_user_copy(iocb, iter);
}
