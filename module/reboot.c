// SPDX-License-Identifier: GPL-2.0-only
/*
 * reboot.c - a reboot never waits for a server
 *
 * kernel_restart(), kernel_power_off(), kernel_halt() and kexec call these first, before
 * device_shutdown(), in the context of the task that asked for it. User space is still there, but
 * nobody will start a server any more. What the kernel itself does from here on must not hang on
 * a parked request: md's notifier, for one, writes superblocks and waits for them.
 *
 *   first    devices that nobody serves: all their I/O fails from here on. As early as the
 *            chain allows; md has the same priority, and whoever was registered first goes first.
 *   last     all devices: what the others wanted written was written.
 */
#include <linux/notifier.h>
#include <linux/reboot.h>

#include "abort.h"
#include "device.h"
#include "reboot.h"

static void ublk_reboot_abort(bool unserved_only)
{
	struct ublk_device *dev;
	int id;

	for (id = 0; (dev = ublk_device_next(&id)); id++) {
		if (!unserved_only || READ_ONCE(dev->state) != UBLK_STATE_LIVE)
			ublk_abort_for_good(dev);
		ublk_device_put(dev);
	}
}

static int ublk_reboot_first(struct notifier_block *nb, unsigned long action, void *data)
{
	ublk_reboot_abort(true);
	return NOTIFY_DONE;
}

static int ublk_reboot_last(struct notifier_block *nb, unsigned long action, void *data)
{
	ublk_reboot_abort(false);
	return NOTIFY_DONE;
}

static struct notifier_block ublk_first_nb = {
	.notifier_call = ublk_reboot_first,
	.priority = INT_MAX,
};

static struct notifier_block ublk_last_nb = {
	.notifier_call = ublk_reboot_last,
	.priority = INT_MIN,
};

void ublk_reboot_init(void)
{
	/* these two never fail */
	register_reboot_notifier(&ublk_first_nb);
	register_reboot_notifier(&ublk_last_nb);
}

/* Waits for a notifier under way. */
void ublk_reboot_exit(void)
{
	unregister_reboot_notifier(&ublk_last_nb);
	unregister_reboot_notifier(&ublk_first_nb);
}
