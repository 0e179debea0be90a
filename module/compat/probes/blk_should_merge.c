// SPDX-License-Identifier: GPL-2.0-only
// since: always, until 6.13.  Merging had to be asked for; now it is the rule.
#include <linux/blk-mq.h>

int probe = BLK_MQ_F_SHOULD_MERGE;
