/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Taking over, and deciding whether there is something to take over.
 *
 *   who is it                the record and the kernel's tag agree with each other and with us
 *   START_USER_RECOVERY      the driver agrees that the server is gone
 *   open /dev/ublkcN         from here on no other server can attach
 *   ops->open, fence         the target has the same backing, and nobody else writes to it
 *   record                   replaced as a whole
 *   queues, END              ublk_queue_open(), ublk_device_start()
 *
 * Every step can be the last one of this process, and each may fail: the device then is as it was
 * (QUIESCED or FAIL_IO, its I/O waiting), the record is the old or the new one, and all of it can
 * be done again. Nothing here deletes.
 */
#include <string.h>

#include "internal.h"
#include "point.h"
#include "probe.h"

#define ASK_AGAIN_MS	10	/* whether a dead server is noticed */

static int refuse(int id, const char *why)
{
	return ublk_set_error(ESTALE, "device %d is not ours: %s", id, why);
}

/*
 * The UUID of device @info if it can be proven: by a record that the kernel's tag confirms, or by
 * the caller's own UUID if that has this tag (the record may be lost with the server's machine
 * state; the kernel's tag is not). A confirmed record also says what the backing was.
 */
static int prove_identity(struct ublk_ctl *ctl, const struct ublksrv_ctrl_dev_info *info,
			  const struct ublk_uuid *claimed, const char *target,
			  struct ublk_uuid *ret_uuid, struct ublk_backing *ret_backing)
{
	int id = (int)info->dev_id, r = -ESTALE;
	bool is_claimed = !ublk_uuid_is_null(claimed);
	struct ublk_record *record;

	if (is_claimed && ublk_uuid_tag(claimed) != info->ublksrv_flags)
		return refuse(id, "it carries another UUID than the one asked for");
	r = ublk_record_load(ctl, id, &record);
	if (!r && ublk_uuid_tag(&record->uuid) == info->ublksrv_flags) {
		if (strcmp(record->target, target))
			r = ublk_set_error(ESTALE, "device %d is not ours: it is one of target %s, "
					   "not %s", id, record->target, target);
		else if (is_claimed && memcmp(claimed, &record->uuid, sizeof(*claimed)))
			r = refuse(id, "it carries another UUID than the one asked for");
		else
			*ret_uuid = record->uuid;
		*ret_backing = record->backing;
		ublk_record_free(record);
		return r;
	}
	if (!r) {
		ublk_record_free(record);
		r = refuse(id, "its record is about an earlier device with this id");
	} else if (r == -ENOENT) {
		r = refuse(id, "it has no record, and no UUID was given to prove it");
	}
	if (!is_claimed)
		return r;
	*ret_uuid = *claimed;
	return 0;
}

static int check_config(const struct ublk_device *dev, const struct ublk_params *params,
			uint64_t flags)
{
	uint64_t capacity = params->basic.dev_sectors << SECTOR_SHIFT;
	uint64_t missing = dev->config.features_required & ~flags;

	if (!(params->types & UBLK_PARAM_TYPE_BASIC))
		return ublk_set_error(EINVAL, "device %d has no parameters", dev->config.id);
	if (dev->config.capacity && dev->config.capacity < capacity)
		return ublk_set_error(EINVAL, "device %d has %llu bytes, its backing only %llu: "
				      "its data would be cut", dev->config.id,
				      (unsigned long long)capacity,
				      (unsigned long long)dev->config.capacity);
	if (missing)
		return ublk_features_refuse(missing, "the device");
	return 0;
}

/*
 * The driver says that somebody has the device, in a state (@state) in which nobody serves it. That
 * may be a server that died before it was live, and no state tells when that has been noticed.
 * Returns 0 when it is time to ask again; -EBUSY too late, or somebody does serve it; -ECANCELED.
 */
static int wait_to_ask(struct ublk_device *dev, uint32_t state, int64_t deadline)
{
	struct ublksrv_ctrl_dev_info info;

	if (!ublk_time_left(deadline))
		return -EBUSY;
	ublk_poll_in(dev->wait_fd, ASK_AGAIN_MS);
	if (ublk_device_is_cancelled(dev))
		return ublk_set_error(ECANCELED, "device %d: interrupted on request", dev->id);
	return ublk_get_kernel_info(dev->ctl, dev->id, &info) || info.state != state ? -EBUSY : 0;
}

static int start_recovery(struct ublk_device *dev, uint32_t state, int wait_ms)
{
	int64_t deadline = ublk_deadline(wait_ms);
	int r, res;

	UBLK_POINT(BEFORE_START_RECOVERY);
	do {
		r = ublk_device_run_command(dev, UBLK_U_CMD_START_USER_RECOVERY, 0, NULL, 0, &res);
		if (r < 0)
			return r;
		if (res == -EBUSY)
			r = wait_to_ask(dev, state, deadline);
	} while (res == -EBUSY && !r);
	if (r == -ECANCELED)
		return r;
	switch (res) {
	case -EINVAL:
		return ublk_set_error(res, "device %d has no recovery: it can only be deleted",
				      dev->id);
	case -EBUSY:
		return ublk_set_error(res, "device %d: the driver still counts its old server as "
				      "living, or is stopping it; wait for QUIESCED", dev->id);
	}
	if (res < 0)
		return ublk_set_error(res, "device %d: START_USER_RECOVERY: %s", dev->id,
				      strerror(-res));
	UBLK_POINT(AFTER_START_RECOVERY);
	ublk_device_point(dev, "after-start-recovery");
	return 0;
}

/* A device object for the existing device @info, with nothing done to it yet. */
static int adopt(struct ublk_ctl *ctl, const struct ublksrv_ctrl_dev_info *info,
		 const struct ublk_device_config *config, const struct ublk_target_ops *ops,
		 void *user, int signal_fd, struct ublk_device **ret_dev)
{
	struct ublk_device *dev;
	int r;

	r = ublk_device_alloc(ctl, config, ops, user, signal_fd, &dev);
	if (r < 0)
		return r;
	r = prove_identity(ctl, info, &dev->config.uuid, dev->name, &dev->config.uuid,
			   &dev->expected);
	if (r < 0) {
		ublk_device_free(dev);
		return r;
	}
	/* Whoever has it may do with it as they like: nobody is to serve it in good faith. */
	if (info->flags & ~dev->config.features_required & UBLK_F_UNPRIVILEGED_DEV) {
		r = ublk_set_error(ESTALE, "device %u is the user's with uid %u, and was not asked "
				   "for as one (--user)", info->dev_id, info->owner_uid);
		ublk_device_free(dev);
		return r;
	}
	dev->id = dev->config.id = (int)info->dev_id;
	dev->desc_size = info->io_desc_size;
	*ret_dev = dev;
	return 0;
}

/* The last steps of both ways, if those before (@r) went well; else nothing of @dev is left. */
static int prepare(struct ublk_device *dev, int r, struct ublk_device **ret_dev)
{
	if (!r)
		r = ublk_device_prepare(dev, (int)dev->config.fence_timeout_ms);
	if (r < 0) {
		ublk_device_free(dev);
		return r;
	}
	*ret_dev = dev;
	return 0;
}

static int busy(const struct ublksrv_ctrl_dev_info *info)
{
	return ublk_set_error(EBUSY, "device %u is served by process %d", info->dev_id,
			      info->ublksrv_pid);
}

static int refuse_state(const struct ublksrv_ctrl_dev_info *info)
{
	if (info->state == UBLK_S_DEV_LIVE)
		return busy(info);
	return ublk_set_error(EINVAL, "device %u is %s: there is nothing to take over",
			      info->dev_id, ublk_state_name(info->state));
}

static int take_over(struct ublk_ctl *ctl, const struct ublksrv_ctrl_dev_info *info,
		     const struct ublk_device_config *config, const struct ublk_target_ops *ops,
		     void *user, int wait_ms, int signal_fd, struct ublk_device **ret_dev)
{
	struct ublk_params params;
	struct ublk_device *dev;
	int r;

	if (info->state != UBLK_S_DEV_QUIESCED && info->state != UBLK_S_DEV_FAIL_IO)
		return refuse_state(info);
	r = adopt(ctl, info, config, ops, user, signal_fd, &dev);
	if (r < 0)
		return r;
	dev->is_recovering = true;
	UBLK_PROBE2(takeover_step, dev->id, UBLK_STEP_BEGIN);
	r = ublk_get_kernel_params(ctl, dev->id, &params);
	if (!r)
		r = check_config(dev, &params, info->flags);
	if (!r) {
		ublk_config_from_kernel(&dev->config, info, &params);
		r = ublk_device_config_check(&dev->config);
	}
	if (!r)
		r = ublk_data_mode_adopt(dev);
	if (!r)
		r = start_recovery(dev, info->state, wait_ms);
	if (!r) {
		UBLK_PROBE2(takeover_step, dev->id, UBLK_STEP_RECOVERY_STARTED);
		r = ublk_device_open_node(dev);
	}
	if (!r)
		UBLK_PROBE2(takeover_step, dev->id, UBLK_STEP_OPENED);
	return prepare(dev, r, ret_dev);
}

/* Ours, added or stopped, without a disk: parameters and START again, as after a create. */
static int restart(struct ublk_ctl *ctl, const struct ublksrv_ctrl_dev_info *info,
		   const struct ublk_device_config *config, const struct ublk_target_ops *ops,
		   void *user, int signal_fd, struct ublk_device **ret_dev)
{
	int64_t deadline = ublk_deadline((int)config->attach_timeout_ms);
	struct ublk_device *dev;
	int r;

	r = adopt(ctl, info, config, ops, user, signal_fd, &dev);
	if (r < 0)
		return r;
	/* no disk, so nobody goes on with what it had: its owner may give it other data */
	dev->expected.is_known = false;
	r = ublk_device_config_check(&dev->config);
	if (!r) {
		uint64_t missing = dev->config.features_required & ~info->flags;

		ublk_config_from_kernel(&dev->config, info, NULL);
		if (missing)
			r = ublk_features_refuse(missing, "the device");
	}
	if (!r)
		r = ublk_data_mode_adopt(dev);
	while (!r) {
		r = ublk_device_open_node(dev);
		if (r != -EBUSY)
			break;
		r = wait_to_ask(dev, info->state, deadline);
	}
	if (!r)
		r = ublk_device_set_params(dev);
	return prepare(dev, r, ret_dev);
}

UBLK_EXPORT int ublk_device_takeover(struct ublk_ctl *ctl, int id,
				     const struct ublk_device_config *config,
				     const struct ublk_target_ops *ops, void *user,
				     struct ublk_device **ret_dev)
{
	static const struct ublk_device_config none = UBLK_DEVICE_CONFIG_INIT;
	struct ublksrv_ctrl_dev_info info;
	int r;

	ublk_cmd_reap();
	r = ublk_get_kernel_info(ctl, id, &info);
	if (r < 0)
		return r;
	return take_over(ctl, &info, config ? config : &none, ops, user, 0, -1, ret_dev);
}

/* Waits for the driver to notice that the server, which is dead, is dead. */
static int wait_for_death(struct ublk_ctl *ctl, const struct ublk_device_config *config,
			  int signal_fd, struct ublksrv_ctrl_dev_info *info)
{
	int r;

	if (info->state != UBLK_S_DEV_LIVE)
		return 0;
	if (!ublk_process_is_gone(info->ublksrv_pid))
		return busy(info);
	r = ublk_wait_state(ctl, (int)info->dev_id, LIBUBLK_STATE_LIVE, true,
			    (int)config->attach_timeout_ms, signal_fd);
	return r < 0 ? r : ublk_get_kernel_info(ctl, (int)info->dev_id, info);
}

/* Which device is meant: 0 and *ret_id, -1 for a new one. */
static int find(struct ublk_ctl *ctl, const struct ublk_device_config *config, int *ret_id)
{
	int id = config->id;

	if (id < 0 && !ublk_uuid_is_null(&config->uuid)) {
		id = ublk_record_find(ctl, &config->uuid);
		if (id < 0 && id != -ENOENT)
			return id;
	}
	*ret_id = id < 0 ? -1 : id;
	return 0;
}

int ublk_attach(struct ublk_ctl *ctl, const struct ublk_device_config *config,
		const struct ublk_target_ops *ops, void *user, int signal_fd,
		struct ublk_device **ret_dev)
{
	struct ublksrv_ctrl_dev_info info;
	struct ublk_device_config checked;
	int r, id = -1;

	ublk_cmd_reap();
	r = ublk_config_copy(config, &checked);
	if (!r)
		r = ublk_device_config_check(&checked);
	if (!r)
		r = find(ctl, &checked, &id);
	if (r < 0)
		return r;
	if (id < 0)
		return ublk_device_new(ctl, &checked, ops, user, signal_fd, ret_dev);
	r = ublk_get_kernel_info(ctl, id, &info);
	if (r == -ENODEV)
		return ublk_device_new(ctl, &checked, ops, user, signal_fd, ret_dev);
	if (!r)
		r = wait_for_death(ctl, &checked, signal_fd, &info);
	if (r < 0)
		return r;
	if (info.state == UBLK_S_DEV_DEAD)
		return restart(ctl, &info, &checked, ops, user, signal_fd, ret_dev);
	return take_over(ctl, &info, &checked, ops, user, (int)checked.attach_timeout_ms,
			 signal_fd, ret_dev);
}

UBLK_EXPORT int ublk_device_attach(struct ublk_ctl *ctl, const struct ublk_device_config *config,
				   const struct ublk_target_ops *ops, void *user,
				   struct ublk_device **ret_dev)
{
	return ublk_attach(ctl, config, ops, user, -1, ret_dev);
}
