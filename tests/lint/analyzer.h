/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * For clang-tidy only, which sees one file at a time: ublk_set_error() returns a negative number.
 * Without it each "return ublk_set_error(..)" is a success that filled nothing in.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* as the files that define it themselves do, only before any header */
#endif
#if __has_include(<ublk.h>)
#include <ublk.h>
#define ublk_set_error(...)	(ublk_set_error(__VA_ARGS__), -5)
#endif
