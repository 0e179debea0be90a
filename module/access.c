// SPDX-License-Identifier: GPL-2.0-only
/*
 * access.c - who may do what
 *
 * A device of the administrator takes commands from the administrator. An unprivileged one
 * (UBLK_F_UNPRIVILEGED_DEV) takes them from whoever may open its node: each command names that
 * node by a path, and the permissions of what is found there decide, for root, too. So it is the
 * node's owner, mode and ACL by which a host grants a device to a user, and a path that leads
 * somewhere else, also a moment later, grants nothing.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "access.h"

#define UBLK_UNPRIVILEGED_PATIENCE	HZ

static atomic_t ublk_nr_unprivileged;	/* devices whose memory is not yet freed */
static DECLARE_WAIT_QUEUE_HEAD(ublk_unprivileged_freed);

/*
 * What could outlive the user's interest in it, or show memory that the server never wrote, is for
 * the administrator.
 */
#define UBLK_F_ONLY_PRIVILEGED \
	(UBLK_F_USER_COPY | UBLK_F_SUPPORT_ZERO_COPY | UBLK_F_AUTO_BUF_REG)
#define UBLK_F_NOT_GRANTED	(UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE | \
				 UBLK_F_USER_RECOVERY_FAIL_IO | UBLK_F_QUIESCE)

/**
 * ublk_access_add() - may the caller make such a device?
 * @info: what it asks for; its flags become what it may have
 *
 * As in mainline: the administrator's devices are not unprivileged, whatever was asked for, and
 * recovery is taken from the others without a word, whose reply shows it.
 *
 * Return: 0; -EPERM the caller has no CAP_SYS_ADMIN and did not ask for an unprivileged device;
 * -EINVAL such a device cannot have what was asked for.
 */
int ublk_access_add(struct ublksrv_ctrl_dev_info *info)
{
	if (capable(CAP_SYS_ADMIN)) {
		info->flags &= ~UBLK_F_UNPRIVILEGED_DEV;
		return 0;
	}
	if (!(info->flags & UBLK_F_UNPRIVILEGED_DEV))
		return -EPERM;
	if (info->flags & UBLK_F_ONLY_PRIVILEGED)
		return -EINVAL;
	info->flags &= ~UBLK_F_NOT_GRANTED;
	return 0;
}

static bool ublk_unprivileged_try(unsigned int max)
{
	int n = atomic_read(&ublk_nr_unprivileged);

	do {
		if ((unsigned int)n >= max)
			return false;
	} while (!atomic_try_cmpxchg(&ublk_nr_unprivileged, &n, n + 1));
	return true;
}

/**
 * ublk_unprivileged_get() - take one of the places for unprivileged devices, ublks_max of them
 *
 * A device keeps its place until its memory is freed, which is later than its id where somebody
 * still holds a descriptor: else that would be a way to any amount of memory. The usual delay, of
 * a device that was deleted a moment ago, is waited for.
 *
 * Return: 0; -EACCES all are taken; -EINTR.
 */
int ublk_unprivileged_get(void)
{
	long left = wait_event_interruptible_timeout(ublk_unprivileged_freed,
						     ublk_unprivileged_try(ublk_ublks_max),
						     UBLK_UNPRIVILEGED_PATIENCE);

	if (left < 0)
		return -EINTR;
	return left ? 0 : -EACCES;
}

/**
 * ublk_unprivileged_put() - give a place back
 *
 * Context: any.
 */
void ublk_unprivileged_put(void)
{
	atomic_dec(&ublk_nr_unprivileged);
	wake_up(&ublk_unprivileged_freed);
}

static bool ublk_is_owner(const struct ublk_device *dev)
{
	return from_kuid(&init_user_ns, current_uid()) == dev->info.owner_uid &&
	       from_kgid(&init_user_ns, current_gid()) == dev->info.owner_gid;
}

/*
 * The node is root's until udev gives it to the owner, which may be never. Without a disk the
 * device is nobody else's, so its owner may see it and be rid of it.
 */
static bool ublk_is_unused_by_owner(const struct ublk_device *dev, enum ublk_access access)
{
	return access != UBLK_ACCESS_CONTROL && READ_ONCE(dev->state) == UBLK_STATE_DEAD &&
	       ublk_is_owner(dev);
}

/* Does the path lead to the device's node, and may the caller use it so (@mask, 0: no matter)? */
static int ublk_check_path(struct ublk_device *dev, const char *name, int mask)
{
	struct inode *inode;
	struct path path;
	int err;

	err = kern_path(name, LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	inode = d_backing_inode(path.dentry);
	if (!S_ISCHR(inode->i_mode) || inode->i_rdev != dev->cdev_dev.devt)
		err = -EPERM;
	else if (mask)
		err = path_permission(&path, mask);
	path_put(&path);
	return err;
}

/* Takes the path off the payload. */
static int ublk_take_path(struct ublk_device *dev, struct ublksrv_ctrl_cmd *header, int mask)
{
	u16 len = header->dev_path_len;
	char *name;
	int err;

	if (!len || len > PATH_MAX || header->len < len || !header->addr)
		return -EINVAL;
	name = memdup_user_nul(u64_to_user_ptr(header->addr), len);
	if (IS_ERR(name))
		return PTR_ERR(name);
	err = ublk_check_path(dev, name, mask);
	kfree(name);
	header->addr += len;
	header->len -= len;
	return err;
}

/**
 * ublk_access_command() - may the caller give this command to the device?
 * @dev: device
 * @header: the command's; a path at the head of its payload is taken off
 * @access: what kind of command it is
 * @wants_path: the command has a path, on privileged devices, too
 *
 * Context: sleeps, as long as the caller's file system takes to find the path.
 * Return: 0; -EPERM or -EACCES no; -EINVAL there is no path where there has to be one; else what
 * looking it up came to.
 */
int ublk_access_command(struct ublk_device *dev, struct ublksrv_ctrl_cmd *header,
			enum ublk_access access, bool wants_path)
{
	int mask = access == UBLK_ACCESS_ASK ? MAY_READ : MAY_READ | MAY_WRITE;

	if (ublk_is_unprivileged(dev))
		return ublk_take_path(dev, header, ublk_is_unused_by_owner(dev, access) ? 0 : mask);
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return wants_path ? ublk_take_path(dev, header, 0) : 0;
}

/**
 * ublk_access_disk() - may the caller open the disk?
 * @dev: device
 *
 * An unprivileged server can answer a read with whatever it likes, also never. So nobody but its
 * owner and the administrator gets to read from it, whatever the mode of the disk's node says.
 *
 * Return: true if so.
 */
bool ublk_access_disk(const struct ublk_device *dev)
{
	return !ublk_is_unprivileged(dev) || capable(CAP_SYS_ADMIN) || ublk_is_owner(dev);
}
