// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - the device object: its id and its node
 *
 * References to the object are those of the embedded struct device: sessions and disks hold one
 * each, and so does everybody who looked it up. The id is taken from ADD until DEL has found the
 * last disk of the device freed; file references of former sessions do not keep it (R21).
 */
#include <linux/idr.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "abort.h"
#include "access.h"
#include "chardev.h"
#include "ctrl.h"
#include "debugfs.h"
#include "device.h"
#include "disk.h"
#include "recovery.h"
#include "request.h"
#include "session.h"
#include "shmem.h"
#include "state.h"
#include "stop.h"
#include "zoned.h"

static DEFINE_SPINLOCK(ublk_ids_lock);	/* rank 4 */
static DEFINE_IDR(ublk_ids);		/* id to device, NULL while reserved; ublk_ids_lock */

static dev_t ublk_ch_devt;
static struct class *ublk_ch_class;

static void ublk_device_release(struct device *cdev_dev)
{
	struct ublk_device *dev = container_of(cdev_dev, struct ublk_device, cdev_dev);

	if (dev->tag_set.tags)
		blk_mq_free_tag_set(&dev->tag_set);
	ublk_shmem_exit(dev);
	mutex_destroy(&dev->mutex);
	if (ublk_is_unprivileged(dev))
		ublk_unprivileged_put();
	kfree(dev);
	module_put(THIS_MODULE);
}

static int ublk_id_reserve(struct ublk_device *dev, int want)
{
	int id;

	idr_preload(GFP_KERNEL);
	spin_lock(&ublk_ids_lock);
	if (want >= 0)
		id = idr_alloc(&ublk_ids, NULL, want, want + 1, GFP_NOWAIT);
	else
		id = idr_alloc(&ublk_ids, NULL, 0, UBLK_MINORS, GFP_NOWAIT);
	spin_unlock(&ublk_ids_lock);
	idr_preload_end();
	if (id == -ENOSPC && want >= 0)
		return -EEXIST;
	if (id < 0)
		return id;
	dev->id = id;
	dev->info.dev_id = id;
	return 0;
}

static void ublk_id_give_back(struct ublk_device *dev)
{
	spin_lock(&ublk_ids_lock);
	idr_remove(&ublk_ids, dev->id);
	spin_unlock(&ublk_ids_lock);
}

/**
 * ublk_id_give_back_if_unused() - may another device have the id now?
 * @dev: device
 *
 * From the moment its node is gone and its last disk is freed (R21).
 */
void ublk_id_give_back_if_unused(struct ublk_device *dev)
{
	bool unused;

	spin_lock(&dev->lock);
	unused = dev->withdrawn && dev->kept && !atomic_read(&dev->nr_disks);
	if (unused)
		dev->kept = false;
	spin_unlock(&dev->lock);
	if (unused)
		ublk_id_give_back(dev);
	wake_up_all(&dev->wait);
}

static int ublk_tag_set_init(struct ublk_device *dev)
{
	struct blk_mq_tag_set *set = &dev->tag_set;
	int err;

	set->ops = &ublk_mq_ops;
	set->nr_hw_queues = dev->info.nr_hw_queues;
	set->queue_depth = dev->info.queue_depth;
	set->numa_node = NUMA_NO_NODE;
	set->cmd_size = sizeof(struct ublk_rq);
	/*
	 * STACKING: what ends a request does not sit on its queue's CPU, so that may go offline
	 * without waiting for the request. It would wait with the hotplug lock held: a new server's
	 * io_uring_setup() wants that, too, and what is parked would wait for the new server.
	 */
	set->flags = BLK_MQ_F_SHOULD_MERGE | BLK_MQ_F_STACKING;
	set->driver_data = dev;
	err = blk_mq_alloc_tag_set(set);
	if (err) {
		set->tags = NULL;
		return err;
	}
	/* both may have been lowered: to the CPUs there are, or for want of memory (P18) */
	dev->info.nr_hw_queues = set->nr_hw_queues;
	dev->info.queue_depth = set->queue_depth;
	return 0;
}

static enum ublk_recovery ublk_recovery_of(u64 flags)
{
	if (!(flags & UBLK_F_USER_RECOVERY))
		return UBLK_RECOVERY_OFF;
	if (flags & UBLK_F_USER_RECOVERY_FAIL_IO)
		return UBLK_RECOVERY_FAIL_IO;
	return flags & UBLK_F_USER_RECOVERY_REISSUE ? UBLK_RECOVERY_REISSUE :
						      UBLK_RECOVERY_PLAIN;
}

static void ublk_device_init_fields(struct ublk_device *dev,
				    const struct ublksrv_ctrl_dev_info *info)
{
	dev->info = *info;
	dev->id = -1;
	dev->recovery = ublk_recovery_of(info->flags);
	mutex_init(&dev->mutex);
	ublk_shmem_init(dev);
	spin_lock_init(&dev->lock);
	dev->state_since = ktime_get_ns();
	init_waitqueue_head(&dev->wait);
	INIT_DELAYED_WORK(&dev->monitor_work, ublk_monitor_work);
	INIT_DELAYED_WORK(&dev->abort_work, ublk_abort_work);
	INIT_WORK(&dev->stop_work, ublk_stop_work);
	INIT_WORK(&dev->scan_work, ublk_scan_work);
	INIT_WORK(&dev->zones_work, ublk_zones_work);
	INIT_WORK(&dev->announce_work, ublk_announce_work);

	device_initialize(&dev->cdev_dev);
	dev->cdev_dev.class = ublk_ch_class;
	dev->cdev_dev.parent = ublk_ctrl_misc.this_device;
	dev->cdev_dev.release = ublk_device_release;
	cdev_init(&dev->cdev, &ublk_ch_fops);
	dev->cdev.owner = THIS_MODULE;
}

/**
 * ublk_device_alloc() - make a device that nobody sees yet
 * @info: negotiated; dev_id -1 for any id
 *
 * Return: the device, or ERR_PTR: -EEXIST the id is taken, -ENOSPC no id is free, -ENOMEM, -EACCES
 * too many unprivileged devices, -EINTR.
 */
struct ublk_device *ublk_device_alloc(const struct ublksrv_ctrl_dev_info *info)
{
	bool is_unprivileged = info->flags & UBLK_F_UNPRIVILEGED_DEV;
	struct ublk_device *dev;
	int err;

	err = is_unprivileged ? ublk_unprivileged_get() : 0;
	if (err)
		return ERR_PTR(err);
	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev) {
		if (is_unprivileged)
			ublk_unprivileged_put();
		return ERR_PTR(-ENOMEM);
	}
	/* rmmod is refused while there is a device, as long as anything refers to it */
	__module_get(THIS_MODULE);
	ublk_device_init_fields(dev, info);
	err = ublk_id_reserve(dev, (int)info->dev_id);
	if (err)
		goto err_put;
	err = ublk_tag_set_init(dev);
	if (err)
		goto err_id;
	dev->cdev_dev.devt = MKDEV(MAJOR(ublk_ch_devt), dev->id);
	err = dev_set_name(&dev->cdev_dev, "ublkc%d", dev->id);
	if (err)
		goto err_id;
	return dev;

err_id:
	ublk_id_give_back(dev);
err_put:
	ublk_device_put(dev);
	return ERR_PTR(err);
}

/**
 * ublk_device_publish() - give a device its node and its place in the id table
 * @dev: device of ublk_device_alloc(); the caller's reference becomes the table's
 *
 * Return: 0; on error @dev is gone.
 */
int ublk_device_publish(struct ublk_device *dev)
{
	int err = cdev_device_add(&dev->cdev, &dev->cdev_dev);

	if (err) {
		ublk_id_give_back(dev);
		ublk_device_put(dev);
		return err;
	}
	ublk_debugfs_add(dev);
	dev->kept = true;
	spin_lock(&ublk_ids_lock);
	idr_replace(&ublk_ids, dev, dev->id);
	spin_unlock(&ublk_ids_lock);
	return 0;
}

/**
 * ublk_device_withdraw() - take the node away; the id follows when the disk is freed
 * @dev: device, stopped
 *
 * May be called again; only the first call does something. A START that slips in between the
 * stop and this is undone by the caller, who stops once more.
 */
void ublk_device_withdraw(struct ublk_device *dev)
{
	bool first;

	spin_lock(&dev->lock);
	first = !dev->deleted;
	dev->deleted = true;
	spin_unlock(&dev->lock);
	wake_up_all(&dev->wait);
	if (first) {
		flush_work(&dev->announce_work);
		spin_lock(&dev->lock);
		dev->silent = true;
		spin_unlock(&dev->lock);
		ublk_debugfs_remove(dev);
		ublk_shmem_close(dev);
		cdev_device_del(&dev->cdev, &dev->cdev_dev);
		spin_lock(&dev->lock);
		dev->withdrawn = true;
		spin_unlock(&dev->lock);
	}
	ublk_id_give_back_if_unused(dev);
	if (first)
		ublk_device_put(dev);	/* the table's */
}

/**
 * ublk_device_is_gone() - has a withdrawn device given its id back?
 * @dev: device
 */
bool ublk_device_is_gone(struct ublk_device *dev)
{
	bool gone;

	spin_lock(&dev->lock);
	gone = dev->withdrawn && !dev->kept;
	spin_unlock(&dev->lock);
	return gone;
}

/**
 * ublk_device_find() - look a device up
 * @id: id, unchecked
 *
 * Return: the device, to be put by the caller, or NULL.
 */
struct ublk_device *ublk_device_find(u32 id)
{
	struct ublk_device *dev;

	if (id >= UBLK_MINORS)
		return NULL;
	spin_lock(&ublk_ids_lock);
	dev = idr_find(&ublk_ids, id);
	/* in the table it is alive: by the table's reference or, once withdrawn, by its disk's */
	if (dev)
		get_device(&dev->cdev_dev);
	spin_unlock(&ublk_ids_lock);
	return dev;
}

/**
 * ublk_device_next() - walk over all devices
 * @id: where to start; set to the id found
 *
 * Return: the first device with that id or a higher one, to be put by the caller, or NULL.
 */
struct ublk_device *ublk_device_next(int *id)
{
	struct ublk_device *dev;

	spin_lock(&ublk_ids_lock);
	dev = idr_get_next(&ublk_ids, id);
	if (dev)
		get_device(&dev->cdev_dev);
	spin_unlock(&ublk_ids_lock);
	return dev;
}

int ublk_device_init(void)
{
	int err = alloc_chrdev_region(&ublk_ch_devt, 0, UBLK_MINORS, "ublk-char");

	if (err)
		return err;
	ublk_ch_class = class_create("ublk-char");
	if (IS_ERR(ublk_ch_class)) {
		unregister_chrdev_region(ublk_ch_devt, UBLK_MINORS);
		return PTR_ERR(ublk_ch_class);
	}
	return 0;
}

void ublk_device_exit(void)
{
	class_destroy(ublk_ch_class);
	unregister_chrdev_region(ublk_ch_devt, UBLK_MINORS);
	idr_destroy(&ublk_ids);
}
