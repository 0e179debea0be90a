// SPDX-License-Identifier: GPL-2.0-only
/*
 * chardev.c - /dev/ublkcN: opening it makes a session, its file carries that session to the end
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "abort.h"
#include "chardev.h"
#include "iocmd.h"
#include "recovery.h"
#include "session.h"
#include "usercopy.h"

static int ublk_ch_open(struct inode *inode, struct file *file)
{
	struct ublk_device *dev = container_of(inode->i_cdev, struct ublk_device, cdev);
	struct ublk_session *s = ublk_session_alloc(dev);
	int err;

	if (!s)
		return -ENOMEM;
	INIT_WORK(&s->reap_work, ublk_reap_work);
	err = ublk_session_become_current(s);
	if (err) {
		ublk_session_put(s);
		return err;
	}
	file->private_data = s;
	return 0;
}

/* Each close() of a descriptor; only a dying task's tells something. */
static int ublk_ch_flush(struct file *file, fl_owner_t id)
{
	struct ublk_session *s = file->private_data;

	if (current->flags & PF_EXITING)
		ublk_monitor_hint(s);
	return 0;
}

/*
 * Nobody can reach the session any more: no descriptor, and no command, for each holds the file.
 * What the server still had it can never commit, so this alone means gone.
 */
static int ublk_ch_release(struct inode *inode, struct file *file)
{
	struct ublk_session *s = file->private_data;

	WRITE_ONCE(s->released, true);
	ublk_monitor_hint(s);
	ublk_session_put(s);
	return 0;
}

static int ublk_ch_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct ublk_session *s = file->private_data;
	struct ublk_device *dev = s->dev;
	size_t stride = PAGE_ALIGN((size_t)UBLK_MAX_QUEUE_DEPTH * dev->info.io_desc_size);
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 q_id = div_u64(offset, stride);

	if (READ_ONCE(s->phase) == UBLK_PHASE_RETIRED)
		return -ENODEV;
	if (vma->vm_flags & VM_WRITE)
		return -EPERM;
	if (offset != q_id * stride || q_id >= s->nr_queues ||
	    vma->vm_end - vma->vm_start != ublk_descs_size(dev))
		return -EINVAL;
	if (!ublk_session_latch_mm(s, current->mm))
		return -EINVAL;
	/* never writable, by mprotect() either: the descriptors are the driver's word (C2) */
	vm_flags_clear(vma, VM_MAYWRITE);
	return remap_vmalloc_range(vma, s->queues[q_id].descs, 0);
}

const struct file_operations ublk_ch_fops = {
	.owner = THIS_MODULE,
	.open = ublk_ch_open,
	.flush = ublk_ch_flush,
	.release = ublk_ch_release,
	.mmap = ublk_ch_mmap,
	.read_iter = ublk_ch_read_iter,
	.write_iter = ublk_ch_write_iter,
	.uring_cmd = ublk_ch_uring_cmd,
};
