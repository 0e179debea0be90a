// SPDX-License-Identifier: GPL-2.0-only
/*
 * copy.c - between the pages of a request and the server's memory
 *
 * Who copies owns the slot, and a slot must not be owned across a sleep: a page of the server's
 * buffer may never come (userfaultfd, a stuck file system), and STOP has to end all the same
 * (P4). So every copy runs with page faults disabled; when it comes out short the caller lets the
 * slot go, brings the pages in with ublk_fault_in(), takes the slot again and starts over.
 */
#include <linux/pagemap.h>
#include <linux/uaccess.h>

#include "copy.h"

/**
 * ublk_copy_nofault() - copy between a request and an iterator, as far as pages are there
 * @rq: request with data
 * @offset: byte in the request to start at
 * @iter: the server's memory; ITER_DEST copies to it, ITER_SOURCE from it; is advanced
 *
 * Context: task whose mm @iter is about; does not sleep.
 * Return: bytes copied.
 */
size_t ublk_copy_nofault(struct request *rq, size_t offset, struct iov_iter *iter)
{
	struct req_iterator ri;
	struct bio_vec bv;
	size_t done = 0;

	pagefault_disable();
	rq_for_each_segment(bv, rq, ri) {
		if (!iov_iter_count(iter) || !ublk_copy_segment(&bv, &offset, iter, &done))
			break;
	}
	pagefault_enable();
	return done;
}

/**
 * ublk_copy_buffer_nofault() - the same with a plain buffer
 * @rq: request with data
 * @addr: server's buffer
 * @len: bytes, from the start of the request
 * @to_user: to the server, else from it
 *
 * Return: true if all was copied.
 */
bool ublk_copy_buffer_nofault(struct request *rq, u64 addr, size_t len, bool to_user)
{
	void __user *buf = u64_to_user_ptr(addr);
	struct iov_iter iter;

	if (!access_ok(buf, len))
		return false;
	iov_iter_ubuf(&iter, to_user ? ITER_DEST : ITER_SOURCE, buf, len);
	return ublk_copy_nofault(rq, 0, &iter) == len;
}

/**
 * ublk_fault_in() - bring the server's buffer in, as long as it takes
 * @addr: server's buffer
 * @len: bytes
 * @to_user: it is to be written to
 *
 * Context: task with that mm, owning no slot; may sleep for ever, but a fatal signal ends it.
 * Return: 0; -EINTR the task is being killed, so this is not the buffer's fault (P5); -EFAULT.
 */
int ublk_fault_in(u64 addr, size_t len, bool to_user)
{
	char __user *buf = u64_to_user_ptr(addr);
	size_t left = len;

	if (access_ok(buf, len))
		left = to_user ? fault_in_writeable(buf, len) : fault_in_readable(buf, len);
	if (!left)
		return 0;
	return fatal_signal_pending(current) ? -EINTR : -EFAULT;
}
