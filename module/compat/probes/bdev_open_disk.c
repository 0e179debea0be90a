// SPDX-License-Identifier: GPL-2.0-only
// since: 6.5.  A block device is opened by its disk and a blk_mode_t; before,
// by its struct block_device and an fmode_t.
#include <linux/blkdev.h>

static int probe_open(struct gendisk *disk, blk_mode_t mode)
{
	return mode & BLK_OPEN_WRITE ? -EROFS : 0;
}

static void probe_release(struct gendisk *disk)
{
}

const struct block_device_operations probe = {
	.open = probe_open, .release = probe_release,
};
