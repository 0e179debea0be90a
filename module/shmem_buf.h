/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_SHMEM_BUF_H
#define UBLK_SHMEM_BUF_H

#include <linux/percpu-refcount.h>

#include "ublk_drv.h"

/* Pages of a buffer that follow each other in physical memory, too. */
struct ublk_shmem_run {
	struct ublk_shmem_buf *buf;
	struct ublk_shmem_run *next;
	unsigned long pfn;		/* of the first one */
	u32 page;			/* its number within the buffer */
	u32 nr;
};

struct ublk_shmem_buf {
	struct ublk_device *dev;	/* counted from retirement on; immutable */
	struct percpu_ref ref;		/* the registration's, and each request's that matched */
	struct ublk_shmem_run *runs;	/* last one first; immutable once live */
	struct user_struct *user;	/* whose RLIMIT_MEMLOCK it counts against, or NULL */
	u64 seq;			/* tells it from others that had the index; immutable */
	u32 nr_pages;			/* immutable */
	u32 index;			/* immutable once live */
	bool read_only;			/* immutable */
	bool live;			/* set once all of it is in the tree: released, acquired */
	bool retired;			/* shmem.mutex */
	struct work_struct free_work;
};

struct ublk_shmem_buf *ublk_shmem_buf_alloc(struct ublk_device *dev,
					    const struct ublk_shmem_buf_reg *reg,
					    percpu_ref_func_t *release, work_func_t free_work);
void ublk_shmem_buf_free(struct ublk_shmem_buf *buf);
int ublk_shmem_buf_pin(struct ublk_shmem_buf *buf, u64 addr);
int ublk_shmem_buf_insert_locked(struct ublk_shmem_buf *buf);
void ublk_shmem_buf_forget_locked(struct ublk_shmem_buf *buf);

#endif /* UBLK_SHMEM_BUF_H */
