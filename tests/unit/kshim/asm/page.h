/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Stand-ins for the kernel headers that module/params.c and module/limits.c
 * include; the page size is the test's to choose.
 */
#ifndef KSHIM_ASM_PAGE_H
#define KSHIM_ASM_PAGE_H

extern unsigned int kshim_page_shift;

#define PAGE_SHIFT	kshim_page_shift
#define PAGE_SIZE	(1UL << PAGE_SHIFT)

#endif
