// SPDX-License-Identifier: GPL-2.0-only
/*
 * lifecycle.c - the commands that make and unmake a device: ADD, START, STOP, TRY_STOP, DEL
 */
#include <linux/uaccess.h>

#include "access.h"
#include "device.h"
#include "disk.h"
#include "lifecycle.h"
#include "session.h"
#include "stop.h"
#include "zoned.h"

#define UBLK_DESC_SIZE_MAX	256
#define UBLK_DEL_PATIENCE	(HZ / 5)

static bool ublk_recovery_flags_fit(u64 flags)
{
	switch (flags & (UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE |
			 UBLK_F_USER_RECOVERY_FAIL_IO)) {
	case 0:
	case UBLK_F_USER_RECOVERY:
	case UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE:
	case UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_FAIL_IO:
		break;
	default:
		return false;
	}
	return flags & UBLK_F_USER_RECOVERY || !(flags & UBLK_F_QUIESCE);
}

/* What the caller asked for becomes what it gets. Return: 0, -EINVAL or -EPERM. */
static int ublk_negotiate(struct ublksrv_ctrl_dev_info *info)
{
	int err;

	if (!info->queue_depth || info->queue_depth > UBLK_MAX_QUEUE_DEPTH ||
	    !info->nr_hw_queues || info->nr_hw_queues > UBLK_MAX_NR_QUEUES ||
	    !ublk_recovery_flags_fit(info->flags))
		return -EINVAL;
	if (info->flags & UBLK_F_IO_DESC_SIZE) {
		if (info->io_desc_size < sizeof(struct ublksrv_io_desc) ||
		    info->io_desc_size > UBLK_DESC_SIZE_MAX || info->io_desc_size % 8)
			return -EINVAL;
	} else {
		info->io_desc_size = sizeof(struct ublksrv_io_desc);
	}
	if (info->dev_id != (u32)-1 && info->dev_id >= UBLK_MINORS)
		return -EINVAL;

	/* a bit that nobody here knows means nothing, as it always did */
	info->flags &= UBLK_FEATURES;
	/* a report of zones has no other way to the kernel */
	if (info->flags & UBLK_F_ZONED && !(info->flags & UBLK_F_USER_COPY))
		return -EINVAL;
	/* nor have metadata */
	if (info->flags & UBLK_F_INTEGRITY && !(info->flags & UBLK_F_USER_COPY))
		return -EINVAL;
	err = ublk_access_add(info);
	if (err)
		return err;
	info->flags |= UBLK_F_CMD_IOCTL_ENCODE | UBLK_F_URING_CMD_COMP_IN_TASK |
		       UBLK_F_PER_IO_DAEMON | UBLK_F_SAFE_STOP_DEV |
		       (UBLK_FEATURES & UBLK_F_BUF_REG_OFF_DAEMON);
	if (info->flags & (UBLK_F_USER_COPY | UBLK_F_SUPPORT_ZERO_COPY | UBLK_F_AUTO_BUF_REG))
		info->flags &= ~UBLK_F_NEED_GET_DATA;
	/* what the kernel says, whatever the caller wrote there (C1) */
	info->state = UBLK_STATE_DEAD;
	info->ublksrv_pid = -1;
	info->pad1 = 0;
	info->reserved1 = 0;
	info->reserved2 = 0;
	info->owner_uid = from_kuid(&init_user_ns, current_uid());
	info->owner_gid = from_kgid(&init_user_ns, current_gid());
	info->nr_hw_queues = min_t(unsigned int, info->nr_hw_queues, nr_cpu_ids);
	info->max_io_buf_bytes = round_down(info->max_io_buf_bytes, PAGE_SIZE);
	return 0;
}

/**
 * ublk_ctrl_add() - ADD_DEV
 * @none: no device yet
 * @header: copied and trusted to be stable; addr and len are user's
 *
 * Return: 0; -EINVAL, -EFAULT, -EEXIST the id is taken, -ENOSPC, -ENOMEM; -EPERM the caller may
 * have unprivileged devices only; -EACCES there are ublks_max of those; -EINTR.
 */
int ublk_ctrl_add(struct ublk_device *none, const struct ublksrv_ctrl_cmd *header)
{
	void __user *buf = u64_to_user_ptr(header->addr);
	struct ublksrv_ctrl_dev_info info;
	struct ublk_device *dev;
	int err;

	if (header->len < sizeof(info) || !header->addr || header->queue_id != (u16)-1)
		return -EINVAL;
	if (copy_from_user(&info, buf, sizeof(info)))
		return -EFAULT;
	if (info.dev_id != header->dev_id)
		return -EINVAL;
	err = ublk_negotiate(&info);
	if (err)
		return err;
	dev = ublk_device_alloc(&info);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	info = dev->info;
	get_device(&dev->cdev_dev);
	err = ublk_device_publish(dev);
	if (!err && copy_to_user(buf, &info, sizeof(info))) {
		/* nobody learned the id, so nobody else will delete it; but it may be open */
		ublk_device_withdraw(dev);
		ublk_stop(dev);
		err = -EFAULT;
	}
	ublk_device_put(dev);
	return err;
}

/**
 * ublk_stops_begun() - a mark by which START and END see that a STOP came while they waited
 * @dev: device
 */
u64 ublk_stops_begun(struct ublk_device *dev)
{
	u64 begun;

	spin_lock(&dev->lock);
	begun = dev->stops_begun;
	spin_unlock(&dev->lock);
	return begun;
}

/**
 * ublk_may_go_live() - is there something to do for START or END, be it to give up?
 * @dev: device
 * @from_states: mask of states that going live is possible from
 * @begun: of ublk_stops_begun(), when the command came
 */
bool ublk_may_go_live(struct ublk_device *dev, unsigned int from_states, u64 begun)
{
	struct ublk_session *s;
	bool may;

	spin_lock(&dev->lock);
	s = rcu_dereference_protected(dev->session, lockdep_is_held(&dev->lock));
	may = dev->deleted || dev->stoppers || dev->stops_begun != begun ||
	      !(1u << dev->state & from_states) ||
	      (s && s->phase == UBLK_PHASE_BRINGUP && atomic_read(&s->ready) == s->nr_slots);
	spin_unlock(&dev->lock);
	return may;
}

/* *ret_live: it is live now, whatever is returned. */
static int ublk_start_once(struct ublk_device *dev, struct pid *server, u64 begun, bool *ret_live)
{
	struct gendisk *disk;
	int err;

	lockdep_assert_held(&dev->mutex);
	if (!(dev->params.types & UBLK_PARAM_TYPE_BASIC))
		return -EINVAL;
	if (dev->disk || atomic_read(&dev->nr_disks))
		return -EEXIST;
	disk = ublk_disk_alloc(dev);
	if (IS_ERR(disk))
		return PTR_ERR(disk);
	err = ublk_session_go_live(dev, server, UBLK_STATE_BIT(DEAD), begun);
	if (err) {
		ublk_disk_discard(dev, disk);
		return err;
	}
	*ret_live = true;
	ublk_disk_attach(dev, disk);
	if (!ublk_is_zoned(dev))
		return ublk_disk_add(dev);
	ublk_zones_begin(dev);
	return -EINPROGRESS;
}

/*
 * The server is asked for its zones, by zones_work. Nothing is held meanwhile (B10): it may die,
 * and then what it was asked waits for another server, or fails, as any I/O.
 */
static int ublk_start_zoned(struct ublk_device *dev, u64 begun)
{
	int err;

	if (wait_event_interruptible(dev->wait, ublk_zones_result(dev) != -EINPROGRESS ||
				     ublk_stops_begun(dev) != begun))
		return -EINTR;
	if (mutex_lock_interruptible(&dev->mutex))
		return -EINTR;
	/* only a STOP takes the disk away, and it counts itself in first */
	err = ublk_stops_begun(dev) != begun ? -EBUSY : ublk_zones_result(dev);
	if (!err)
		err = ublk_disk_add(dev);
	mutex_unlock(&dev->mutex);
	return err;
}

static int ublk_start(struct ublk_device *dev, struct pid *server)
{
	u64 ticket, begun = ublk_stops_begun(dev);
	bool live = false;
	int err;

	do {
		if (wait_event_interruptible(dev->wait, ublk_may_go_live(dev, UBLK_STATE_BIT(DEAD),
									 begun)) ||
		    mutex_lock_interruptible(&dev->mutex))
			return -EINTR;
		err = ublk_start_once(dev, server, begun, &live);
		/* live, but without a disk */
		ticket = live && err && err != -EINPROGRESS ? ublk_stop_begin(dev, 0) : 0;
		mutex_unlock(&dev->mutex);
	} while (err == -EAGAIN);
	if (err == -EINPROGRESS) {
		err = ublk_start_zoned(dev, begun);
		if (err && err != -EBUSY)
			ticket = ublk_stop_begin(dev, 0);
	}
	if (ticket)
		ublk_stop_wait(dev, ticket);
	return err;
}

/**
 * ublk_ctrl_start() - START_DEV
 * @dev: device
 * @header: data[0] is the server's thread group, as the caller numbers it
 *
 * Waits for the server: until it has opened the device and fetched all slots.
 *
 * Return: 0; -EINVAL no such process, not the one that opened the device, or no parameters;
 * -EEXIST live, or its last disk is still open; -EBUSY a STOP is under way; -EINTR; of a zoned
 * device what the report of its zones failed with, -ENODEV if they do not cover it.
 */
int ublk_ctrl_start(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	struct pid *server;
	int err;

	if ((int)header->data[0] <= 0)
		return -EINVAL;
	/* not after a wait for a server that can not start; tested again under the mutex */
	if (!(READ_ONCE(dev->params.types) & UBLK_PARAM_TYPE_BASIC))
		return -EINVAL;
	server = find_get_pid((int)header->data[0]);
	if (!server)
		return -EINVAL;
	err = ublk_start(dev, server);
	put_pid(server);
	return err;
}

/**
 * ublk_ctrl_stop() - STOP_DEV
 * @dev: device
 * @header: not used
 *
 * Return: 0, or -EINTR: then the stop goes on.
 */
int ublk_ctrl_stop(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	return ublk_stop(dev);
}

/**
 * ublk_ctrl_try_stop() - TRY_STOP_DEV: stop, unless somebody has the disk or a partition open
 * @dev: device
 * @header: not used
 *
 * The disk's open_mutex may be held over I/O that waits for a server, so it is not taken under
 * dev->mutex.
 *
 * Return: 0; -ENODEV no disk; -EBUSY it is open; -EINTR.
 */
int ublk_ctrl_try_stop(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	struct gendisk *disk;
	bool open;

	if (mutex_lock_interruptible(&dev->mutex))
		return -EINTR;
	disk = dev->disk_added ? dev->disk : NULL;
	if (disk)
		get_device(disk_to_dev(disk));
	mutex_unlock(&dev->mutex);
	if (!disk)
		return -ENODEV;
	if (mutex_lock_interruptible(&disk->open_mutex)) {
		put_disk(disk);
		return -EINTR;
	}
	/* or another one has come in its place; then this one's openers say nothing */
	open = disk_openers(disk) || READ_ONCE(dev->disk) != disk;
	if (!open)
		dev->block_open = true;	/* until the next disk is made */
	mutex_unlock(&disk->open_mutex);
	put_disk(disk);
	return open ? -EBUSY : ublk_stop(dev);
}

static int ublk_stop_and_withdraw(struct ublk_device *dev)
{
	int err = ublk_stop(dev);

	if (err)
		return err;
	ublk_device_withdraw(dev);
	/* a START may have come in between; from now on there is none */
	return ublk_stop(dev);
}

/**
 * ublk_ctrl_del_async() - DEL_DEV_ASYNC
 * @dev: device
 * @header: not used
 *
 * Return: 0 or -EINTR.
 */
int ublk_ctrl_del_async(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	return ublk_stop_and_withdraw(dev);
}

/**
 * ublk_ctrl_del() - DEL_DEV: delete, and wait until the id is free
 * @dev: device
 * @header: not used
 *
 * Waits for whoever has the disk open, for nobody else.
 *
 * Return: 0, or -EINTR: may be repeated.
 */
int ublk_ctrl_del(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	int err = ublk_stop_and_withdraw(dev);

	if (err)
		return err;
	if (wait_event_interruptible(dev->wait, ublk_device_is_gone(dev)))
		return -EINTR;
	/* sessions and buffers are freed in a moment, and then the module may be unloaded */
	wait_event_interruptible_timeout(dev->wait, !atomic_read(&dev->nr_sessions) &&
					 xa_empty(&dev->shmem.bufs),
					 UBLK_DEL_PATIENCE);
	return 0;
}
