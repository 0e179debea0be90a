/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
#ifndef KSHIM_LINUX_LIMITS_H
#define KSHIM_LINUX_LIMITS_H

/* First, because the C library's <limits.h> includes this very name. */
#include_next <linux/limits.h>

#include <limits.h>

#define U32_MAX		((u32)UINT_MAX)
#define S64_MAX		((s64)LLONG_MAX)

#endif
