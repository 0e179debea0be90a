// SPDX-License-Identifier: GPL-2.0-only
// since: 6.11.  Looking at a disk's zones anew takes the disk alone, and no
// callback for the driver's own data.
#include <linux/blkdev.h>

int probe(struct gendisk *disk);
int probe(struct gendisk *disk)
{
	return blk_revalidate_disk_zones(disk);
}
