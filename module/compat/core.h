/* SPDX-License-Identifier: GPL-2.0-only */
/* compat.h, everything that is neither io_uring nor block layer. */
#ifndef UBLK_COMPAT_CORE_H
#define UBLK_COMPAT_CORE_H

#include <linux/device/class.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>

#ifndef HAVE_CLASS_CREATE_1ARG
#undef class_create
#define class_create(name) ({							\
	static struct lock_class_key ublk_compat_key;				\
										\
	__class_create(THIS_MODULE, name, &ublk_compat_key);			\
})
#endif

#ifndef HAVE_VM_FLAGS_CLEAR
static inline void vm_flags_clear(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* What the driver passes by address is the initial user namespace there. */
#ifndef HAVE_MNT_IDMAP
#define nop_mnt_idmap	init_user_ns
#endif

#ifndef HAVE_IMPORT_UBUF
static inline int import_ubuf(int rw, void __user *buf, size_t len, struct iov_iter *iter)
{
	len = min_t(size_t, len, MAX_RW_COUNT);
	if (unlikely(!access_ok(buf, len)))
		return -EFAULT;
	iov_iter_ubuf(iter, rw, buf, len);
	return 0;
}
#endif

/* Which lock covers a field: checked by clang from 7.0 on, else for the reader. */
#ifndef __guarded_by
#define __guarded_by(...)
#endif

#endif
