// SPDX-License-Identifier: GPL-2.0-only
// since: 6.19.  What a report of zones is for is hidden in a structure, and each
// zone is passed on by a function instead of a callback.
// symbol: disk_report_zone
#include <linux/blkdev.h>

static int probe_report(struct gendisk *disk, sector_t sector, unsigned int nr_zones,
			struct blk_report_zones_args *args)
{
	struct blk_zone zone = { .start = sector };

	return disk_report_zone(disk, &zone, nr_zones - 1, args);
}

const struct block_device_operations probe = { .report_zones = probe_report };
