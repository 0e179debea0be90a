/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The nodes of an ordinary user's device.
 *
 * devtmpfs makes /dev/ublkcN, and with START /dev/ublkbN, as root's; udev gives them to the owner
 * of the device some time later. Until then the driver takes no command from the owner, and nobody
 * but root opens the disk. So whoever made the device waits here: for the folder's news, to be told
 * of each change, and with a look after each, which is what counts.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "internal.h"

/* How often to look where nothing tells of changes. */
#define LOOK_PERIOD_MS	200

bool ublk_device_is_users(const struct ublk_device *dev)
{
	return dev->config.features_granted & LIBUBLK_FEATURE_UNPRIVILEGED;
}

/* An inotify descriptor for changes of what is in @path's folder; -1: there is none to be had. */
static int watch(const char *path)
{
	char dir[UBLK_NODE_PATH];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0)
		return -1;
	strcpy(dir, path);
	*strrchr(dir, '/') = '\0';
	if (inotify_add_watch(fd, dir, IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void drain(int fd)
{
	char events[4096];

	while (fd >= 0 && read(fd, events, sizeof(events)) > 0)
		;
}

/* 0 yes, -EAGAIN not yet, other -errno never. */
static int may_use(const struct ublk_device *dev, const char *path, bool is_disk)
{
	bool is_read_only = is_disk && (dev->config.attrs & LIBUBLK_ATTR_READ_ONLY);

	if (!faccessat(AT_FDCWD, path, is_read_only ? R_OK : R_OK | W_OK, AT_EACCESS))
		return 0;
	if (errno == EACCES || errno == EPERM || errno == ENOENT)
		return -EAGAIN;
	return ublk_set_error(errno, "%s: %s", path, strerror(errno));
}

/* Has something come up that ends the wait? */
static int look_around(struct ublk_device *dev)
{
	int r;

	/* Before the questions, so that news after them wakes the next wait. */
	ublk_event_clear(dev->event_fd);
	if (ublk_device_is_cancelled(dev))
		return ublk_set_error(ECANCELED, "device %d: interrupted on request", dev->id);
	r = atomic_load(&dev->failed_queue);
	return r ? ublk_set_error(r, "device %d: a queue ended: %s", dev->id, strerror(-r)) : 0;
}

static int wait_for_news(struct ublk_device *dev, int news_fd, int left)
{
	struct pollfd p[2] = {
		{ .fd = news_fd, .events = POLLIN }, { .fd = dev->wait_fd, .events = POLLIN },
	};

	if (news_fd < 0 && (left < 0 || left > LOOK_PERIOD_MS))
		left = LOOK_PERIOD_MS;
	if (poll(p, ARRAY_SIZE(p), left) < 0 && errno != EINTR)
		return ublk_set_error(errno, "device %d: poll: %s", dev->id, strerror(errno));
	return p[1].revents ? look_around(dev) : 0;
}

static int too_late(const struct ublk_device *dev, const char *path)
{
	return ublk_set_error(ETIMEDOUT, "device %d: %s was not given to you within %u ms: that is "
			      "for udev to do, is it running, with ublk's rule (60-ublk.rules)?",
			      dev->id, path, dev->config.attach_timeout_ms);
}

int ublk_node_wait(struct ublk_device *dev, bool is_disk)
{
	int64_t deadline = ublk_deadline((int)dev->config.attach_timeout_ms);
	char path[UBLK_NODE_PATH];
	int news_fd, r;

	if (!ublk_device_is_users(dev))
		return 0;
	dev->ctl->transport->dev_path(dev->id, is_disk, path);
	/* Subscribed before the first look, and drained before each. */
	news_fd = watch(path);
	for (;;) {
		int left = ublk_time_left(deadline);

		drain(news_fd);
		r = may_use(dev, path, is_disk);
		if (r != -EAGAIN)
			break;
		r = left ? wait_for_news(dev, news_fd, left) : too_late(dev, path);
		if (r < 0)
			break;
	}
	if (news_fd >= 0)
		close(news_fd);
	return r;
}
