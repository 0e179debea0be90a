/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_INTEGRITY_H
#define UBLK_INTEGRITY_H

#include <linux/uio.h>

#include "ublk_drv.h"

size_t ublk_integrity_bytes(struct request *rq);
size_t ublk_integrity_copy_nofault(struct request *rq, size_t offset, struct iov_iter *iter);
unsigned int ublk_integrity_whole(struct request *rq, unsigned int bytes);

#endif /* UBLK_INTEGRITY_H */
