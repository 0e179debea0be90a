// SPDX-License-Identifier: GPL-2.0-only
/*
 * reference.c - who still uses the pages of a request: the last one to let go ends it
 *
 * A slot has one reference to its request, and so has each ring that has the request's pages in
 * its table of registered buffers. A COMMIT, and whoever takes the request from the slot in the
 * crash path, settles what is to become of the request and gives up the slot's reference. As long
 * as a ring has the pages, I/O on the backing may read or write them, also when its server is
 * dead: so the request is neither ended nor sent to the next server before that ring has let go
 * (B6). Until then it is detained: its slot is free for what comes, but its tag is not.
 *
 * Nothing here needs the session: that of a dead server may be gone long before its ring.
 */
#include "recovery.h"
#include "reference.h"
#include "shmem.h"

/*
 * Nobody waits for what was detained: the END that kicks the others may have been before. Under the
 * lock, by which going live is either seen here or comes later, and then kicks; and which keeps the
 * device, for a STOP takes it after the request's end. In STOP abort_work kicks (R3).
 */
static void ublk_park_late(struct ublk_device *dev, struct request *rq)
{
	struct ublk_session *s;

	spin_lock(&dev->lock);
	ublk_park(dev, rq);
	s = rcu_dereference_protected(dev->session, lockdep_is_held(&dev->lock));
	if (s && s->phase == UBLK_PHASE_LIVE) {
		WRITE_ONCE(s->resume, true);
		ublk_monitor_arm_locked(dev, 0);
	}
	spin_unlock(&dev->lock);
}

static void ublk_carry_out_late(struct request *rq)
{
	struct ublk_device *dev = rq->q->queuedata;
	struct ublk_rq *data = blk_mq_rq_to_pdu(rq);

	/* the device may be gone as soon as the request is */
	atomic_dec(&dev->nr_detained);
	switch (data->fate) {
	case UBLK_FATE_COMPLETE:
		ublk_complete(rq, data->result);
		break;
	case UBLK_FATE_PARK:
		ublk_park_late(dev, rq);
		break;
	case UBLK_FATE_FAIL:
		ublk_fail(dev, rq, BLK_STS_IOERR);
		break;
	}
}

/**
 * ublk_reference_get() - one more user of the request's pages
 * @rq: request that the caller owns a slot of, or a pin in it
 */
void ublk_reference_get(struct request *rq)
{
	struct ublk_rq *data = blk_mq_rq_to_pdu(rq);

	/* the slot's is there, or it could be the next one's request already */
	WARN_ON_ONCE(atomic_inc_return(&data->references) < 2);
}

/**
 * ublk_reference_put() - a user of the request's pages is done with them
 * @rq: request; gone, if this was the last
 *
 * Context: task or work, often with a ring's lock held; takes dev->lock. The ring may be that of a
 * process that is long dead.
 */
void ublk_reference_put(struct request *rq)
{
	struct ublk_rq *data = blk_mq_rq_to_pdu(rq);

	if (atomic_dec_and_test(&data->references))
		ublk_carry_out_late(rq);
}

/**
 * ublk_settle_slow() - ublk_settle() where there may be references, or a server died
 * @dev: device
 * @rq: request, out of its slot
 * @fate: what to do when nobody uses its pages any more
 * @result: of UBLK_FATE_COMPLETE
 */
void ublk_settle_slow(struct ublk_device *dev, struct request *rq, enum ublk_fate fate, int result)
{
	struct ublk_rq *data = blk_mq_rq_to_pdu(rq);

	if (ublk_is_shmem(dev))
		ublk_shmem_put(rq);
	/* a further reference takes a slot with the request in it: one is the slot's own */
	if (ublk_has_references(dev) && atomic_read_acquire(&data->references) != 1) {
		data->fate = fate;
		data->result = result;
		atomic_inc(&dev->nr_detained);
		ublk_reference_put(rq);
		return;
	}
	switch (fate) {
	case UBLK_FATE_COMPLETE:
		ublk_complete(rq, result);
		break;
	case UBLK_FATE_PARK:
		ublk_park(dev, rq);
		break;
	case UBLK_FATE_FAIL:
		ublk_fail(dev, rq, BLK_STS_IOERR);
		break;
	}
}
