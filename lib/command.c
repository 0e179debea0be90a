/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Commands on a device by its id, from whichever process. */
#include <string.h>

#include "internal.h"
#include "point.h"

/* The driver's answer, or -errno with a sentence for what every command can meet. */
static int run(struct ublk_ctl *ctl, uint32_t op, int id, uint64_t data, int timeout_ms,
	       int *ret_res)
{
	struct ublk_cmd_args args = {
		.op = op, .id = id, .queue = -1, .data = data, .timeout_ms = timeout_ms,
		.interrupt_fd = -1,
	};
	int r;

	if (id < 0)
		return ublk_set_error(EINVAL, "%d is not a device id", id);
	ublk_cmd_reap();
	r = ublk_ctl_run(ctl, &args, ret_res);
	if (r < 0)
		return r;
	if (*ret_res == -EPERM || *ret_res == -EACCES)
		return ublk_not_permitted(id, *ret_res);
	return 0;
}

UBLK_EXPORT int ublk_device_stop(struct ublk_ctl *ctl, int id, uint32_t flags, int timeout_ms)
{
	bool is_careful = flags & LIBUBLK_STOP_IF_UNUSED;
	int r, res;

	if (flags & ~LIBUBLK_STOP_IF_UNUSED)
		return ublk_set_error(EINVAL, "ublk_device_stop: unknown flags");
	r = run(ctl, is_careful ? UBLK_U_CMD_TRY_STOP_DEV : UBLK_U_CMD_STOP_DEV, id, 0,
		timeout_ms, &res);
	if (r < 0)
		return r;
	if (res == -ENODEV && is_careful) {
		/* TRY_STOP says so too of a device without a disk: that one is stopped. */
		struct ublksrv_ctrl_dev_info info;

		return ublk_get_kernel_info(ctl, id, &info);
	}
	if (res == -ENODEV)
		return ublk_no_device(id);
	if (res == -EBUSY)
		return ublk_set_error(res, "device %d is in use: unmount it, close what has it "
				      "open ('fuser -v /dev/ublkb%d'), or stop it regardless",
				      id, id);
	if (res == -EOPNOTSUPP)
		return ublk_features_refuse(LIBUBLK_FEATURE_SAFE_STOP, "the driver");
	if (res < 0)
		return ublk_set_error(res, "stopping device %d: %s", id, strerror(-res));
	return 0;
}

UBLK_EXPORT int ublk_device_delete(struct ublk_ctl *ctl, int id, uint32_t flags, int timeout_ms)
{
	int r, res;

	if (flags & ~LIBUBLK_DELETE_ASYNC)
		return ublk_set_error(EINVAL, "ublk_device_delete: unknown flags");
	UBLK_POINT(BEFORE_DELETE);
	r = run(ctl, flags & LIBUBLK_DELETE_ASYNC ? UBLK_U_CMD_DEL_DEV_ASYNC : UBLK_U_CMD_DEL_DEV,
		id, 0, timeout_ms, &res);
	if (r < 0)
		return r;
	if (res == -ENODEV)
		return ublk_no_device(id);
	if (res < 0)
		return ublk_set_error(res, "deleting device %d: %s", id, strerror(-res));
	UBLK_POINT(AFTER_DELETE);
	/* A record that stays is only untidy: it matches no device any more. */
	r = ublk_record_remove(ctl, id);
	if (r < 0 && r != -ENOENT)
		ublk_log(LIBUBLK_LOG_WARNING, "%s", ublk_last_error());
	return 0;
}

UBLK_EXPORT int ublk_device_quiesce(struct ublk_ctl *ctl, int id, int timeout_ms)
{
	uint64_t kernel_ms;
	int r, res;

	if (!timeout_ms)
		timeout_ms = atomic_load(&ctl->timeout_ms);
	kernel_ms = timeout_ms < 0 ? 0 : (uint64_t)timeout_ms;
	/* The driver keeps the time and rolls back; ours is only the backstop behind it. */
	if (timeout_ms >= 0)
		timeout_ms = timeout_ms < INT32_MAX - 5000 ? timeout_ms + 5000 : INT32_MAX;
	r = run(ctl, UBLK_U_CMD_QUIESCE_DEV, id, kernel_ms, timeout_ms, &res);
	if (r < 0)
		return r;
	switch (res) {
	case -ENODEV:
		return ublk_set_error(res, "device %d does not exist or is not live", id);
	case -EOPNOTSUPP:
		return ublk_features_refuse(LIBUBLK_FEATURE_QUIESCE, "the device");
	case -EBUSY:
		return ublk_set_error(res, "device %d: its server did not finish within %llu ms "
				      "and goes on serving", id, (unsigned long long)kernel_ms);
	default:
		if (res < 0)
			return ublk_set_error(res, "quiescing device %d: %s", id, strerror(-res));
		return 0;
	}
}

UBLK_EXPORT int ublk_device_resize(struct ublk_ctl *ctl, int id, uint64_t capacity)
{
	struct ublk_params params;
	int r, res;

	r = ublk_get_kernel_params(ctl, id, &params);
	if (r < 0)
		return r;
	if (!capacity || capacity > INT64_MAX ||
	    capacity % ublk_shift_to_bytes(params.basic.logical_bs_shift))
		return ublk_set_error(EINVAL, "%llu bytes are not a multiple of the logical block, "
				      "%u bytes", (unsigned long long)capacity,
				      ublk_shift_to_bytes(params.basic.logical_bs_shift));
	r = run(ctl, UBLK_U_CMD_UPDATE_SIZE, id, capacity >> SECTOR_SHIFT, 0, &res);
	if (r < 0)
		return r;
	if (res == -ENODEV)
		return ublk_set_error(res, "device %d does not exist or has no disk", id);
	if (res == -EOPNOTSUPP)
		return ublk_features_refuse(LIBUBLK_FEATURE_UPDATE_SIZE, "the driver");
	if (res < 0)
		return ublk_set_error(res, "resizing device %d: %s", id, strerror(-res));
	return 0;
}
