/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* The options that every target has, and what they mean for the device. */
#ifndef EXAMPLES_TARGET_OPTIONS_H
#define EXAMPLES_TARGET_OPTIONS_H

#include <stdint.h>
#include <ublk.h>

#include "options.h"

struct target_options {
	int64_t id, queues, depth;
	int64_t fence_timeout_ms, hang_timeout, restarts;
	uint64_t max_io, block_size;
	int recovery;		/* -1: not said */
	int usual_recovery;	/* then it is this */
	int data;
	int is_users;
	int is_read_only, is_hand_over, is_supervised, is_forced, is_latency;
	const char *uuid, *name, *log;
	/* of this run only */
	int ready_fd;		/* who started us wants to hear; -1 = nobody */
	int is_json;
	int is_foreground;	/* what a target does anyway; accepted for "ublk add" */
};

extern const struct option_def target_device_options[];
extern const struct option_def target_process_options[];

/* Defaults for a target whose devices recover by @recovery (LIBUBLK_RECOVERY_*). */
void target_options_init(struct target_options *opts, uint32_t recovery);

/**
 * target_options_apply() - what the options say about the device, as @config
 *
 * Without --uuid the device gets a new identity. That makes a plain start create a
 * device or fail; it can never take over one that happens to have the wanted id.
 *
 * Return: 0, -EINVAL with a sentence in @err, or what the random source said.
 */
int target_options_apply(const struct target_options *opts, struct ublk_device_config *config,
			 struct option_error *err);

#endif
