// SPDX-License-Identifier: GPL-2.0-only
/*
 * complete.c - how a request leaves the driver: ended by its server's result, failed, or parked
 *
 * The caller owns the request: it took it out of the slot (or never put it there) and nobody
 * else can find it any more.
 */
#include "complete.h"
#include "integrity.h"
#include "trace.h"

/**
 * ublk_end() - end a request
 * @rq: request, started, out of its slot
 * @status: result
 *
 * This often runs in the server's thread. If the end of the request drops the last reference of
 * an open file of the disk, that thread would close the disk on its way to user space, and wait
 * for a partition scan that waits for that very thread (B11). With bottom halves off the close
 * goes to a kernel thread.
 *
 * Context: any but hard interrupt.
 */
void ublk_end(struct request *rq, blk_status_t status)
{
	WARN_ON_ONCE(!blk_mq_request_started(rq));	/* I1 */
	local_bh_disable();
	blk_mq_end_request(rq, status);
	local_bh_enable();
}

/* Return: true if a part of the request is left. */
static bool ublk_end_part(struct request *rq, unsigned int bytes)
{
	bool more;

	local_bh_disable();
	more = blk_update_request(rq, BLK_STS_OK, bytes);
	if (!more)
		__blk_mq_end_request(rq, BLK_STS_OK);
	local_bh_enable();
	return more;
}

/*
 * A FUA write went around the I/O scheduler on its way here, and its end will, too. But on 6.1 a
 * requeue takes it through the scheduler, which then waits for its end for ever: mq-deadline holds
 * back what has a lower priority, and warns when the disk goes. DONTPREP makes it go around again.
 */
static void ublk_requeue(struct request *rq, bool kick)
{
	if (op_is_flush(rq->cmd_flags))
		rq->rq_flags |= RQF_DONTPREP;
	blk_mq_requeue_request(rq, kick);
}

/**
 * ublk_complete() - end a request by what the server said
 * @rq: request, already out of its slot
 * @result: bytes done or -errno, unchecked
 *
 * Reads and writes may come back short: the part done is ended and the rest is sent again at
 * once. More than was asked for counts as all of it (C13), and nothing at all as an error, or a
 * server that never makes progress would be asked for ever. So does a part of a read with metadata.
 *
 * Context: any but hard interrupt.
 */
void ublk_complete(struct request *rq, int result)
{
	unsigned int bytes;

	if (result < 0) {
		ublk_end(rq, errno_to_blk_status(result));
		return;
	}
	if (req_op(rq) != REQ_OP_READ && req_op(rq) != REQ_OP_WRITE) {
		ublk_end(rq, BLK_STS_OK);
		return;
	}
	bytes = round_down(min_t(unsigned int, result, blk_rq_bytes(rq)), SECTOR_SIZE);
	if (unlikely(bytes < blk_rq_bytes(rq)))
		bytes = ublk_integrity_whole(rq, bytes);
	if (!bytes)
		ublk_end(rq, BLK_STS_IOERR);
	else if (ublk_end_part(rq, bytes))
		ublk_requeue(rq, true);
}

/**
 * ublk_fail() - the crash path ends a request with an error
 * @dev: device
 * @rq: request, started, out of its slot
 * @status: error
 */
void ublk_fail(struct ublk_device *dev, struct request *rq, blk_status_t status)
{
	atomic64_inc(&dev->nr_failed);
	ublk_end(rq, status);
}

/**
 * ublk_park() - keep a request for the next server
 * @dev: device
 * @rq: request, out of its slot
 *
 * It waits in the queue's requeue list until somebody kicks that list: END_USER_RECOVERY (by the
 * monitor) or abort_work. It keeps its tag meanwhile.
 */
void ublk_park(struct ublk_device *dev, struct request *rq)
{
	struct ublk_rq *data = blk_mq_rq_to_pdu(rq);

	/* I9: nobody would ever kick it */
	WARN_ON_ONCE(dev->recovery == UBLK_RECOVERY_OFF);
	trace_ublk_requeue(dev, rq);
	atomic_inc(&dev->nr_parked);
	data->parked_since = ktime_get_ns();
	ublk_requeue(rq, false);
}

/**
 * ublk_unpark() - the block layer brought a request (again)
 * @dev: device
 * @rq: request
 */
void ublk_unpark(struct ublk_device *dev, struct request *rq)
{
	struct ublk_rq *data = blk_mq_rq_to_pdu(rq);

	if (likely(!data->parked_since))
		return;
	atomic64_add(ktime_get_ns() - data->parked_since, &dev->parked_ns);
	atomic_dec(&dev->nr_parked);
	data->parked_since = 0;
}
