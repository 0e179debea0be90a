/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* A device from its server's side: the object, and making a new one. */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "internal.h"
#include "point.h"
#include "probe.h"

static int add_to_wait(struct ublk_device *dev, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (fd >= 0 && epoll_ctl(dev->wait_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return ublk_set_error(errno, "epoll: %s", strerror(errno));
	return 0;
}

static int make_events(struct ublk_device *dev, int signal_fd)
{
	int r;

	dev->event_fd = ublk_event_create();
	if (dev->event_fd < 0)
		return dev->event_fd;
	dev->wait_fd = epoll_create1(EPOLL_CLOEXEC);
	if (dev->wait_fd < 0)
		return ublk_set_error(errno, "epoll: %s", strerror(errno));
	dev->signal_fd = signal_fd;
	r = add_to_wait(dev, dev->event_fd);
	return r ? r : add_to_wait(dev, signal_fd);
}

int ublk_device_alloc(struct ublk_ctl *ctl, const struct ublk_device_config *config,
		      const struct ublk_target_ops *ops, void *user, int signal_fd,
		      struct ublk_device **ret_dev)
{
	struct ublk_device *dev = calloc(1, sizeof(*dev));
	int r;

	if (!dev)
		return ublk_set_error(ENOMEM, "out of memory");
	ublk_ctl_get(ctl);
	dev->ctl = ctl;
	dev->user = user;
	dev->id = dev->chr_fd = dev->event_fd = dev->wait_fd = dev->signal_fd = -1;
	pthread_mutex_init(&dev->lock, NULL);
	pthread_mutex_init(&dev->memory_lock, NULL);
	r = ublk_config_copy(config, &dev->config);
	if (!r)
		r = ublk_ops_copy(ops, &dev->ops);
	if (!r)
		r = make_events(dev, signal_fd);
	if (r < 0)
		goto err;
	strcpy(dev->name, dev->ops.name);	/* its length was checked */
	dev->ops.name = dev->name;
	dev->argv = ublk_strv_dup(dev->config.argv);
	if (!dev->argv) {
		r = ublk_set_error(ENOMEM, "out of memory");
		goto err;
	}
	dev->config.argv = (const char *const *)dev->argv;
	*ret_dev = dev;
	return 0;
err:
	ublk_device_free(dev);
	return r;
}

/* A device that never went live holds nobody's data: it goes as if it had not been added. */
static void undo_add(struct ublk_device *dev)
{
	int id = dev->id;

	if (ublk_device_delete(dev->ctl, id, 0, 0) < 0)
		ublk_log(LIBUBLK_LOG_ERROR, "device %d could not be deleted again: %s", id,
			 ublk_last_error());
}

UBLK_EXPORT void ublk_device_free(struct ublk_device *dev)
{
	char sentence[512];
	int res;

	if (!dev)
		return;
	/* What went wrong before is what the caller wants to read after. */
	strncpy(sentence, ublk_last_error(), sizeof(sentence) - 1);
	sentence[sizeof(sentence) - 1] = '\0';

	if (dev->start)
		ublk_cmd_abandon(dev->start, NULL, 0, &res);
	if (dev->chr_fd >= 0)
		dev->ctl->transport->dev_close(dev->ctl, dev->chr_fd);
	if (dev->is_ours_to_delete)
		undo_add(dev);
	if (dev->is_target_open && dev->ops.close)
		dev->ops.close(dev, dev->user);
	if (dev->event_fd >= 0)
		close(dev->event_fd);
	if (dev->wait_fd >= 0)
		close(dev->wait_fd);
	pthread_mutex_destroy(&dev->memory_lock);
	pthread_mutex_destroy(&dev->lock);
	ublk_stats_detach(dev);
	free(dev->fence_path);
	free(dev->is_open);
	ublk_strv_free(dev->argv);
	ublk_ctl_put(dev->ctl);
	free(dev);
	ublk_set_error(EIO, "%s", sentence);
}

void ublk_device_point(struct ublk_device *dev, const char *name)
{
	if (dev->ops.point)
		dev->ops.point(name, dev->user);
}

UBLK_EXPORT void ublk_device_request_stop(struct ublk_device *dev)
{
	atomic_store(&dev->is_stop_requested, true);
	ublk_event_set(dev->event_fd);
}

bool ublk_device_is_cancelled(struct ublk_device *dev)
{
	if (atomic_load(&dev->is_stop_requested))
		return true;
	return dev->signal_fd >= 0 && ublk_poll_in(dev->signal_fd, 0) > 0;
}

int ublk_device_run_command(struct ublk_device *dev, uint32_t op, uint64_t data, void *buf,
			    uint16_t len, int *ret_res)
{
	struct ublk_cmd_args args = {
		.op = op, .id = dev->id, .queue = -1, .data = data, .buf = buf, .len = len,
		.interrupt_fd = dev->wait_fd, .is_by_path = ublk_device_is_users(dev),
	};

	return ublk_ctl_run(dev->ctl, &args, ret_res);
}

static int add_error(int res, const struct ublk_device *dev)
{
	switch (res) {
	case -EEXIST:
		return ublk_set_error(res, "device %d exists already: choose another id, take it "
				      "over, or delete it", dev->config.id);
	case -EPERM:
		return ublk_set_error(res, "not permitted to add devices: run as root "
				      "(CAP_SYS_ADMIN), or ask for a device of your own (ublk add "
				      "--user)");
	case -EACCES:
	case -ENOSPC:
		return ublk_set_error(res, "there are too many devices: delete some, or raise "
				      "/sys/module/ublk_drv/parameters/ublks_max");
	case -EINVAL:
		return ublk_set_error(res, "the driver refuses %u queues of depth %u, requests of "
				      "%u bytes or features 0x%llx", dev->config.nr_queues,
				      dev->config.queue_depth, dev->config.max_io,
				      (unsigned long long)ublk_config_features(&dev->config));
	default:
		return ublk_set_error(res, "adding a device: %s", strerror(-res));
	}
}

/* What must be granted: all that the program required, and what its modes stand on. */
static uint64_t mandatory_features(const struct ublk_device_config *config)
{
	struct ublk_device_config modes = *config;

	modes.features_wanted = 0;
	if (config->flags & LIBUBLK_HAND_OVER)
		modes.features_required |= LIBUBLK_FEATURE_QUIESCE;
	return ublk_config_features(&modes) | config->features_required;
}

static int refuse_grant(uint64_t missing, uint64_t granted)
{
	if (missing & LIBUBLK_FEATURE_UNPRIVILEGED)
		return ublk_set_error(EOPNOTSUPP, "root's devices are no user's: run it as the user "
				      "whose device it shall be ('runuser -u NAME -- ..'), or "
				      "without --user");
	if (granted & LIBUBLK_FEATURE_UNPRIVILEGED && missing & LIBUBLK_FEATURE_RECOVERY)
		return ublk_set_error(EOPNOTSUPP, "a user's device has no recovery: ask for none, "
				      "or run as root");
	return ublk_features_refuse(missing, "the driver");
}

static int add(struct ublk_device *dev)
{
	uint64_t mandatory, known;
	struct ublksrv_ctrl_dev_info info = {
		.nr_hw_queues = dev->config.nr_queues,
		.queue_depth = dev->config.queue_depth,
		.max_io_buf_bytes = dev->config.max_io,
		.dev_id = (uint32_t)dev->config.id,
		.ublksrv_flags = ublk_uuid_tag(&dev->config.uuid),
	};
	int r, res;

	r = ublk_ctl_features(dev->ctl, &known);
	if (r < 0)
		return r;
	r = ublk_data_mode_choose(dev, known);
	if (r < 0)
		return r;
	mandatory = mandatory_features(&dev->config);
	info.flags = ublk_config_features(&dev->config) | mandatory;
	/* 0: a driver that does not tell. Its answer to ADD will. */
	if (known && (mandatory & ~known))
		return ublk_features_refuse(mandatory & ~known, "the driver");
	dev->id = dev->config.id;
	UBLK_POINT(BEFORE_ADD);
	r = ublk_device_run_command(dev, UBLK_U_CMD_ADD_DEV, 0, &info, sizeof(info), &res);
	if (r < 0)
		return r;
	if (res < 0)
		return add_error(res, dev);
	UBLK_POINT(AFTER_ADD);
	dev->id = (int)info.dev_id;
	dev->is_ours_to_delete = true;
	if (mandatory & ~info.flags)
		return refuse_grant(mandatory & ~info.flags, info.flags);
	if (!info.nr_hw_queues || !info.queue_depth)
		return ublk_set_error(EPROTO, "device %d: the driver granted no queue", dev->id);
	ublk_config_from_kernel(&dev->config, &info, NULL);
	dev->desc_size = info.io_desc_size;
	ublk_log(LIBUBLK_LOG_INFO, "device %d: data mode %s (%s)", dev->id,
		 ublk_data_mode_name(dev->config.data_mode), dev->data_reason);
	return ublk_node_wait(dev, false);
}

int ublk_device_set_params(struct ublk_device *dev)
{
	struct ublk_params params;
	int r, res;

	ublk_config_to_params(&dev->config, &params);
	r = ublk_device_run_command(dev, UBLK_U_CMD_SET_PARAMS, 0, &params, sizeof(params), &res);
	if (r < 0)
		return r;
	if (res < 0)
		return ublk_set_error(res, "device %d: the driver refuses the parameters "
				      "(block sizes, limits): %s", dev->id, strerror(-res));
	UBLK_POINT(AFTER_PARAMS);
	return 0;
}

int ublk_device_open_node(struct ublk_device *dev)
{
	int fd = dev->ctl->transport->dev_open(dev->ctl, dev->id);

	if (fd == -EBUSY)
		return ublk_set_error(fd, "device %d: another process has /dev/ublkc%d open: it "
				      "serves the device or is taking it over", dev->id, dev->id);
	if (fd < 0)
		return ublk_set_error(fd, "/dev/ublkc%d: %s", dev->id, strerror(-fd));
	UBLK_POINT(AFTER_OPEN);
	dev->chr_fd = fd;
	dev->is_open = calloc(dev->config.nr_queues, sizeof(*dev->is_open));
	return dev->is_open ? 0 : ublk_set_error(ENOMEM, "out of memory");
}

static int open_target(struct ublk_device *dev)
{
	int r;

	if (dev->ops.open) {
		ublk_clear_error();
		r = dev->ops.open(dev, dev->is_recovering, dev->user);
		if (r > 0)
			return ublk_set_error(EIO, "target %s: open returned %d", dev->name, r);
		if (r < 0 && !*ublk_last_error())
			ublk_set_error(r, "target %s: %s", dev->name, strerror(-r));
		if (r < 0)
			return r;
	}
	dev->is_target_open = true;
	return 0;
}

int ublk_device_prepare(struct ublk_device *dev, int fence_timeout_ms)
{
	int r = dev->is_ours_to_delete ? 0 : ublk_memory_forget(dev);

	if (!r)
		r = open_target(dev);
	if (!r)
		r = ublk_fence(dev, fence_timeout_ms);
	if (!r && dev->is_recovering)
		UBLK_PROBE2(takeover_step, dev->id, UBLK_STEP_FENCED);
	if (!r && !(dev->config.flags & LIBUBLK_NO_RECORD)) {
		r = ublk_record_save(dev->ctl, dev);
		if (!r && dev->is_recovering)
			UBLK_PROBE2(takeover_step, dev->id, UBLK_STEP_RECORDED);
		UBLK_POINT(AFTER_RECORD);
		if (!r)
			ublk_device_point(dev, "after-record");
	}
	return r ? r : ublk_stats_attach(dev);
}

int ublk_device_new(struct ublk_ctl *ctl, const struct ublk_device_config *config,
		    const struct ublk_target_ops *ops, void *user, int signal_fd,
		    struct ublk_device **ret_dev)
{
	struct ublk_device *dev;
	int r;

	ublk_cmd_reap();
	r = ublk_device_alloc(ctl, config, ops, user, signal_fd, &dev);
	if (r < 0)
		return r;
	r = ublk_device_config_check(&dev->config);
	if (!r && ublk_uuid_is_null(&dev->config.uuid))
		r = ublk_uuid_generate(&dev->config.uuid);
	if (!r)
		r = add(dev);
	if (!r)
		r = ublk_device_set_params(dev);
	if (!r)
		r = ublk_device_open_node(dev);
	if (!r)
		r = ublk_device_prepare(dev, 0);
	if (r < 0) {
		ublk_device_free(dev);
		return r;
	}
	*ret_dev = dev;
	return 0;
}

UBLK_EXPORT int ublk_device_create(struct ublk_ctl *ctl, const struct ublk_device_config *config,
				   const struct ublk_target_ops *ops, void *user,
				   struct ublk_device **ret_dev)
{
	return ublk_device_new(ctl, config, ops, user, -1, ret_dev);
}

UBLK_EXPORT int ublk_device_id(const struct ublk_device *dev)
{
	return dev->id;
}

UBLK_EXPORT int ublk_device_is_recovering(const struct ublk_device *dev)
{
	return dev->is_recovering;
}

UBLK_EXPORT int ublk_device_is_fenced(const struct ublk_device *dev)
{
	return dev->is_fenced;
}

UBLK_EXPORT void *ublk_device_user(const struct ublk_device *dev)
{
	return dev->user;
}

UBLK_EXPORT struct ublk_ctl *ublk_device_ctl(const struct ublk_device *dev)
{
	return dev->ctl;
}

UBLK_EXPORT const struct ublk_device_config *ublk_device_config_of(const struct ublk_device *dev)
{
	return &dev->config;
}
