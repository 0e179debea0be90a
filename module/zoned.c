// SPDX-License-Identifier: GPL-2.0-only
/*
 * zoned.c - UBLK_F_ZONED: what the block layer knows of a host-managed disk's zones
 *
 * It asks by a callback, and the answer is the server's: a request of the driver's own, whose data
 * the server brings by user copy. To the crash path it is a request as any other: parked, sent
 * again or failed, and who waits for it waits as a reader would. START needs the answer before
 * there can be a disk, and leaves the asking to a work, so that it holds nothing and can be
 * interrupted:
 *
 *   ublk_start_once()     LIVE, the disk is the device's but not yet added
 *   ublk_zones_begin()    queues zones_work
 *   ublk_zones_work()     the block layer asks for all zones
 *   ublk_start_zoned()    adds the disk, unless a STOP came first
 *
 * STOP waits for zones_work while abort_work ends what that waits for.
 */
#include "zoned.h"

#define UBLK_ZONES_AT_ONCE	(PAGE_SIZE / sizeof(struct blk_zone))

static u64 ublk_zone_sectors(const struct ublk_device *dev)
{
	return dev->params.basic.chunk_sectors;	/* does not change while there is a disk */
}

/*
 * The block layer trusts what a driver reports: 6.1 makes bitmaps by the length of the first zone
 * and sets bits by the number of each, file systems write where the pointer says.
 */
static bool ublk_zone_fits(const struct blk_zone *zone, u64 start, u64 sectors)
{
	if (zone->start != start || zone->len != sectors || !zone->capacity ||
	    zone->capacity > sectors)
		return false;
	if (zone->type == BLK_ZONE_TYPE_CONVENTIONAL)
		return zone->cond == BLK_ZONE_COND_NOT_WP;
	if (zone->type != BLK_ZONE_TYPE_SEQWRITE_REQ)
		return false;
	switch (zone->cond) {
	case BLK_ZONE_COND_IMP_OPEN:
	case BLK_ZONE_COND_EXP_OPEN:
	case BLK_ZONE_COND_CLOSED:
		return zone->wp >= start && zone->wp - start <= zone->capacity;
	case BLK_ZONE_COND_EMPTY:
	case BLK_ZONE_COND_FULL:
	case BLK_ZONE_COND_READONLY:
	case BLK_ZONE_COND_OFFLINE:
		return true;
	default:
		return false;
	}
}

/* Have the server fill a page with up to @nr_zones from @sector on. */
static int ublk_zones_ask(struct gendisk *disk, u64 sector, u32 nr_zones, void *page)
{
	struct request *rq;
	struct ublk_rq *data;
	int err;

	rq = blk_mq_alloc_request(disk->queue, REQ_OP_DRV_IN, 0);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	data = blk_mq_rq_to_pdu(rq);
	data->report_sector = sector;
	data->report_zones = nr_zones;
	/* a page fits whatever the limits are, see ublk_params_check() */
	err = blk_rq_map_kern(rq, page, PAGE_SIZE, GFP_KERNEL);
	if (!err)
		err = blk_status_to_errno(blk_execute_rq(rq, false));
	blk_mq_free_request(rq);
	return err;
}

/*
 * The block layer wants to know about up to @nr_zones zones from the one with @sector on. Process
 * context, holding no lock of this driver; waits for the server.
 *
 * Return: number of zones, which is less where the server says that there are no more; or -errno,
 * -EIO if what it says makes no sense.
 */
UBLK_REPORT_ZONES(ublk_report_zones)
{
	struct ublk_device *dev = disk->private_data;
	u64 zone_sectors = ublk_zone_sectors(dev), end = dev->params.basic.dev_sectors;
	unsigned int done = 0, i, n;
	struct blk_zone *zones;
	int err = 0;

	zones = (void *)__get_free_page(GFP_KERNEL);
	if (!zones)
		return -ENOMEM;
	sector &= ~(zone_sectors - 1);
	while (!err && done < nr_zones && sector < end) {
		n = min_t(u64, min_t(u64, nr_zones - done, UBLK_ZONES_AT_ONCE),
			  (end - sector) >> ilog2(zone_sectors));
		clear_page(zones);
		err = ublk_zones_ask(disk, sector, n, zones);
		for (i = 0; !err && i < n; i++, sector += zone_sectors) {
			if (!zones[i].len) {	/* there are no more */
				nr_zones = done;
				break;
			}
			if (!ublk_zone_fits(&zones[i], sector, zone_sectors)) {
				dev_warn_ratelimited(&dev->cdev_dev,
						     "server's report of the zone at sector %llu makes no sense\n",
						     sector);
				err = -EIO;
				break;
			}
			err = disk_report_zone(disk, &zones[i], done, args);
			done++;
		}
	}
	free_page((unsigned long)zones);
	return err ? err : done;
}

/**
 * ublk_zones_begin() - have the server asked for its zones, for START
 * @dev: device, LIVE, its disk attached
 *
 * Context: dev->mutex held. dev->wait is woken when ublk_zones_result() has changed.
 */
void ublk_zones_begin(struct ublk_device *dev)
{
	lockdep_assert_held(&dev->mutex);
	WRITE_ONCE(dev->zones_err, -EINPROGRESS);
	queue_work(ublk_stop_wq, &dev->zones_work);
}

/**
 * ublk_zones_result() - what became of it
 * @dev: device
 *
 * Return: 0 the block layer knows the zones; -EINPROGRESS, for ever if a STOP came; -errno.
 */
int ublk_zones_result(struct ublk_device *dev)
{
	return smp_load_acquire(&dev->zones_err);	/* pairs with the work's release */
}

/**
 * ublk_zones_work() - tell the block layer about all zones
 * @work: zones_work of a device
 *
 * STOP waits for this work before it lets go of the disk.
 */
void ublk_zones_work(struct work_struct *work)
{
	struct ublk_device *dev = container_of(work, struct ublk_device, zones_work);
	int err = blk_revalidate_disk_zones(dev->disk);

	/* what the block layer has stored comes first; pairs with ublk_zones_result() */
	smp_store_release(&dev->zones_err, err == -EINPROGRESS ? -EIO : err);
	wake_up_all(&dev->wait);
}

/**
 * ublk_zone_append_end() - take where an append went from the server
 * @rq: REQ_OP_ZONE_APPEND, in a slot that is COMMITTING
 * @sector: says the server
 * @result: bytes or -errno, says the server
 *
 * An append is done as a whole or not at all, and inside the zone that it names.
 *
 * Return: what the request is to be completed with.
 */
int ublk_zone_append_end(struct request *rq, u64 sector, int result)
{
	struct ublk_device *dev = rq->q->queuedata;
	u64 zone_sectors = ublk_zone_sectors(dev);
	u64 start = blk_rq_pos(rq) & ~(zone_sectors - 1);

	if (result < 0)
		return result;
	if (result < blk_rq_bytes(rq) || sector < start ||
	    sector - start > zone_sectors - blk_rq_sectors(rq))
		return -EIO;
	rq->__sector = sector;
	return result;
}
