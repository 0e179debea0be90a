// SPDX-License-Identifier: GPL-2.0-only
// since: 6.3.  Check one user buffer and make an iterator of it.
// symbol: import_ubuf
#include <linux/uio.h>

int probe(void __user *buf, struct iov_iter *iter);
int probe(void __user *buf, struct iov_iter *iter)
{
	return import_ubuf(ITER_DEST, buf, 1, iter);
}
