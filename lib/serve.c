/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* A whole server in one call; the only place with effects on the process, all in ublk.h. */
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "internal.h"

static void log_to_stderr(int level, const char *message, void *user)
{
	if (level <= LIBUBLK_LOG_WARNING)
		ublk_log_to_stderr(level, message, user);
}

/*
 * A device with a queue that nobody serves is worse than one without a server: only when all
 * owners are gone does the driver recover it. So go, without waiting for threads that may be stuck
 * behind the one that ended.
 */
static void die(struct ublk_device *dev)
{
	ublk_log(LIBUBLK_LOG_ERROR, "device %d: a queue thread ended unasked (%s); the process "
		 "ends so that the device can be recovered", dev->id,
		 strerror(-atomic_load(&dev->failed_queue)));
	_exit(LIBUBLK_EXIT_DIED);
}

/* Before the device is live a failed queue is only a failed start, reported by ublk_run(). */
static void on_unasked(struct ublk_device *dev)
{
	if (dev->is_live)
		die(dev);
}

static int serve_on(struct ublk_ctl *ctl, const struct ublk_device_config *config,
		    const struct ublk_target_ops *ops, void *user, int signal_fd)
{
	struct ublk_device *dev;
	bool is_ended_by_us;
	int r, id;

	r = ublk_attach(ctl, config, ops, user, signal_fd, &dev);
	if (r < 0)
		return r;
	r = ublk_run(dev, on_unasked);
	if (r < 0 && dev->is_live)
		die(dev);
	id = dev->id;
	is_ended_by_us = !r && ublk_device_consume_signal(dev) &&
			 !(dev->config.flags & LIBUBLK_HAND_OVER);
	ublk_device_free(dev);
	return is_ended_by_us ? ublk_device_delete(ctl, id, 0, 0) : r;
}

static int serve(const struct ublk_device_config *config, const struct ublk_target_ops *ops,
		 void *user, int signal_fd)
{
	struct ublk_ctl *ctl;
	int r;

	r = ublk_ctl_open(&ctl);
	if (r < 0)
		return r;
	r = serve_on(ctl, config, ops, user, signal_fd);
	ublk_ctl_close(ctl);
	return r;
}

static int serve_with_signals(const struct ublk_device_config *config,
			      const struct ublk_target_ops *ops, void *user)
{
	struct signalfd_siginfo info;
	sigset_t ours, before;
	int fd, r;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return ublk_set_error(errno, "signalfd: %s", strerror(errno));
	pthread_sigmask(SIG_BLOCK, &ours, &before);
	r = serve(config, ops, user, fd);
	/* A signal that came while we were ending was for us: it must not hit the program now. */
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(fd);
	return r;
}

UBLK_EXPORT int ublk_serve(const struct ublk_device_config *config,
			   const struct ublk_target_ops *ops, void *user)
{
	bool is_our_log = !ublk_log_is_set(), has_flags;
	int r;

	has_flags = config->size >= offsetof(struct ublk_device_config, flags) +
				    sizeof(config->flags);
	if (is_our_log)
		ublk_set_log(log_to_stderr, NULL);
	if (has_flags && (config->flags & LIBUBLK_NO_SIGNALS))
		r = serve(config, ops, user, -1);
	else
		r = serve_with_signals(config, ops, user);
	if (is_our_log)
		ublk_set_log(NULL, NULL);
	return r;
}
