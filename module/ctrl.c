// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctrl.c - /dev/ublk-control: one table of commands, and the way from the SQE to the handler
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/miscdevice.h>
#include <linux/namei.h>
#include <linux/uaccess.h>

#include "ctrl.h"
#include "device.h"
#include "handover.h"
#include "info.h"
#include "lifecycle.h"

enum {
	UBLK_CTRL_NO_DEVICE	= 1 << 0,	/* is about the driver, for everybody */
	UBLK_CTRL_SLEEPS	= 1 << 1,	/* waits for others, so it runs in io-wq */
	UBLK_CTRL_PATH		= 1 << 2,	/* payload begins with the path of /dev/ublkcN */
	UBLK_CTRL_ADD		= 1 << 3,	/* the device is not there yet */
};

static const struct ublk_ctrl_op {
	int (*handler)(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
	unsigned int flags;
} ublk_ctrl_ops[] = {
	[UBLK_CMD_GET_QUEUE_AFFINITY] = { ublk_ctrl_get_affinity, 0 },
	[UBLK_CMD_GET_DEV_INFO] = { ublk_ctrl_get_info, 0 },
	[UBLK_CMD_ADD_DEV] = { ublk_ctrl_add, UBLK_CTRL_SLEEPS | UBLK_CTRL_ADD },
	[UBLK_CMD_DEL_DEV] = { ublk_ctrl_del, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_START_DEV] = { ublk_ctrl_start, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_STOP_DEV] = { ublk_ctrl_stop, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_SET_PARAMS] = { ublk_ctrl_set_params, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_GET_PARAMS] = { ublk_ctrl_get_params, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_START_USER_RECOVERY] = { ublk_ctrl_start_recovery, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_END_USER_RECOVERY] = { ublk_ctrl_end_recovery, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_GET_DEV_INFO2] = { ublk_ctrl_get_info, UBLK_CTRL_SLEEPS | UBLK_CTRL_PATH },
	[_IOC_NR(UBLK_U_CMD_GET_FEATURES)] = { ublk_ctrl_get_features, UBLK_CTRL_NO_DEVICE },
	[_IOC_NR(UBLK_U_CMD_DEL_DEV_ASYNC)] = { ublk_ctrl_del_async, UBLK_CTRL_SLEEPS },
	[_IOC_NR(UBLK_U_CMD_UPDATE_SIZE)] = { ublk_ctrl_update_size, UBLK_CTRL_SLEEPS },
	[_IOC_NR(UBLK_U_CMD_QUIESCE_DEV)] = { ublk_ctrl_quiesce, UBLK_CTRL_SLEEPS },
	[_IOC_NR(UBLK_U_CMD_TRY_STOP_DEV)] = { ublk_ctrl_try_stop, UBLK_CTRL_SLEEPS },
};

/* Both numberings, told apart by the type byte; GET_FEATURES has no legacy number. */
static const struct ublk_ctrl_op *ublk_ctrl_find(u32 cmd_op)
{
	unsigned int nr = _IOC_NR(cmd_op), type = _IOC_TYPE(cmd_op);

	if ((type != 'u' && type) || nr >= ARRAY_SIZE(ublk_ctrl_ops) || !ublk_ctrl_ops[nr].handler)
		return NULL;
	if (ublk_ctrl_ops[nr].flags & UBLK_CTRL_NO_DEVICE && cmd_op != UBLK_U_CMD_GET_FEATURES)
		return NULL;
	return &ublk_ctrl_ops[nr];
}

/* Does the path at the head of the payload lead to the device's node? */
static int ublk_check_path(struct ublk_device *dev, const char *name)
{
	struct inode *inode;
	struct path path;
	int err;

	err = kern_path(name, LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	inode = d_backing_inode(path.dentry);
	if (!S_ISCHR(inode->i_mode) || inode->i_rdev != dev->cdev_dev.devt)
		err = -EPERM;
	path_put(&path);
	return err;
}

/* Takes the path off the payload. */
static int ublk_take_path(struct ublk_device *dev, struct ublksrv_ctrl_cmd *header)
{
	u16 len = header->dev_path_len;
	char *name;
	int err;

	if (!len || len > PATH_MAX || header->len < len || !header->addr)
		return -EINVAL;
	name = memdup_user_nul(u64_to_user_ptr(header->addr), len);
	if (IS_ERR(name))
		return PTR_ERR(name);
	err = ublk_check_path(dev, name);
	kfree(name);
	header->addr += len;
	header->len -= len;
	return err;
}

static int ublk_ctrl_run(const struct ublk_ctrl_op *op, struct ublksrv_ctrl_cmd *header)
{
	struct ublk_device *dev;
	int err = 0;

	if (op->flags & UBLK_CTRL_NO_DEVICE)
		return op->handler(NULL, header);
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (op->flags & UBLK_CTRL_ADD)
		return op->handler(NULL, header);
	dev = ublk_device_find(header->dev_id);
	if (!dev)
		return -ENODEV;
	if (op->flags & UBLK_CTRL_PATH)
		err = ublk_take_path(dev, header);
	if (!err)
		err = op->handler(dev, header);
	ublk_device_put(dev);
	return err;
}

static int ublk_ctrl_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	const struct ublk_ctrl_op *op = ublk_ctrl_find(cmd->cmd_op);
	struct ublksrv_ctrl_cmd header;

	if (issue_flags & IO_URING_F_CANCEL)
		return 0;
	if (!(issue_flags & IO_URING_F_SQE128))
		return -EINVAL;
	if (!op)
		return -EOPNOTSUPP;
	if (op->flags & UBLK_CTRL_SLEEPS && issue_flags & IO_URING_F_NONBLOCK)
		return -EAGAIN;
	/* once: run inline, the SQE is memory that user space can change meanwhile (C8) */
	memcpy(&header, ublk_cmd_payload(cmd), sizeof(header));
	return ublk_ctrl_run(op, &header);
}

static const struct file_operations ublk_ctrl_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.uring_cmd = ublk_ctrl_uring_cmd,
};

struct miscdevice ublk_ctrl_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ublk-control",
	.fops = &ublk_ctrl_fops,
};
