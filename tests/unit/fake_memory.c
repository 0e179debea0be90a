// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The fake driver's registered memory. */
#include <string.h>

#include "fake_kernel.h"

int fake_register_memory(struct fake_device *dev, const void *payload)
{
	struct ublk_shmem_buf_reg reg;
	int i, free = -1;

	if (!(dev->info.flags & UBLK_F_SHMEM_ZC))
		return -EOPNOTSUPP;
	/* behind a path of any length */
	memcpy(&reg, payload, sizeof(reg));
	if (!reg.len || (reg.addr | reg.len) % 4096)
		return -EINVAL;
	for (i = FAKE_MEMORY - 1; i >= 0; i--) {
		if (!dev->memory[i].len)
			free = i;
		else if (dev->memory[i].addr < reg.addr + reg.len &&
			 reg.addr < dev->memory[i].addr + dev->memory[i].len)
			return -EEXIST;
	}
	if (free < 0)
		return -ENOSPC;
	dev->memory[free] = reg;
	return free;
}

int fake_unregister_memory(struct fake_device *dev, uint64_t index)
{
	int q, tag;

	if (!(dev->info.flags & UBLK_F_SHMEM_ZC))
		return -EOPNOTSUPP;
	if (index >= FAKE_MEMORY || !dev->memory[index].len)
		return -ENOENT;
	for (q = 0; q < FAKE_QUEUES; q++) {
		for (tag = 0; tag < FAKE_DEPTH && dev->is_node_open; tag++) {
			int r = dev->slots[q][tag].request;

			if (r >= 0 && fake->requests[r].is_in_memory &&
			    ublk_shmem_zc_index(fake->requests[r].memory) == index)
				return -EBUSY;
		}
	}
	dev->memory[index].len = 0;
	return 0;
}
