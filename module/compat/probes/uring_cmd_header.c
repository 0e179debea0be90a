// SPDX-License-Identifier: GPL-2.0-only
// since: 6.8.  The driver side of io_uring got a header of its own; before,
// it is in linux/io_uring.h.
#include <linux/io_uring/cmd.h>
