// SPDX-License-Identifier: GPL-2.0-only
/*
 * shmem.c - UBLK_F_SHMEM_ZC: memory that a server shares with who does I/O, so nothing is copied
 *
 * REG_BUF pins memory of its caller and notes its page frames. A request whose pages all are of one
 * such buffer, one after the other, is told to the server as a place in that buffer, each time it
 * is handed over: what was parked for another server is looked up anew, and holds no buffer until
 * then. A request that matched holds its buffer until its slot gives it up (ublk_settle()).
 *
 * A buffer belongs to the device: it outlives its server and ends by UNREG_BUF, or when the device
 * is deleted. Neither freezes the queue, nor waits with a lock that I/O or another command wants
 * (B17):
 *
 *   1. its page frames are forgotten: no request matches any more;
 *   2. its own reference is dropped; requests that the server has keep the buffer meanwhile, which
 *      may be for as long as that server hangs;
 *   3. the last one to let go, RCU readers included, has a work unpin the pages and free the index.
 *
 * UNREG_BUF waits for that, without any lock and with a bound: -EBUSY says that the server still
 * has requests in it. The rest happens by itself whether anybody waits or not.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/percpu-refcount.h>
#include <linux/sched/mm.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "device.h"
#include "shmem.h"

#define UBLK_SHMEM_MAX_BYTES	(1ULL << UBLK_SHMEM_ZC_IDX_OFF)
#define UBLK_SHMEM_CHUNK	(PAGE_SIZE / sizeof(struct page *))
/* How long UNREG_BUF waits for requests that the server has; it can be repeated. */
#define UBLK_SHMEM_PATIENCE	(5 * HZ)

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
	struct user_struct *user;	/* whose limit of locked memory it counts against, or NULL */
	u64 seq;			/* tells it from others that had the index; immutable */
	u32 nr_pages;			/* immutable */
	u32 index;			/* immutable once live */
	bool read_only;			/* immutable */
	bool live;			/* set once all of it is in the tree: released, acquired */
	bool retired;			/* shmem.mutex */
	struct work_struct free_work;
};

void ublk_shmem_init(struct ublk_device *dev)
{
	mutex_init(&dev->shmem.mutex);
	mt_init_flags(&dev->shmem.pages, MT_FLAGS_USE_RCU);
	xa_init_flags(&dev->shmem.bufs, XA_FLAGS_ALLOC);
}

void ublk_shmem_exit(struct ublk_device *dev)
{
	WARN_ON_ONCE(!xa_empty(&dev->shmem.bufs));
	mtree_destroy(&dev->shmem.pages);
	xa_destroy(&dev->shmem.bufs);
	mutex_destroy(&dev->shmem.mutex);
}

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

/* The last reference is gone, or it never went live and no reader can see it any more. */
static void ublk_shmem_free(struct ublk_shmem_buf *buf)
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

static void ublk_shmem_free_work(struct work_struct *work)
{
	struct ublk_shmem_buf *buf = container_of(work, struct ublk_shmem_buf, free_work);
	struct ublk_device *dev = buf->dev;
	u32 index = buf->index;

	atomic_long_sub(buf->nr_pages, &dev->shmem.nr_pages);
	ublk_shmem_free(buf);
	/* last: who finds the index free finds the memory given back */
	xa_erase(&dev->shmem.bufs, index);
	wake_up_all(&dev->wait);
	ublk_device_put(dev);
}

/*
 * Any context, RCU's included. A grace period has passed since the tree forgot the pages, because
 * percpu_ref_kill() came later: nobody looks at the runs any more.
 */
static void ublk_shmem_release(struct percpu_ref *ref)
{
	struct ublk_shmem_buf *buf = container_of(ref, struct ublk_shmem_buf, ref);

	queue_work(ublk_reap_wq, &buf->free_work);
}

static struct ublk_shmem_buf *ublk_shmem_alloc(struct ublk_device *dev,
					       const struct ublk_shmem_buf_reg *reg)
{
	struct ublk_shmem_buf *buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);
	int err;

	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->dev = dev;
	buf->nr_pages = reg->len >> PAGE_SHIFT;
	buf->read_only = reg->flags & UBLK_SHMEM_BUF_READ_ONLY;
	INIT_WORK(&buf->free_work, ublk_shmem_free_work);
	err = percpu_ref_init(&buf->ref, ublk_shmem_release, 0, GFP_KERNEL_ACCOUNT);
	if (err) {
		kfree(buf);
		return ERR_PTR(err);
	}
	err = ublk_shmem_account(buf);
	if (err) {
		ublk_shmem_free(buf);
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

/* Sleeps as long as the caller's memory takes to come; holds no lock. */
static int ublk_shmem_pin(struct ublk_shmem_buf *buf, u64 addr)
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
static void ublk_shmem_forget_locked(struct ublk_shmem_buf *buf, const struct ublk_shmem_run *end)
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

static int ublk_shmem_insert_locked(struct ublk_shmem_buf *buf)
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
		ublk_shmem_forget_locked(buf, run);
		xa_erase(&shmem->bufs, buf->index);
		return err;
	}
	buf->seq = ++shmem->last_seq;
	atomic_long_add(buf->nr_pages, &shmem->nr_pages);
	/* pairs with ublk_shmem_match(): not before all of it is there */
	smp_store_release(&buf->live, true);
	return 0;
}

/* Return: its index or -errno. */
static int ublk_shmem_insert(struct ublk_shmem_buf *buf)
{
	struct ublk_device *dev = buf->dev;
	unsigned int flags;
	int ret;

	if (mutex_lock_interruptible(&dev->shmem.mutex))
		return -EINTR;
	/* a DEL waits for the mutex: not for memory that waits for a disk */
	flags = memalloc_noio_save();
	ret = ublk_shmem_insert_locked(buf);
	if (!ret)
		ret = buf->index;	/* once unlocked it may be anybody's to unregister */
	memalloc_noio_restore(flags);
	mutex_unlock(&dev->shmem.mutex);
	return ret;
}

static bool ublk_shmem_reg_fits(const struct ublk_shmem_buf_reg *reg)
{
	return !(reg->flags & ~UBLK_SHMEM_BUF_READ_ONLY) && !reg->reserved && reg->len &&
	       reg->len <= UBLK_SHMEM_MAX_BYTES && PAGE_ALIGNED(reg->addr | reg->len);
}

/**
 * ublk_ctrl_reg_buf() - REG_BUF: memory of the caller that requests may be told by
 * @dev: device, in any state
 * @header: addr and len of a struct ublk_shmem_buf_reg
 *
 * Return: the buffer's index; -EOPNOTSUPP the device is not for it; -EINVAL; -EFAULT not all of it
 * can be pinned; -ENOMEM, also by RLIMIT_MEMLOCK; -ENOSPC there are 65536 buffers; -EEXIST a page of
 * it is in a buffer already; -ENODEV the device is being deleted; -EINTR.
 */
int ublk_ctrl_reg_buf(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	struct ublk_shmem_buf_reg reg;
	struct ublk_shmem_buf *buf;
	int ret;

	if (!ublk_is_shmem(dev))
		return -EOPNOTSUPP;
	if (header->len < sizeof(reg) || !header->addr)
		return -EINVAL;
	if (copy_from_user(&reg, u64_to_user_ptr(header->addr), sizeof(reg)))
		return -EFAULT;
	if (!ublk_shmem_reg_fits(&reg))
		return -EINVAL;
	buf = ublk_shmem_alloc(dev, &reg);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = ublk_shmem_pin(buf, reg.addr);
	if (!ret)
		ret = ublk_shmem_insert(buf);
	if (ret < 0) {
		synchronize_rcu();	/* a request may be looking at a part that was inserted */
		ublk_shmem_free(buf);
	}
	return ret;
}

/* From here on it goes by itself, as soon as no request that matched is left. */
static void ublk_shmem_retire_locked(struct ublk_shmem_buf *buf)
{
	lockdep_assert_held(&buf->dev->shmem.mutex);
	if (buf->retired)
		return;
	buf->retired = true;
	ublk_shmem_forget_locked(buf, NULL);
	get_device(&buf->dev->cdev_dev);
	percpu_ref_kill(&buf->ref);
}

/**
 * ublk_shmem_close() - the device is being deleted: no buffers from here on
 * @dev: device
 *
 * Waits for no request.
 *
 * Context: process; takes shmem.mutex.
 */
void ublk_shmem_close(struct ublk_device *dev)
{
	struct ublk_shmem_buf *buf;
	unsigned long index;

	mutex_lock(&dev->shmem.mutex);
	dev->shmem.is_closed = true;
	/* one that was retired before may be freed meanwhile, and is not touched */
	xa_lock(&dev->shmem.bufs);
	xa_for_each(&dev->shmem.bufs, index, buf) {
		if (buf->retired)
			continue;
		xa_unlock(&dev->shmem.bufs);
		ublk_shmem_retire_locked(buf);
		xa_lock(&dev->shmem.bufs);
	}
	xa_unlock(&dev->shmem.bufs);
	mutex_unlock(&dev->shmem.mutex);
}

static bool ublk_shmem_is_there(struct ublk_device *dev, u32 index, u64 seq)
{
	struct ublk_shmem_buf *buf;
	bool there;

	xa_lock(&dev->shmem.bufs);
	buf = xa_load(&dev->shmem.bufs, index);
	there = buf && buf->seq == seq;
	xa_unlock(&dev->shmem.bufs);
	return there;
}

/* Return: 0 or -ENOENT. */
static int ublk_shmem_retire_locked_at(struct ublk_device *dev, u32 index, u64 *ret_seq)
{
	struct ublk_shmem_buf *buf;
	bool retired = false;

	lockdep_assert_held(&dev->shmem.mutex);
	xa_lock(&dev->shmem.bufs);
	buf = xa_load(&dev->shmem.bufs, index);
	if (buf) {
		*ret_seq = buf->seq;
		retired = buf->retired;
	}
	xa_unlock(&dev->shmem.bufs);
	if (!buf)
		return -ENOENT;
	if (!retired)
		ublk_shmem_retire_locked(buf);
	return 0;
}

/**
 * ublk_ctrl_unreg_buf() - UNREG_BUF
 * @dev: device, in any state
 * @header: data[0] is the buffer's index
 *
 * Return: 0 the memory is the caller's again: no request of any server points there; -EOPNOTSUPP
 * the device is not for it; -EINVAL; -ENOENT; -EBUSY, -EINTR no request matches any more, but a
 * server has some that did: the rest happens when it has answered, or is gone; may be repeated.
 */
int ublk_ctrl_unreg_buf(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	u64 seq, index = header->data[0];
	long left;
	int err;

	if (!ublk_is_shmem(dev))
		return -EOPNOTSUPP;
	if (index > UBLK_SHMEM_ZC_IDX_MASK)
		return -EINVAL;
	if (mutex_lock_interruptible(&dev->shmem.mutex))
		return -EINTR;
	err = ublk_shmem_retire_locked_at(dev, index, &seq);
	mutex_unlock(&dev->shmem.mutex);
	if (err)
		return err;
	left = wait_event_interruptible_timeout(dev->wait, !ublk_shmem_is_there(dev, index, seq),
						UBLK_SHMEM_PATIENCE);
	if (left < 0)
		return -EINTR;
	return left ? 0 : -EBUSY;
}

/* Where a piece of a request's data is in a buffer, if in one. Under RCU. */
static struct ublk_shmem_run *ublk_shmem_find(struct ublk_device *dev, const struct bio_vec *bv,
					      u64 *ret_at)
{
	unsigned long pfn = page_to_pfn(bv->bv_page) + (bv->bv_offset >> PAGE_SHIFT);
	unsigned int offset = offset_in_page(bv->bv_offset);
	struct ublk_shmem_run *run = mtree_load(&dev->shmem.pages, pfn);

	if (!run || pfn - run->pfn + PFN_UP(offset + bv->bv_len) > run->nr)
		return NULL;
	*ret_at = ((u64)(pfn - run->pfn + run->page) << PAGE_SHIFT) + offset;
	return run;
}

/* The buffer that all data of the request lies in, one piece after the other. Under RCU. */
static struct ublk_shmem_buf *ublk_shmem_buf_of(struct ublk_device *dev, struct request *rq,
						u64 *ret_start)
{
	struct ublk_shmem_buf *buf = NULL;
	struct ublk_shmem_run *run;
	struct req_iterator ri;
	u64 at, expected = 0;
	struct bio_vec bv;

	rq_for_each_bvec(bv, rq, ri) {
		run = ublk_shmem_find(dev, &bv, &at);
		if (!run)
			return NULL;
		if (!buf) {
			buf = run->buf;
			*ret_start = at;
		} else if (run->buf != buf || at != expected) {
			return NULL;
		}
		expected = at + bv.bv_len;
	}
	return buf;
}

/**
 * ublk_shmem_match() - is all data of a request in one buffer?
 * @dev: device with UBLK_F_SHMEM_ZC
 * @rq: request that is being handed over; the caller owns its slot, and lets no one have it but the
 *	server if this finds a buffer
 * @ret_addr: the word for the server, if so
 *
 * Then the request keeps the buffer until ublk_shmem_put().
 *
 * Context: any; does not sleep.
 * Return: UBLK_IO_F_SHMEM_ZC or 0.
 */
u32 ublk_shmem_match(struct ublk_device *dev, struct request *rq, u64 *ret_addr)
{
	struct ublk_rq *data = blk_mq_rq_to_pdu(rq);
	bool is_read = req_op(rq) == REQ_OP_READ;
	struct ublk_shmem_buf *buf;
	u64 start = 0;

	if (!is_read && req_op(rq) != REQ_OP_WRITE && req_op(rq) != REQ_OP_ZONE_APPEND)
		return 0;
	rcu_read_lock();
	buf = ublk_shmem_buf_of(dev, rq, &start);
	if (buf && (!smp_load_acquire(&buf->live) || (is_read && buf->read_only) ||
		    !percpu_ref_tryget_live(&buf->ref)))
		buf = NULL;
	rcu_read_unlock();
	if (!buf)
		return 0;
	data->shmem = buf;
	*ret_addr = ublk_shmem_zc_addr(buf->index, start);
	return UBLK_IO_F_SHMEM_ZC;
}

/**
 * ublk_shmem_put() - the server has the request no longer
 * @rq: request of a device with UBLK_F_SHMEM_ZC, out of its slot
 *
 * Context: any.
 */
void ublk_shmem_put(struct request *rq)
{
	struct ublk_rq *data = blk_mq_rq_to_pdu(rq);
	struct ublk_shmem_buf *buf = data->shmem;

	if (!buf)
		return;
	data->shmem = NULL;
	percpu_ref_put(&buf->ref);
}
