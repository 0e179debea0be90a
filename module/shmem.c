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
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "device.h"
#include "shmem.h"
#include "shmem_buf.h"

#define UBLK_SHMEM_MAX_BYTES	(UBLK_SHMEM_ZC_OFF_MASK + 1)
/* How long UNREG_BUF waits for requests that the server has; it can be repeated. */
#define UBLK_SHMEM_PATIENCE	(5 * HZ)

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

static void ublk_shmem_free_work(struct work_struct *work)
{
	struct ublk_shmem_buf *buf = container_of(work, struct ublk_shmem_buf, free_work);
	struct ublk_device *dev = buf->dev;
	u32 index = buf->index;

	atomic_long_sub(buf->nr_pages, &dev->shmem.nr_pages);
	ublk_shmem_buf_free(buf);
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
	ret = ublk_shmem_buf_insert_locked(buf);
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
 * can be pinned; -ENOMEM, also by RLIMIT_MEMLOCK; -ENOSPC there are 65536 buffers; -EEXIST a page
 * of it is in a buffer already; -ENODEV the device is being deleted; -EINTR.
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
	buf = ublk_shmem_buf_alloc(dev, &reg, ublk_shmem_release, ublk_shmem_free_work);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = ublk_shmem_buf_pin(buf, reg.addr);
	if (!ret)
		ret = ublk_shmem_insert(buf);
	if (ret < 0) {
		synchronize_rcu();	/* a request may be looking at a part that was inserted */
		ublk_shmem_buf_free(buf);
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
	ublk_shmem_buf_forget_locked(buf);
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
	/* pairs with ublk_shmem_buf_insert_locked(): not before all of it is there */
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
