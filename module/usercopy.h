/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_USERCOPY_H
#define UBLK_USERCOPY_H

#include <linux/fs.h>
#include <linux/uio.h>

ssize_t ublk_ch_read_iter(struct kiocb *iocb, struct iov_iter *iter);
ssize_t ublk_ch_write_iter(struct kiocb *iocb, struct iov_iter *iter);

#endif /* UBLK_USERCOPY_H */
