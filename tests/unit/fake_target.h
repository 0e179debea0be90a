/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* A target for the fake kernel: memory that is shared with children, and knobs. */
#ifndef FAKE_TARGET_H
#define FAKE_TARGET_H

#include "fake_kernel.h"

struct fake_target {
	unsigned char data[FAKE_REQUESTS][FAKE_DATA];
	atomic_uint nr_open, nr_close, nr_started, nr_submit, nr_cqe;
	int recovering;			/* what the last open was told */
	int open_result, queue_open_result, submit_result;
	int fence_fd;			/* -1: unfenced */
	bool holds;			/* requests are kept in held[] */
	bool uses_sqes;			/* complete in cqe() */
	struct ublk_io *held[FAKE_DEPTH];
	unsigned nr_held;
	bool exits_thread;		/* submit ends its thread */
};

extern const struct ublk_target_ops fake_target_ops;

struct fake_target *fake_target_new(void);
void fake_target_free(struct fake_target *target);

/* 1 MiB, @queues x FAKE_DEPTH, REISSUE. */
struct ublk_device_config fake_config(unsigned queues);

/* A served device in this process, driven by hand: no threads. */
struct fake_server {
	struct ublk_device *dev;
	struct ublk_queue *q[FAKE_QUEUES];
	unsigned nr_queues;
};

/* Opens all queues and starts; 0 or -errno. */
int fake_server_start(struct fake_server *server, struct ublk_device *dev);
/* One step without waiting on each queue; what the last one returned. */
int fake_server_step(struct fake_server *server);
/* Closes queues and device. */
void fake_server_end(struct fake_server *server);

#endif
