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
#include "integrity.h"
#include "session.h"
#include "slot.h"
#include "usercopy.h"

/* What a file position names. */
struct ublk_user_copy_place {
	struct ublk_slot *slot;
	size_t offset;
	bool integrity;		/* the metadata instead of the data */
};

static bool ublk_user_copy_find(struct ublk_session *s, u64 pos, struct ublk_user_copy_place *ret)
{
	u64 bits = (pos & ~UBLKSRV_IO_INTEGRITY_FLAG) - UBLKSRV_IO_BUF_OFFSET;
	u64 q_id = bits >> UBLK_QID_OFF, tag = bits >> UBLK_TAG_OFF & UBLK_TAG_BITS_MASK;

	ret->integrity = pos & UBLKSRV_IO_INTEGRITY_FLAG;
	if (ret->integrity && !ublk_has_integrity(s->dev))
		return false;
	/* below the first position they wrap, to a queue that nobody has */
	if (q_id >= s->nr_queues || tag >= ublk_depth(s->dev))
		return false;
	ret->offset = bits & UBLK_IO_BUF_BITS_MASK;
	ret->slot = ublk_slot_of(s, array_index_nospec(q_id, s->nr_queues),
				 array_index_nospec(tag, ublk_depth(s->dev)));
	return true;
}

/* Does this direction make sense for the pinned request? */
static int ublk_user_copy_check(struct request *rq, bool to_user)
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
	return 0;
}

/* The slot is pinned. Return: bytes, 0 if there is no more, or -errno. */
static ssize_t ublk_user_copy_pinned(struct request *rq, const struct ublk_user_copy_place *at,
				     struct iov_iter *iter, bool *ret_complete)
{
	size_t bytes, want, done;
	int err = ublk_user_copy_check(rq, iov_iter_rw(iter) == READ);

	if (err)
		return err;
	bytes = at->integrity ? ublk_integrity_bytes(rq) : blk_rq_bytes(rq);
	if (at->offset > bytes)
		return -EINVAL;
	want = min_t(size_t, iov_iter_count(iter), bytes - at->offset);
	if (at->integrity)
		done = want ? ublk_integrity_copy_nofault(rq, at->offset, iter) : 0;
	else
		done = ublk_copy_nofault(rq, at->offset, iter);
	*ret_complete = done == want;
	return done;
}

/* As much as is possible without a page fault. Return: bytes, 0 if there is no more, or -errno. */
static ssize_t ublk_user_copy_some(struct ublk_session *s, const struct ublk_user_copy_place *at,
				   struct iov_iter *iter, bool *ret_complete)
{
	struct ublk_slot *slot = at->slot;
	ssize_t ret;

	/* whoever takes requests away waits for the pins to go, so there may be no new ones */
	if (READ_ONCE(s->phase) >= UBLK_PHASE_CLOSING || READ_ONCE(s->dev->force_abort) ||
	    (READ_ONCE(slot->owner) != current && ublk_slot_owner_is_gone(s, slot)))
		return -ENODEV;
	if (!ublk_slot_pin(slot))
		return ublk_slot_is_in(slot, UBLK_SLOT_BIT(ABORTED) | UBLK_SLOT_BIT(CLOSED)) ?
			       -ENODEV : -EINVAL;
	ret = ublk_user_copy_pinned(slot->rq, at, iter, ret_complete);
	ublk_slot_unpin(slot);
	return ret;
}

static ssize_t ublk_user_copy(struct kiocb *iocb, struct iov_iter *iter)
{
	struct ublk_session *s = iocb->ki_filp->private_data;
	bool to_user = iov_iter_rw(iter) == READ, complete = false;
	struct ublk_user_copy_place at;
	size_t done = 0;
	ssize_t ret;

	if (READ_ONCE(s->phase) == UBLK_PHASE_RETIRED) {
		atomic64_inc(&s->dev->nr_late);
		return -ENODEV;
	}
	if (!user_backed_iter(iter) || !ublk_is_user_copy(s->dev) ||
	    READ_ONCE(s->dev->state) == UBLK_STATE_DEAD)
		return -EACCES;
	if (!ublk_user_copy_find(s, iocb->ki_pos, &at))
		return -EINVAL;
	while (iov_iter_count(iter)) {
		ret = ublk_user_copy_some(s, &at, iter, &complete);
		if (ret < 0)
			break;
		done += ret;
		at.offset += ret;
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
