// SPDX-License-Identifier: GPL-2.0-only
// since: 6.13.  The limit of a zone append that the device sets has a name of its
// own; the one without hw is computed.
#include <linux/blkdev.h>

void probe(struct queue_limits *lim);
void probe(struct queue_limits *lim)
{
	lim->max_hw_zone_append_sectors = 8;
}
