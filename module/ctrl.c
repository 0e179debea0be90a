// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctrl.c - /dev/ublk-control: one table of commands, and the way from the SQE to the handler
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>

#include "access.h"
#include "ctrl.h"
#include "device.h"
#include "handover.h"
#include "info.h"
#include "lifecycle.h"
#include "shmem.h"

enum {
	UBLK_CTRL_NO_DEVICE	= 1 << 0,	/* is about no device that is there already */
	UBLK_CTRL_SLEEPS	= 1 << 1,	/* waits for others, so it runs in io-wq */
	UBLK_CTRL_PATH		= 1 << 2,	/* has the path of /dev/ublkcN on each device */
	UBLK_CTRL_ASKS		= 1 << 3,	/* changes nothing */
	UBLK_CTRL_ENCODED	= 1 << 4,	/* has no legacy number */
	UBLK_CTRL_DELETES	= 1 << 5,
};

static const struct ublk_ctrl_op {
	int (*handler)(struct ublk_device *dev, const struct ublksrv_ctrl_cmd *header);
	unsigned int flags;
} ublk_ctrl_ops[] = {
	[UBLK_CMD_GET_QUEUE_AFFINITY] = { ublk_ctrl_get_affinity, UBLK_CTRL_ASKS },
	[UBLK_CMD_GET_DEV_INFO] = { ublk_ctrl_get_info, UBLK_CTRL_ASKS },
	[UBLK_CMD_ADD_DEV] = { ublk_ctrl_add, UBLK_CTRL_SLEEPS | UBLK_CTRL_NO_DEVICE },
	[UBLK_CMD_DEL_DEV] = { ublk_ctrl_del, UBLK_CTRL_SLEEPS | UBLK_CTRL_DELETES },
	[UBLK_CMD_START_DEV] = { ublk_ctrl_start, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_STOP_DEV] = { ublk_ctrl_stop, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_SET_PARAMS] = { ublk_ctrl_set_params, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_GET_PARAMS] = { ublk_ctrl_get_params, UBLK_CTRL_SLEEPS | UBLK_CTRL_ASKS },
	[UBLK_CMD_START_USER_RECOVERY] = { ublk_ctrl_start_recovery, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_END_USER_RECOVERY] = { ublk_ctrl_end_recovery, UBLK_CTRL_SLEEPS },
	[UBLK_CMD_GET_DEV_INFO2] = { ublk_ctrl_get_info,
				     UBLK_CTRL_SLEEPS | UBLK_CTRL_PATH | UBLK_CTRL_ASKS },
	[_IOC_NR(UBLK_U_CMD_GET_FEATURES)] = { ublk_ctrl_get_features,
					       UBLK_CTRL_NO_DEVICE | UBLK_CTRL_ENCODED },
	[_IOC_NR(UBLK_U_CMD_DEL_DEV_ASYNC)] = { ublk_ctrl_del_async,
						UBLK_CTRL_SLEEPS | UBLK_CTRL_DELETES },
	[_IOC_NR(UBLK_U_CMD_UPDATE_SIZE)] = { ublk_ctrl_update_size, UBLK_CTRL_SLEEPS },
	[_IOC_NR(UBLK_U_CMD_QUIESCE_DEV)] = { ublk_ctrl_quiesce, UBLK_CTRL_SLEEPS },
	[_IOC_NR(UBLK_U_CMD_TRY_STOP_DEV)] = { ublk_ctrl_try_stop, UBLK_CTRL_SLEEPS },
	[_IOC_NR(UBLK_U_CMD_REG_BUF)] = { ublk_ctrl_reg_buf, UBLK_CTRL_SLEEPS },
	[_IOC_NR(UBLK_U_CMD_UNREG_BUF)] = { ublk_ctrl_unreg_buf, UBLK_CTRL_SLEEPS },
};

/* Both numberings, told apart by the type byte; GET_FEATURES has no legacy number. */
static const struct ublk_ctrl_op *ublk_ctrl_find(u32 cmd_op)
{
	unsigned int nr = _IOC_NR(cmd_op), type = _IOC_TYPE(cmd_op);

	if ((type != 'u' && type) || nr >= ARRAY_SIZE(ublk_ctrl_ops) || !ublk_ctrl_ops[nr].handler)
		return NULL;
	if (ublk_ctrl_ops[nr].flags & UBLK_CTRL_ENCODED && cmd_op != UBLK_U_CMD_GET_FEATURES)
		return NULL;
	return &ublk_ctrl_ops[nr];
}

static enum ublk_access ublk_ctrl_access(const struct ublk_ctrl_op *op)
{
	if (op->flags & UBLK_CTRL_ASKS)
		return UBLK_ACCESS_ASK;
	return op->flags & UBLK_CTRL_DELETES ? UBLK_ACCESS_DELETE : UBLK_ACCESS_CONTROL;
}

static int ublk_ctrl_run(const struct ublk_ctrl_op *op, struct ublksrv_ctrl_cmd *header)
{
	struct ublk_device *dev;
	int err;

	if (op->flags & UBLK_CTRL_NO_DEVICE)
		return op->handler(NULL, header);
	dev = ublk_device_find(header->dev_id);
	if (!dev)
		return -ENODEV;
	err = ublk_access_command(dev, header, ublk_ctrl_access(op), op->flags & UBLK_CTRL_PATH);
	if (!err)
		err = op->handler(dev, header);
	ublk_device_put(dev);
	return err;
}

static int ublk_ctrl_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	const struct ublk_ctrl_op *op = ublk_ctrl_find(cmd->cmd_op);
	struct ublksrv_ctrl_cmd header;
	int ret;

	if (issue_flags & IO_URING_F_CANCEL)
		return 0;
	if (!(issue_flags & IO_URING_F_SQE128))
		return -EINVAL;
	if (!op)
		return -EOPNOTSUPP;
	/* once: run inline, the SQE is memory that user space can change meanwhile (C8) */
	memcpy(&header, ublk_cmd_payload(cmd), sizeof(header));
	/* a path may lead through a slow file system */
	if ((op->flags & UBLK_CTRL_SLEEPS || header.dev_path_len) &&
	    issue_flags & IO_URING_F_NONBLOCK)
		return -EAGAIN;
	ret = ublk_ctrl_run(op, &header);
	if (ret <= 0)
		return ret;
	/* REG_BUF's index: io_uring of 6.1 never completes a command that returns more than 0 */
	io_uring_cmd_done(cmd, ret, issue_flags);
	return -EIOCBQUEUED;
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
