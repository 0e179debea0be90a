// SPDX-License-Identifier: GPL-2.0-only
// since: configuration.  The block layer was built with support for zones.
// symbol: blk_revalidate_disk_zones
#include <linux/blkdev.h>

int probe(struct gendisk *disk);
int probe(struct gendisk *disk)
{
#ifndef CONFIG_BLK_DEV_ZONED
#error "no zones"
#endif
	return disk->nr_zones;
}
