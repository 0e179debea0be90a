// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - the rooms in their order, and the module's parameters
 */
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "ctrl.h"
#include "debugfs.h"
#include "device.h"
#include "hints.h"
#include "reboot.h"

struct workqueue_struct *ublk_wq;
struct workqueue_struct *ublk_stop_wq;
struct workqueue_struct *ublk_reap_wq;

unsigned int ublk_ublks_max = 64;
module_param_named(ublks_max, ublk_ublks_max, uint, 0644);
MODULE_PARM_DESC(ublks_max, "max number of unprivileged devices allowed to add (default: 64)");

/* io_uring does not tell the driver of a death before 6.7, so there the period is felt */
unsigned int ublk_monitor_period_ms = UBLK_URING_TELLS_CANCEL ? 5000 : 1000;
module_param_named(monitor_period_ms, ublk_monitor_period_ms, uint, 0644);
MODULE_PARM_DESC(monitor_period_ms,
		 "how often the monitor looks for dead servers, in ms; hints: sooner");

unsigned int ublk_stop_timeout_ms = 30000;
module_param_named(stop_timeout_ms, ublk_stop_timeout_ms, uint, 0644);
MODULE_PARM_DESC(stop_timeout_ms,
		 "STOP fails the I/O of a server without progress for so long, in ms (0: never)");

bool ublk_hints = true;
module_param_named(hints, ublk_hints, bool, 0644);
MODULE_PARM_DESC(hints, "let hints of a server's death make the monitor run at once (default: Y)");

static void __init ublk_check_abi(void)
{
	BUILD_BUG_ON(sizeof(struct ublksrv_ctrl_cmd) != 32);
	BUILD_BUG_ON(sizeof(struct ublksrv_ctrl_dev_info) != 64);
	BUILD_BUG_ON(sizeof(struct ublksrv_io_desc) != 24);
	BUILD_BUG_ON(sizeof(struct ublksrv_io_cmd) != 16);
	BUILD_BUG_ON(sizeof(struct ublk_slot) != SMP_CACHE_BYTES);
	BUILD_BUG_ON((int)UBLK_STATE_DEAD != UBLK_S_DEV_DEAD);
	BUILD_BUG_ON((int)UBLK_STATE_LIVE != UBLK_S_DEV_LIVE);
	BUILD_BUG_ON((int)UBLK_STATE_QUIESCED != UBLK_S_DEV_QUIESCED);
	BUILD_BUG_ON((int)UBLK_STATE_FAIL_IO != UBLK_S_DEV_FAIL_IO);
}

static void ublk_queues_exit(void)
{
	/* safe with those that are not there */
	if (ublk_reap_wq)
		destroy_workqueue(ublk_reap_wq);
	if (ublk_stop_wq)
		destroy_workqueue(ublk_stop_wq);
	if (ublk_wq)
		destroy_workqueue(ublk_wq);
}

static int __init ublk_queues_init(void)
{
	ublk_wq = alloc_workqueue("ublk", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	ublk_stop_wq = alloc_workqueue("ublk_stop", WQ_UNBOUND, WQ_UNBOUND_MAX_ACTIVE);
	ublk_reap_wq = alloc_workqueue("ublk_reap", WQ_UNBOUND, WQ_UNBOUND_MAX_ACTIVE);
	if (ublk_wq && ublk_stop_wq && ublk_reap_wq)
		return 0;
	ublk_queues_exit();
	return -ENOMEM;
}

static int __init ublk_init(void)
{
	int err;

	ublk_check_abi();
	err = ublk_queues_init();
	if (err)
		return err;
	err = ublk_device_init();
	if (err)
		goto err_queues;
	ublk_debugfs_init();
	err = ublk_hints_init();
	if (err)
		goto err_debugfs;
	ublk_reboot_init();
	err = misc_register(&ublk_ctrl_misc);
	if (err)
		goto err_reboot;
	return 0;

err_reboot:
	ublk_reboot_exit();
	ublk_hints_exit();
err_debugfs:
	ublk_debugfs_exit();
	ublk_device_exit();
err_queues:
	ublk_queues_exit();
	return err;
}

/* Every device holds the module, so there is none left. */
static void __exit ublk_exit(void)
{
	misc_deregister(&ublk_ctrl_misc);
	ublk_reboot_exit();
	ublk_hints_exit();
	/* the last device's memory may just have been freed from one of these */
	rcu_barrier();
	ublk_queues_exit();
	ublk_debugfs_exit();
	ublk_device_exit();
}

module_init(ublk_init);
module_exit(ublk_exit);

MODULE_DESCRIPTION("Block devices served by a user process, which may die and be replaced");
MODULE_AUTHOR("The ublk that survives authors");
MODULE_LICENSE("GPL");
