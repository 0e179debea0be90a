/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
#ifndef KSHIM_LINUX_MINMAX_H
#define KSHIM_LINUX_MINMAX_H

#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b)	((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define max(a, b)		max_t(__typeof__((a) + (b)), a, b)
#define rounddown(x, to)	((x) - (x) % (to))

#endif
