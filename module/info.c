// SPDX-License-Identifier: GPL-2.0-only
/*
 * info.c - the commands that ask about a device or set its parameters
 */
#include <linux/uaccess.h>

#include "info.h"
#include "params.h"

static pid_t ublk_server_pid(struct ublk_device *dev)
{
	struct ublk_session *s;
	pid_t pid = -1;

	rcu_read_lock();
	s = rcu_dereference(dev->session);
	if (s && READ_ONCE(s->phase) == UBLK_PHASE_LIVE)
		pid = pid_vnr(s->opener);
	rcu_read_unlock();
	return pid > 0 ? pid : -1;
}

/**
 * ublk_ctrl_get_info() - GET_DEV_INFO, GET_DEV_INFO2
 * @dev: device
 * @header: addr and len of a struct ublksrv_ctrl_dev_info
 *
 * The server's pid is told as the caller's pid namespace numbers it; -1 without a server.
 *
 * Return: 0, -EINVAL, -EFAULT.
 */
int ublk_ctrl_get_info(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	struct ublksrv_ctrl_dev_info info = dev->info;

	if (header->len < sizeof(info) || !header->addr)
		return -EINVAL;
	info.state = READ_ONCE(dev->state);
	info.ublksrv_pid = ublk_server_pid(dev);
	return copy_to_user(u64_to_user_ptr(header->addr), &info, sizeof(info)) ? -EFAULT : 0;
}

/**
 * ublk_ctrl_get_affinity() - GET_QUEUE_AFFINITY
 * @dev: device
 * @header: data[0] is the queue; addr and len a CPU mask, zeroed beyond what there is
 *
 * Return: 0, -EINVAL, -EFAULT, -ENOMEM.
 */
int ublk_ctrl_get_affinity(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	struct blk_mq_queue_map *map = &dev->tag_set.map[HCTX_TYPE_DEFAULT];
	void __user *buf = u64_to_user_ptr(header->addr);
	unsigned int cpu, bytes;
	cpumask_var_t mask;
	int err = 0;

	if (header->len * BITS_PER_BYTE < nr_cpu_ids || header->len % sizeof(u64) ||
	    !header->addr || header->data[0] >= ublk_nr_queues(dev))
		return -EINVAL;
	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		if (map->mq_map[cpu] == header->data[0])
			cpumask_set_cpu(cpu, mask);
	bytes = min_t(unsigned int, header->len, cpumask_size());
	if (copy_to_user(buf, mask, bytes) || clear_user(buf + bytes, header->len - bytes))
		err = -EFAULT;
	free_cpumask_var(mask);
	return err;
}

/**
 * ublk_ctrl_get_features() - GET_FEATURES: what this driver can do on this kernel
 * @none: no device
 * @header: addr and len of a u64
 *
 * Return: 0, -EINVAL, -EFAULT.
 */
int ublk_ctrl_get_features(struct ublk_device *none, const struct ublksrv_ctrl_cmd *header)
{
	u64 features = UBLK_FEATURES;

	if (header->len != sizeof(features) || !header->addr)
		return -EINVAL;
	return copy_to_user(u64_to_user_ptr(header->addr), &features, sizeof(features)) ? -EFAULT :
											  0;
}

/* How much of struct ublk_params the caller knows: its first word says so. */
static int ublk_params_len(const struct ublksrv_ctrl_cmd *header, u32 *ret)
{
	if (header->len <= offsetof(struct ublk_params, basic) || !header->addr)
		return -EINVAL;
	if (copy_from_user(ret, u64_to_user_ptr(header->addr), sizeof(*ret)))
		return -EFAULT;
	if (*ret > header->len || !*ret)
		return -EINVAL;
	*ret = min_t(u32, *ret, sizeof(struct ublk_params));
	return 0;
}

static void ublk_fill_devt(struct ublk_device *dev)
{
	struct ublk_param_devt *devt = &dev->params.devt;

	devt->char_major = MAJOR(dev->cdev_dev.devt);
	devt->char_minor = MINOR(dev->cdev_dev.devt);
	devt->disk_major = dev->disk ? dev->disk->major : 0;
	devt->disk_minor = dev->disk ? dev->disk->first_minor : 0;
	dev->params.types |= UBLK_PARAM_TYPE_DEVT;
}

/**
 * ublk_ctrl_get_params() - GET_PARAMS
 * @dev: device
 * @header: addr and len of a struct ublk_params, whose own len says how much of it is wanted
 *
 * Return: 0, -EINVAL, -EFAULT, -EINTR.
 */
int ublk_ctrl_get_params(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	struct ublk_params params;
	u32 len;
	int err;

	err = ublk_params_len(header, &len);
	if (err)
		return err;
	if (mutex_lock_interruptible(&dev->mutex))
		return -EINTR;
	ublk_fill_devt(dev);
	params = dev->params;
	dev->params.types &= ~UBLK_PARAM_TYPE_DEVT;
	mutex_unlock(&dev->mutex);
	params.len = len;
	return copy_to_user(u64_to_user_ptr(header->addr), &params, len) ? -EFAULT : 0;
}

/**
 * ublk_ctrl_set_params() - SET_PARAMS
 * @dev: device
 * @header: addr and len of a struct ublk_params; a shorter one keeps the rest as it was
 *
 * On error nothing changes.
 *
 * Return: 0; -EACCES there is a disk; -EINVAL, -EFAULT, -EINTR.
 */
int ublk_ctrl_set_params(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	struct ublk_params given, params;
	u32 len;
	int err;

	err = ublk_params_len(header, &len);
	if (err)
		return err;
	/* not under the mutex: the copy may wait for a page for ever, and a stop for the mutex */
	if (copy_from_user(&given, u64_to_user_ptr(header->addr), len))
		return -EFAULT;
	if (mutex_lock_interruptible(&dev->mutex))
		return -EINTR;
	params = dev->params;
	memcpy(&params, &given, len);
	if (dev->disk || atomic_read(&dev->nr_disks))
		err = -EACCES;
	else
		err = ublk_params_check(&params, &dev->info);
	if (!err) {
		params.len = len;
		params.types &= UBLK_PARAM_TYPE_ALL;
		dev->params = params;
	}
	mutex_unlock(&dev->mutex);
	return err;
}

/**
 * ublk_ctrl_update_size() - UPDATE_SIZE
 * @dev: device
 * @header: data[0] is the new size in sectors of 512 bytes, a multiple of the logical block
 *
 * Return: 0; -ENODEV no disk; -EOPNOTSUPP it has zones, counted at START; -EINVAL; -EINTR.
 */
int ublk_ctrl_update_size(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header)
{
	u64 sectors = header->data[0];
	int err = 0;

	if (mutex_lock_interruptible(&dev->mutex))
		return -EINTR;
	if (!dev->disk_added) {
		err = -ENODEV;
	} else if (ublk_is_zoned(dev)) {
		err = -EOPNOTSUPP;
	} else if (!ublk_params_capacity_ok(sectors) ||
		   sectors & ((1u << (dev->params.basic.logical_bs_shift - SECTOR_SHIFT)) - 1)) {
		err = -EINVAL;
	} else {
		dev->params.basic.dev_sectors = sectors;
		set_capacity_and_notify(dev->disk, sectors);
	}
	mutex_unlock(&dev->mutex);
	return err;
}
