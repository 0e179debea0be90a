// SPDX-License-Identifier: GPL-2.0-only
/*
 * shmem_buf.c - one piece of registered memory: its pages, and what they count against
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "shmem_buf.h"

#define UBLK_SHMEM_CHUNK	(PAGE_SIZE / sizeof(struct page *))

/*
 * Pinned memory counts as io_uring's registered buffers do: per user, against RLIMIT_MEMLOCK. Per
 * process would be no limit, because a buffer outlives the process that made it.
 */
static int ublk_shmem_account(struct ublk_shmem_buf *buf)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	struct user_struct *user = current_user();
	long n;

	if (capable(CAP_IPC_LOCK))
		return 0;
	n = atomic_long_read(&user->locked_vm);
	do {
		if (n + buf->nr_pages > limit)
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(&user->locked_vm, &n, n + buf->nr_pages));
	buf->user = get_uid(user);
	return 0;
}

/**
 * ublk_shmem_buf_free() - give the memory back
 * @buf: buffer; the last reference is gone, or it never went live; no reader can see it any more
 *
 * Context: process; sleeps.
 */
void ublk_shmem_buf_free(struct ublk_shmem_buf *buf)
{
	struct ublk_shmem_run *run;

	while ((run = buf->runs)) {
		buf->runs = run->next;
		/* written to by the server's own mappings, which keep track of that */
		unpin_user_page_range_dirty_lock(pfn_to_page(run->pfn), run->nr, false);
		kfree(run);
		cond_resched();
	}
	if (buf->user) {
		atomic_long_sub(buf->nr_pages, &buf->user->locked_vm);
		free_uid(buf->user);
	}
	percpu_ref_exit(&buf->ref);
	kfree(buf);
}

/**
 * ublk_shmem_buf_alloc() - a buffer without pages yet
 * @dev: device
 * @reg: what was asked for, checked
 * @release: called with the last reference gone, in any context
 * @free_work: for release to queue
 *
 * Return: the buffer, or ERR_PTR(-ENOMEM), also if the caller may not pin that much.
 */
struct ublk_shmem_buf *ublk_shmem_buf_alloc(struct ublk_device *dev,
					    const struct ublk_shmem_buf_reg *reg,
					    percpu_ref_func_t *release, work_func_t free_work)
{
	struct ublk_shmem_buf *buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);
	int err;

	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->dev = dev;
	buf->nr_pages = reg->len >> PAGE_SHIFT;
	buf->read_only = reg->flags & UBLK_SHMEM_BUF_READ_ONLY;
	INIT_WORK(&buf->free_work, free_work);
	err = percpu_ref_init(&buf->ref, release, 0, GFP_KERNEL_ACCOUNT);
	if (err) {
		kfree(buf);
		return ERR_PTR(err);
	}
	err = ublk_shmem_account(buf);
	if (err) {
		ublk_shmem_buf_free(buf);
		return ERR_PTR(err);
	}
	return buf;
}

static int ublk_shmem_note(struct ublk_shmem_buf *buf, u32 page, struct page *p)
{
	unsigned long pfn = page_to_pfn(p);
	struct ublk_shmem_run *run = buf->runs;

	/* everybody's: read only memory that was never written to (6.1) */
	if (is_zero_pfn(pfn))
		return -EFAULT;
	if (run && pfn == run->pfn + run->nr) {
		run->nr++;
		return 0;
	}
	run = kmalloc(sizeof(*run), GFP_KERNEL_ACCOUNT);
	if (!run)
		return -ENOMEM;
	run->buf = buf;
	run->next = buf->runs;
	run->pfn = pfn;
	run->page = page;
	run->nr = 1;
	buf->runs = run;
	return 0;
}

/**
 * ublk_shmem_buf_pin() - pin the pages, and note where they are
 * @buf: buffer without pages
 * @addr: where the caller has them
 *
 * Context: task whose memory it is, with no lock: sleeps as long as that takes to come.
 * Return: 0, -EFAULT, -ENOMEM, or what pinning failed with; ublk_shmem_buf_free() undoes a part.
 */
int ublk_shmem_buf_pin(struct ublk_shmem_buf *buf, u64 addr)
{
	unsigned int flags = FOLL_LONGTERM | (buf->read_only ? 0 : FOLL_WRITE);
	struct page **pages = kmalloc_array(UBLK_SHMEM_CHUNK, sizeof(*pages), GFP_KERNEL);
	u32 done = 0;
	int i, n, err = pages ? 0 : -ENOMEM;

	while (!err && done < buf->nr_pages) {
		n = pin_user_pages_fast(addr + ((u64)done << PAGE_SHIFT),
					min_t(u32, UBLK_SHMEM_CHUNK, buf->nr_pages - done), flags,
					pages);
		if (n <= 0) {
			err = n ? n : -EFAULT;
			break;
		}
		for (i = 0; i < n && !err; i++)
			err = ublk_shmem_note(buf, done + i, pages[i]);
		if (err)	/* the one that could not be noted, and those after it */
			unpin_user_pages(&pages[i - 1], n - i + 1);
		done += n;
		cond_resched();
	}
	kfree(pages);
	return err;
}

/*
 * Forget the runs before @end. That needs memory, which a task that is being killed may not get;
 * but the runs are about to be freed.
 */
static void ublk_shmem_forget_some(struct ublk_shmem_buf *buf, const struct ublk_shmem_run *end)
{
	struct ublk_shmem_run *run;

	lockdep_assert_held(&buf->dev->shmem.mutex);
	for (run = buf->runs; run != end; run = run->next) {
		do {
			mtree_erase(&buf->dev->shmem.pages, run->pfn);
			cond_resched();
		} while (mtree_load(&buf->dev->shmem.pages, run->pfn) == run);
	}
}

/**
 * ublk_shmem_buf_forget_locked() - no request matches any more
 * @buf: buffer that was inserted
 *
 * Context: shmem.mutex held.
 */
void ublk_shmem_buf_forget_locked(struct ublk_shmem_buf *buf)
{
	ublk_shmem_forget_some(buf, NULL);
}

/**
 * ublk_shmem_buf_insert_locked() - let requests match
 * @buf: buffer with its pages
 *
 * Context: shmem.mutex held.
 * Return: 0; -ENODEV the device is being deleted; -ENOSPC, -EEXIST, -ENOMEM: a request may still be
 * looking at what had been inserted (RCU).
 */
int ublk_shmem_buf_insert_locked(struct ublk_shmem_buf *buf)
{
	struct ublk_shmem *shmem = &buf->dev->shmem;
	struct ublk_shmem_run *run;
	int err;

	lockdep_assert_held(&shmem->mutex);
	if (shmem->is_closed)
		return -ENODEV;
	err = xa_alloc(&shmem->bufs, &buf->index, buf, XA_LIMIT(0, UBLK_SHMEM_ZC_IDX_MASK),
		       GFP_KERNEL_ACCOUNT);
	if (err)
		return err == -EBUSY ? -ENOSPC : err;
	for (run = buf->runs; run; run = run->next) {
		err = mtree_insert_range(&shmem->pages, run->pfn, run->pfn + run->nr - 1, run,
					 GFP_KERNEL_ACCOUNT);
		if (err)
			break;
		cond_resched();
	}
	if (err) {
		ublk_shmem_forget_some(buf, run);
		xa_erase(&shmem->bufs, buf->index);
		return err;
	}
	buf->seq = ++shmem->last_seq;
	atomic_long_add(buf->nr_pages, &shmem->nr_pages);
	/* pairs with ublk_shmem_match(): not before all of it is there */
	smp_store_release(&buf->live, true);
	return 0;
}
