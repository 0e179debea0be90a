/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What the kernel knows about devices, and waiting for it to change. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* How often a wait looks where no uevent will tell. */
#define LOOK_PERIOD_MS	200

int ublk_no_device(int id)
{
	return ublk_set_error(ENODEV, "there is no device %d ('ublk list' shows what there is)",
			      id);
}

static int inspect(struct ublk_ctl *ctl, uint32_t op, int id, void *buf, uint16_t len)
{
	struct ublk_cmd_args args = {
		.op = op, .id = id, .queue = -1, .buf = buf, .len = len, .interrupt_fd = -1,
	};
	int r, res;

	if (id < 0)
		return ublk_set_error(EINVAL, "%d is not a device id", id);
	r = ublk_ctl_run(ctl, &args, &res);
	if (r < 0)
		return r;
	if (res == -ENODEV)
		return ublk_no_device(id);
	if (res == -EPERM || res == -EACCES)
		return ublk_not_permitted(id, res);
	if (res < 0)
		return ublk_set_error(res, "device %d: %s", id, strerror(-res));
	return 0;
}

int ublk_get_kernel_info(struct ublk_ctl *ctl, int id, struct ublksrv_ctrl_dev_info *ret)
{
	struct ublksrv_ctrl_dev_info info = { .dev_id = (uint32_t)id };
	int r = inspect(ctl, UBLK_U_CMD_GET_DEV_INFO, id, &info, sizeof(info));

	if (!r)
		*ret = info;
	return r;
}

int ublk_get_kernel_params(struct ublk_ctl *ctl, int id, struct ublk_params *ret)
{
	struct ublk_params params = { .len = sizeof(params) };
	int r = inspect(ctl, UBLK_U_CMD_GET_PARAMS, id, &params, sizeof(params));

	if (!r)
		*ret = params;
	return r;
}

static void info_from_params(struct ublk_device_info *info, const struct ublk_params *params)
{
	if (params->types & UBLK_PARAM_TYPE_BASIC) {
		info->attrs = params->basic.attrs;
		info->capacity = params->basic.dev_sectors << SECTOR_SHIFT;
		info->logical_block = ublk_shift_to_bytes(params->basic.logical_bs_shift);
		info->physical_block = ublk_shift_to_bytes(params->basic.physical_bs_shift);
		info->io_min = ublk_shift_to_bytes(params->basic.io_min_shift);
		info->io_opt = ublk_shift_to_bytes(params->basic.io_opt_shift);
		info->max_request = params->basic.max_sectors << SECTOR_SHIFT;
	}
	if (params->types & UBLK_PARAM_TYPE_DISCARD) {
		info->max_discard = (uint64_t)params->discard.max_discard_sectors << SECTOR_SHIFT;
		info->max_write_zeroes =
			(uint64_t)params->discard.max_write_zeroes_sectors << SECTOR_SHIFT;
		info->discard_granularity =
			info->max_discard ? params->discard.discard_granularity : 0;
	}
	if (params->types & UBLK_PARAM_TYPE_DEVT) {
		info->char_major = params->devt.char_major;
		info->char_minor = params->devt.char_minor;
		info->disk_major = params->devt.disk_major;
		info->disk_minor = params->devt.disk_minor;
	}
}

UBLK_EXPORT int ublk_device_get_info(struct ublk_ctl *ctl, int id,
				     struct ublk_device_info *ret_info)
{
	size_t least = offsetof(struct ublk_device_info, server_pid), size = ret_info->size;
	struct ublk_device_info info = { .size = sizeof(info) };
	struct ublksrv_ctrl_dev_info kernel;
	struct ublk_params params;
	int r;

	if (size < least)
		return ublk_set_error(EINVAL, "ublk_device_info.size is not set");
	r = ublk_get_kernel_info(ctl, id, &kernel);
	if (!r)
		r = ublk_get_kernel_params(ctl, id, &params);
	if (r)
		return r;
	info.id = (int32_t)kernel.dev_id;
	info.state = kernel.state;
	info.features = kernel.flags;
	info.identity_tag = kernel.ublksrv_flags;
	info.recovery = ublk_flags_to_recovery(kernel.flags);
	info.server_pid = kernel.ublksrv_pid > 0 ? kernel.ublksrv_pid : -1;
	info.nr_queues = kernel.nr_hw_queues;
	info.queue_depth = kernel.queue_depth;
	info.max_io = kernel.max_io_buf_bytes;
	info.owner_uid = kernel.owner_uid;
	info.owner_gid = kernel.owner_gid;
	info_from_params(&info, &params);
	if (size > sizeof(info)) {
		memset((char *)ret_info + sizeof(info), 0, size - sizeof(info));
		size = sizeof(info);
	}
	memcpy(ret_info, &info, size);
	return 0;
}

UBLK_EXPORT int ublk_device_list(struct ublk_ctl *ctl, int **ret_ids, size_t *ret_count)
{
	ublk_cmd_reap();
	return ctl->transport->dev_list(ctl, ret_ids, ret_count);
}

/* All that has been said so far: the look that follows sees what came of it. */
static void drain(struct ublk_events *events)
{
	struct ublk_event event = { .size = sizeof(event) };

	while (events && ublk_events_next(events, 0, &event) > 0)
		;
}

/* How long to sleep at most: until news, or where there will be none, until the next look. */
static int sleep_ms(const struct ublk_ctl *ctl, int id, const struct ublk_events *events, int left)
{
	if (events && ctl->transport->dev_announces && ctl->transport->dev_announces(id))
		return left;
	return left < 0 || left > LOOK_PERIOD_MS ? LOOK_PERIOD_MS : left;
}

/* 1 in that state, 0 not. */
static int is_in_state(struct ublk_ctl *ctl, int id, int state)
{
	struct ublksrv_ctrl_dev_info info;
	int r = ublk_get_kernel_info(ctl, id, &info);

	if (r == -ENODEV && state == LIBUBLK_STATE_GONE)
		return 1;
	if (r)
		return r;
	return info.state == state;
}

int ublk_wait_state(struct ublk_ctl *ctl, int id, int state, bool is_negated, int timeout_ms,
		    int interrupt_fd)
{
	int64_t deadline = ublk_deadline(timeout_ms);
	struct pollfd p[2] = {
		{ .fd = -1, .events = POLLIN }, { .fd = interrupt_fd, .events = POLLIN },
	};
	struct ublk_events *events = NULL;
	int r;

	/* Subscribed before the first look; without a subscription it polls. */
	if (timeout_ms && !ublk_events_open(&events))
		p[0].fd = ublk_events_fd(events);
	for (;;) {
		int left = ublk_time_left(deadline);

		/* Before the look, so that what happens after it wakes the poll. */
		drain(events);
		r = is_in_state(ctl, id, state);
		if (r < 0 || !!r != is_negated)
			break;
		if (!left) {
			r = ublk_set_error(ETIMEDOUT, "device %d %s %s within %d ms", id,
					   is_negated ? "did not leave" : "did not become",
					   ublk_state_name(state), timeout_ms);
			break;
		}
		if (poll(p, ARRAY_SIZE(p), sleep_ms(ctl, id, events, left)) < 0) {
			r = ublk_set_error(errno, "waiting for device %d: %s", id,
					   strerror(errno));
			break;
		}
		if (p[1].revents) {
			r = ublk_set_error(ECANCELED, "waiting for device %d: interrupted on "
					   "request", id);
			break;
		}
	}
	ublk_events_close(events);
	return r < 0 ? r : 0;
}

UBLK_EXPORT int ublk_device_wait_state(struct ublk_ctl *ctl, int id, int state, int timeout_ms)
{
	return ublk_wait_state(ctl, id, state, false, timeout_ms, -1);
}
