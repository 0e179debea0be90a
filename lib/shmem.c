/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Memory shared with who does I/O on the disk: registered with the driver, and found again by what
 * a request's descriptor says.
 *
 * The table is read by queue threads without a lock: an entry's length is written before its
 * address, and neither changes while a request can point there.
 */
#include <string.h>

#include "internal.h"

static int run(struct ublk_device *dev, uint32_t op, uint64_t data, void *buf, uint16_t len,
	       int *ret_res)
{
	/* Not to be interrupted by request_stop: what ends then still gives its memory back. */
	const struct ublk_cmd_args args = {
		.op = op, .id = dev->id, .queue = -1, .data = data, .buf = buf, .len = len,
		.interrupt_fd = -1, .is_by_path = ublk_device_is_users(dev),
	};

	return ublk_ctl_run(dev->ctl, &args, ret_res);
}

static int register_error(const struct ublk_device *dev, int res, size_t len)
{
	switch (res) {
	case -ENOMEM:
		return ublk_set_error(res, "device %d: no memory to pin %zu bytes: raise "
				      "RLIMIT_MEMLOCK (ulimit -l), or have CAP_IPC_LOCK", dev->id,
				      len);
	case -EEXIST:
		return ublk_set_error(res, "device %d: a page of this memory is registered "
				      "already: unregister that first", dev->id);
	case -ENOSPC:
		return ublk_set_error(res, "device %d has as many buffers as there can be: "
				      "unregister some", dev->id);
	case -EFAULT:
		return ublk_set_error(res, "device %d: this memory cannot be pinned: it has to be "
				      "mapped, writable unless LIBUBLK_MEMORY_READ_ONLY, and of a "
				      "memfd, tmpfs or hugetlbfs", dev->id);
	case -EINVAL:
		return ublk_set_error(res, "device %d: address and length have to be whole pages, "
				      "at most 4 GiB", dev->id);
	default:
		return ublk_set_error(res, "device %d: the driver refuses to register memory: %s",
				      dev->id, strerror(-res));
	}
}

static int unregister_error(const struct ublk_device *dev, unsigned index, int res)
{
	if (res == -EBUSY)
		return ublk_set_error(res, "device %d: requests under way use buffer %u: complete "
				      "them, then unregister it again", dev->id, index);
	return ublk_set_error(res, "device %d: buffer %u: %s", dev->id, index, strerror(-res));
}

static int unsupported(const struct ublk_device *dev)
{
	return ublk_set_error(EOPNOTSUPP, "device %d was made without LIBUBLK_FEATURE_SHMEM_ZC: "
			      "ask for it in config.features_required", dev->id);
}

static bool is_on(const struct ublk_device *dev)
{
	return dev->config.features_granted & UBLK_F_SHMEM_ZC;
}

UBLK_EXPORT int ublk_device_register_memory(struct ublk_device *dev, void *at, size_t len,
					    uint32_t flags, unsigned *ret_index)
{
	struct ublk_shmem_buf_reg reg = {
		.addr = (uintptr_t)at, .len = len,
		.flags = flags & LIBUBLK_MEMORY_READ_ONLY ? UBLK_SHMEM_BUF_READ_ONLY : 0,
	};
	int r, res = 0;

	if (!is_on(dev))
		return unsupported(dev);
	if (flags & ~LIBUBLK_MEMORY_READ_ONLY)
		return ublk_set_error(EINVAL, "ublk_device_register_memory: unknown flags");
	/* A request may point there before the answer is here: its thread waits for the lock. */
	pthread_mutex_lock(&dev->memory_lock);
	r = run(dev, UBLK_U_CMD_REG_BUF, 0, &reg, sizeof(reg), &res);
	if (!r && res >= LIBUBLK_MAX_MEMORY) {
		run(dev, UBLK_U_CMD_UNREG_BUF, (uint64_t)res, NULL, 0, &r);
		r = 0;
		res = -ENOSPC;
	}
	if (!r && res >= 0) {
		dev->memory[res].len = len;
		atomic_store_explicit(&dev->memory[res].at, at, memory_order_release);
		*ret_index = (unsigned)res;
	}
	pthread_mutex_unlock(&dev->memory_lock);
	if (r < 0)
		return r;
	return res < 0 ? register_error(dev, res, len) : 0;
}

UBLK_EXPORT int ublk_device_unregister_memory(struct ublk_device *dev, unsigned index)
{
	int r, res = 0;

	if (!is_on(dev))
		return unsupported(dev);
	if (index >= LIBUBLK_MAX_MEMORY)
		return unregister_error(dev, index, -EINVAL);
	pthread_mutex_lock(&dev->memory_lock);
	r = run(dev, UBLK_U_CMD_UNREG_BUF, index, NULL, 0, &res);
	if (!r && (!res || res == -ENOENT))
		atomic_store_explicit(&dev->memory[index].at, NULL, memory_order_release);
	pthread_mutex_unlock(&dev->memory_lock);
	if (r < 0)
		return r;
	return res < 0 ? unregister_error(dev, index, res) : 0;
}

/*
 * What a server before this one had registered: it is not mapped here, so no request may point
 * there. The driver gives the lowest numbers first, and this library has no higher ones.
 */
int ublk_memory_forget(struct ublk_device *dev)
{
	unsigned index;
	int r = 0, res;

	if (!is_on(dev))
		return 0;
	for (index = 0; index < LIBUBLK_MAX_MEMORY && !r; index++) {
		r = run(dev, UBLK_U_CMD_UNREG_BUF, index, NULL, 0, &res);
		if (!r && res < 0 && res != -ENOENT)
			r = unregister_error(dev, index, res);
	}
	return r;
}

/* Where the data of a request is that points to registered memory; NULL: not in this process. */
void *ublk_memory_of(const struct ublk_io *io)
{
	struct ublk_device *dev = io->q->dev;
	unsigned index = ublk_shmem_zc_index(io->desc.addr);
	uint64_t offset = ublk_shmem_zc_offset(io->desc.addr);
	uint64_t len = (uint64_t)io->desc.nr_sectors << SECTOR_SHIFT;
	struct ublk_memory *memory;
	char *at;

	if (index >= LIBUBLK_MAX_MEMORY)
		return NULL;
	memory = &dev->memory[index];
	at = atomic_load_explicit(&memory->at, memory_order_acquire);
	if (!at) {
		pthread_mutex_lock(&dev->memory_lock);
		at = atomic_load_explicit(&memory->at, memory_order_acquire);
		pthread_mutex_unlock(&dev->memory_lock);
	}
	if (!at || len > memory->len || offset > memory->len - len)
		return NULL;
	return at + offset;
}

UBLK_EXPORT int ublk_io_is_in_memory(const struct ublk_io *io)
{
	return ublk_is_in_memory(io);
}
