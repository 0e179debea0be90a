/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
#ifndef KSHIM_LINUX_LOG2_H
#define KSHIM_LINUX_LOG2_H

#include <linux/types.h>

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

static inline int ilog2(unsigned long n)
{
	return (int)sizeof(long) * 8 - 1 - __builtin_clzl(n);
}

/* n must not be 0, as in the kernel */
static inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << (sizeof(long) * 8 - 1 - __builtin_clzl(n));
}

#endif
