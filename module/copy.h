/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_COPY_H
#define UBLK_COPY_H

#include <linux/blk-mq.h>
#include <linux/highmem.h>
#include <linux/uio.h>

/* How often a buffer that can be faulted in may still be found missing when it is copied. */
#define UBLK_COPY_TRIES		64

/**
 * ublk_copy_segment() - copy between a part of a request and an iterator, as far as pages are there
 * @bv: the part, within a page
 * @offset: byte to start at, behind the parts that are to be skipped; 0 afterwards
 * @iter: the server's memory, not at its end; is advanced
 * @done: is increased by the bytes copied
 *
 * The copies are the unchecked ones: pages of a request may belong to a slab, which the checked
 * ones refuse under HARDENED_USERCOPY (C15), and what is copied is bounded by the bio.
 *
 * Context: page faults are disabled.
 * Return: true if the next part may follow.
 */
static inline bool ublk_copy_segment(struct bio_vec *bv, size_t *offset, struct iov_iter *iter,
				     size_t *done)
{
	size_t len, copied;
	void *kaddr;

	if (*offset >= bv->bv_len) {
		*offset -= bv->bv_len;
		return true;
	}
	len = min_t(size_t, bv->bv_len - *offset, iov_iter_count(iter));
	kaddr = bvec_kmap_local(bv);
	if (iov_iter_rw(iter) == READ)
		copied = _copy_to_iter(kaddr + *offset, len, iter);
	else
		copied = _copy_from_iter(kaddr + *offset, len, iter);
	kunmap_local(kaddr);
	if (iov_iter_rw(iter) == WRITE)
		flush_dcache_page(bv->bv_page);
	*offset = 0;
	*done += copied;
	return copied == len;
}

size_t ublk_copy_nofault(struct request *rq, size_t offset, struct iov_iter *iter);
bool ublk_copy_buffer_nofault(struct request *rq, u64 addr, size_t len, bool to_user);
int ublk_fault_in(u64 addr, size_t len, bool to_user);

#endif /* UBLK_COPY_H */
