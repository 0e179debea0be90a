// SPDX-License-Identifier: GPL-2.0-only
/*
 * integrity.c - the metadata of a request (UBLK_F_INTEGRITY)
 *
 * The block layer makes them for each write and compares them after each read, or whoever sent the
 * request brought his own. Either way they are a second list of segments that hangs off each bio,
 * of which the driver knows no more than how many bytes there are: the server stores them, and
 * gives them back. They go with the request wherever it goes: parked, sent again, failed.
 */
#include "copy.h"
#include "integrity.h"

/**
 * ublk_integrity_bytes() - how many metadata does a request have?
 * @rq: request that the caller owns a slot of, or a pin in it
 *
 * Return: bytes, 0 if none.
 */
size_t ublk_integrity_bytes(struct request *rq)
{
	struct bio *bio = rq->bio;
	struct bvec_iter iter;
	struct bio_vec bv;
	size_t bytes = 0;

	if (!blk_integrity_rq(rq))
		return 0;
	bio_for_each_integrity_vec(bv, bio, iter)
		bytes += bv.bv_len;
	return bytes;
}

/**
 * ublk_integrity_copy_nofault() - copy between a request's metadata and an iterator
 * @rq: request with metadata
 * @offset: byte in them to start at
 * @iter: the server's memory; ITER_DEST copies to it, ITER_SOURCE from it; is advanced
 *
 * As ublk_copy_nofault() does with the data: as far as pages are there.
 *
 * Context: task whose mm @iter is about; does not sleep.
 * Return: bytes copied.
 */
size_t ublk_integrity_copy_nofault(struct request *rq, size_t offset, struct iov_iter *iter)
{
	struct bio *bio = rq->bio;
	struct bvec_iter bi;
	struct bio_vec bv;
	size_t done = 0;

	pagefault_disable();
	bio_for_each_integrity_vec(bv, bio, bi) {
		if (!iov_iter_count(iter) || !ublk_copy_segment(&bv, &offset, iter, &done))
			goto out;	/* two loops */
	}
out:
	pagefault_enable();
	return done;
}

/**
 * ublk_integrity_whole() - what of an incomplete answer may end?
 * @rq: request
 * @bytes: so much was done
 *
 * The metadata that belong to the rest are found by counting intervals, so it begins with one. But
 * not of a read: what the block layer compares when the whole has come begins where the last part
 * did (7.3), and good data would be refused.
 *
 * Return: @bytes, without a part of an interval if the request has metadata; 0 if it reads them.
 */
unsigned int ublk_integrity_whole(struct request *rq, unsigned int bytes)
{
	const struct ublk_device *dev = rq->q->queuedata;

	if (!blk_integrity_rq(rq))
		return bytes;
	if (req_op(rq) == REQ_OP_READ)
		return 0;
	return round_down(bytes, 1u << dev->params.integrity.interval_exp);
}
