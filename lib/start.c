/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Going live: START for a new device, END_USER_RECOVERY for one that is taken over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "point.h"
#include "probe.h"

static const char *verb(const struct ublk_device *dev)
{
	return dev->is_recovering ? "END_USER_RECOVERY" : "START";
}

UBLK_EXPORT int ublk_device_start_begin(struct ublk_device *dev)
{
	struct ublk_cmd_args args = {
		.op = dev->is_recovering ? UBLK_U_CMD_END_USER_RECOVERY : UBLK_U_CMD_START_DEV,
		.id = dev->id, .queue = -1, .data = (uint64_t)getpid(), .interrupt_fd = -1,
		.is_by_path = ublk_device_is_users(dev),
	};
	int r;

	if (dev->start || dev->is_live)
		return ublk_set_error(EALREADY, "device %d: started already", dev->id);
	if (dev->is_recovering)
		UBLK_POINT(BEFORE_END_RECOVERY);
	else
		UBLK_POINT(BEFORE_START);
	ublk_device_point(dev, dev->is_recovering ? "before-end-recovery" : "before-start");
	r = ublk_cmd_begin(dev->ctl, &args, &dev->start);
	if (dev->is_recovering)
		UBLK_POINT(END_SENT);
	else
		UBLK_POINT(START_SENT);
	return r;
}

UBLK_EXPORT int ublk_device_start_fd(const struct ublk_device *dev)
{
	return dev->start ? dev->ctl->transport->cmd_fd(dev->start) : -1;
}

static int started(struct ublk_device *dev, int res)
{
	switch (res) {
	case -EBUSY:
		return ublk_set_error(res, "device %d: %s is refused while the device is being "
				      "stopped or in another state", dev->id, verb(dev));
	case -EINTR:
		return ublk_set_error(res, "device %d: %s was interrupted: was every queue "
				      "opened?", dev->id, verb(dev));
	case -ENODEV:
		return ublk_set_error(res, "device %d: deleted, or its session ended, before %s",
				      dev->id, verb(dev));
	}
	if (res < 0)
		return ublk_set_error(res, "device %d: %s: %s", dev->id, verb(dev),
				      strerror(-res));
	if (dev->is_recovering)
		UBLK_POINT(AFTER_END_RECOVERY);
	else
		UBLK_POINT(AFTER_START);
	ublk_stats_live(dev);
	if (dev->is_recovering)
		UBLK_PROBE2(takeover_step, dev->id, UBLK_STEP_LIVE);
	UBLK_PROBE2(state, dev->id, LIBUBLK_STATE_LIVE);
	dev->is_live = true;
	/* From here on it may hold data: only an explicit delete removes it. */
	dev->is_ours_to_delete = false;
	return 0;
}

static void announce(struct ublk_device *dev)
{
	if (dev->ops.started)
		dev->ops.started(dev, dev->user);
}

static int start_is_over(struct ublk_device *dev)
{
	int res = ublk_cmd_finish(dev->start, NULL, 0);

	dev->start = NULL;
	return started(dev, res);
}

UBLK_EXPORT int ublk_device_start_poll(struct ublk_device *dev)
{
	int r;

	if (!dev->start)
		return dev->is_live ? 0 : ublk_set_error(EINVAL, "device %d: no start under way",
							 dev->id);
	r = ublk_cmd_wait(dev->start, 0, -1);
	if (r == -ETIME)
		return -EAGAIN;
	if (r < 0)
		return ublk_set_error(r, "device %d: %s", dev->id, strerror(-r));
	r = start_is_over(dev);
	if (!r)
		announce(dev);
	return r;
}

static int give_up(struct ublk_device *dev, int why)
{
	struct ublk_cmd *start = dev->start;
	int res;

	dev->start = NULL;
	if (!ublk_cmd_abandon(start, NULL, 0, &res))
		return started(dev, res);
	if (why == -ETIME)
		return ublk_set_error(ETIMEDOUT, "device %d: %s did not finish in time: not all "
				      "queues are served, or the device's I/O stalls", dev->id,
				      verb(dev));
	return why;
}

static int cancelled(const struct ublk_device *dev)
{
	return ublk_set_error(ECANCELED, "device %d: interrupted on request", dev->id);
}

static int go_live(struct ublk_device *dev)
{
	int64_t deadline = ublk_deadline(atomic_load(&dev->ctl->timeout_ms));
	int r;

	/* A start that succeeds at once would not look at it any more. */
	if (ublk_device_is_cancelled(dev))
		return cancelled(dev);
	r = ublk_device_start_begin(dev);
	if (r < 0)
		return r;
	for (;;) {
		r = ublk_cmd_wait(dev->start, ublk_time_left(deadline), dev->wait_fd);
		if (!r)
			return start_is_over(dev);
		if (r != -ECANCELED)
			return give_up(dev, r);
		/* Before the questions, so that news after them wakes the next wait. */
		ublk_event_clear(dev->event_fd);
		if (ublk_device_is_cancelled(dev))
			return give_up(dev, cancelled(dev));
		r = atomic_load(&dev->failed_queue);
		if (r)
			return give_up(dev, ublk_set_error(r, "device %d: a queue ended before %s: "
							   "%s", dev->id, verb(dev),
							   strerror(-r)));
	}
}

/*
 * A disk that its owner cannot open is none, so it goes again. The queues are served, so a stop
 * finds a healthy server.
 */
static int take_disk(struct ublk_device *dev)
{
	char sentence[512];
	int r = ublk_node_wait(dev, true);

	if (r >= 0)
		return r;
	snprintf(sentence, sizeof(sentence), "%s", ublk_last_error());
	dev->is_live = false;
	dev->is_ours_to_delete = true;
	if (ublk_device_stop(dev->ctl, dev->id, 0, 0) < 0)
		ublk_log(LIBUBLK_LOG_WARNING, "%s", ublk_last_error());
	return ublk_set_error(r, "%s", sentence);
}

UBLK_EXPORT int ublk_device_start(struct ublk_device *dev)
{
	int r = go_live(dev);

	if (!r)
		r = take_disk(dev);
	if (!r)
		announce(dev);
	return r;
}
