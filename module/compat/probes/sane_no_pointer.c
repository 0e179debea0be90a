// SPDX-License-Identifier: GPL-2.0-only
// since: never.  Control: a callback of the wrong type must mean "no"; gcc 12
// would only warn.
#include <linux/fs.h>

static int probe_open(struct file *file)
{
	return 0;
}

struct file_operations probe = { .open = probe_open };
