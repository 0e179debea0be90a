// SPDX-License-Identifier: GPL-2.0-only
/*
 * disk.c - the gendisk of a device: made at START, torn down by a stop, freed by its last opener
 */
#include "access.h"
#include "device.h"
#include "disk.h"
#include "disk_limits.h"
#include "zoned.h"

/* A disk's memory goes: it and its openers are done with the device. */
static void ublk_disk_freed(struct ublk_device *dev)
{
	atomic_dec(&dev->nr_disks);
	ublk_id_give_back_if_unused(dev);
	ublk_device_put(dev);
}

static void ublk_disk_free(struct gendisk *disk)
{
	ublk_disk_freed(disk->private_data);
}

/* Under disk->open_mutex. */
UBLK_BDEV_OPEN(ublk_disk_open)
{
	struct ublk_device *dev = disk->private_data;

	/* TRY_STOP found nobody and is about to stop: for root, too (C17) */
	if (dev->block_open)
		return -ENXIO;
	return ublk_access_disk(dev) ? 0 : -EPERM;
}

static const struct block_device_operations ublk_disk_ops = {
	.owner = THIS_MODULE,
	.open = ublk_disk_open,
	.free_disk = ublk_disk_free,
};

/* The block layer asks whether report_zones is there. */
static const struct block_device_operations ublk_zoned_disk_ops = {
	.owner = THIS_MODULE,
	.open = ublk_disk_open,
	.free_disk = ublk_disk_free,
	.report_zones = ublk_report_zones,
};

/**
 * ublk_disk_alloc() - make a disk by the device's parameters, without adding it
 * @dev: device, its parameters set and checked
 *
 * Context: dev->mutex held.
 * Return: the disk or ERR_PTR.
 */
struct gendisk *ublk_disk_alloc(struct ublk_device *dev)
{
	const struct ublk_param_basic *basic = &dev->params.basic;
	struct queue_limits lim;
	struct gendisk *disk;

	lockdep_assert_held(&dev->mutex);
	ublk_params_to_limits(&dev->params, &lim);
	disk = blk_mq_alloc_disk(&dev->tag_set, &lim, dev);
	if (IS_ERR(disk))
		return disk;
	get_device(&dev->cdev_dev);
	atomic_inc(&dev->nr_disks);
	dev->block_open = false;
	disk->fops = ublk_is_zoned(dev) ? &ublk_zoned_disk_ops : &ublk_disk_ops;
	disk->private_data = dev;
	snprintf(disk->disk_name, sizeof(disk->disk_name), "ublkb%d", dev->id);
	set_capacity(disk, basic->dev_sectors);
	set_disk_ro(disk, basic->attrs & UBLK_ATTR_READ_ONLY);
	/*
	 * No I/O to the server while the mutex is held over device_add_disk(): the scan comes
	 * later, from a work (B10).
	 */
	set_bit(GD_SUPPRESS_PART_SCAN, &disk->state);
	return disk;
}

/**
 * ublk_disk_discard() - undo ublk_disk_alloc(), for a disk that was never added
 * @dev: device
 * @disk: disk
 *
 * Context: dev->mutex held.
 */
void ublk_disk_discard(struct ublk_device *dev, struct gendisk *disk)
{
	lockdep_assert_held(&dev->mutex);
	put_disk(disk);
	/* free_disk is called for disks that were added only */
	ublk_disk_freed(dev);
}

/**
 * ublk_disk_attach() - give the disk to the device
 * @dev: device, LIVE
 * @disk: of ublk_disk_alloc()
 *
 * From here on there may be requests, and only a stop takes it away.
 *
 * Context: dev->mutex held.
 */
void ublk_disk_attach(struct ublk_device *dev, struct gendisk *disk)
{
	lockdep_assert_held(&dev->mutex);
	/*
	 * Before any request: whoever closes the session and does not see the disk has set
	 * CLOSING, and the first queue_rq will see that.
	 */
	WRITE_ONCE(dev->disk, disk);
	smp_mb();	/* pairs with the one in ublk_phase_set_locked() */
}

/**
 * ublk_disk_add() - make the disk visible
 * @dev: device, its disk attached
 *
 * Context: dev->mutex held.
 * Return: 0 or what the block layer says; then the device is to be stopped.
 */
int ublk_disk_add(struct ublk_device *dev)
{
	int err;

	lockdep_assert_held(&dev->mutex);
	err = device_add_disk(&dev->cdev_dev, dev->disk, NULL);
	dev->disk_added = !err;
	if (!err)
		queue_work(ublk_stop_wq, &dev->scan_work);
	return err;
}

/**
 * ublk_disk_detach() - let go of a disk that is torn down
 * @dev: device; monitor and abort_work are off
 *
 * Openers may keep the disk for long.
 *
 * Context: dev->mutex held.
 */
void ublk_disk_detach(struct ublk_device *dev)
{
	struct gendisk *disk = dev->disk;

	lockdep_assert_held(&dev->mutex);
	WRITE_ONCE(dev->disk, NULL);
	if (dev->disk_added)
		put_disk(disk);
	else
		ublk_disk_discard(dev, disk);
	dev->disk_added = false;
}

/**
 * ublk_scan_work() - look for partitions, once the device serves
 * @work: scan_work of a device
 *
 * Reads from the server. STOP waits for this work before it lets go of the disk.
 */
void ublk_scan_work(struct work_struct *work)
{
	struct ublk_device *dev = container_of(work, struct ublk_device, scan_work);
	struct gendisk *disk = READ_ONCE(dev->disk);

	/* nobody but root is to have the kernel look at a table of its making, also later (C10) */
	if (!disk || READ_ONCE(dev->untrusted))
		return;
	clear_bit(GD_SUPPRESS_PART_SCAN, &disk->state);
	if (dev->info.flags & UBLK_F_NO_AUTO_PART_SCAN)
		return;
	mutex_lock(&disk->open_mutex);
	bdev_disk_changed(disk, false);
	mutex_unlock(&disk->open_mutex);
}
