/* SPDX-License-Identifier: GPL-2.0-only */
/* Wherever this kernel keeps io_uring's driver side; the probes' own helper. */
#include <linux/io_uring.h>
#include <linux/io_uring_types.h>
#if __has_include(<linux/io_uring/cmd.h>)
#include <linux/io_uring/cmd.h>
#endif
