/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_COPY_H
#define UBLK_COPY_H

#include <linux/blk-mq.h>
#include <linux/uio.h>

/* How often a buffer that can be faulted in may still be found missing when it is copied. */
#define UBLK_COPY_TRIES		64

size_t ublk_copy_nofault(struct request *rq, size_t offset, struct iov_iter *iter);
bool ublk_copy_buffer_nofault(struct request *rq, u64 addr, size_t len, bool to_user);
int ublk_fault_in(u64 addr, size_t len, bool to_user);

#endif /* UBLK_COPY_H */
