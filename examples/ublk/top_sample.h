/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* All devices at one moment, and what happened between two of them. */
#ifndef UBLK_TOP_SAMPLE_H
#define UBLK_TOP_SAMPLE_H

#include <stddef.h>
#include <stdint.h>
#include <ublk.h>

#include "device_figures.h"

#define TOP_TEXT_MAX 128

struct top_device {
	int id, state, is_server_alive, server_pid;
	uint32_t recovery, nr_queues;
	uint64_t capacity, identity_tag;
	int fenced;			/* -1: not known */
	char name[TOP_TEXT_MAX], target[TOP_TEXT_MAX], uuid[LIBUBLK_UUID_TEXT];
	struct device_figures figures;
	struct ublk_stats_counters *queues; /* nr_queues of them, or NULL */
};

struct top_sample {
	int64_t at_ns;			/* monotonic */
	struct top_device *devices;	/* by id */
	size_t count;
};

/* Per second, from one sample to the next; -1: not known. */
struct top_rates {
	double iops, read_bytes, write_bytes, errors;
	double p50_ns, p99_ns;		/* of all kinds; -1 also if nothing was measured */
};

enum top_key { TOP_BY_ID, TOP_BY_IOPS, TOP_BY_BYTES, TOP_BY_LATENCY, TOP_BY_FLIGHT };

/* Return: 0 or -errno with ublk_last_error(). *@ret ends with top_sample_free(). */
int top_sample_take(struct ublk_ctl *ctl, struct top_sample *ret);
void top_sample_free(struct top_sample *sample);

/* The same device in an earlier sample, or NULL: not there, or another one with its id. */
const struct top_device *top_sample_find(const struct top_sample *sample,
					 const struct top_device *device);

void top_rates(const struct top_device *before, const struct top_device *after, int64_t ns,
	       struct top_rates *ret);

/* Sorts @sample's devices by @key, greatest first (ids: smallest), given the sample @before it. */
void top_sample_sort(struct top_sample *sample, const struct top_sample *before,
		     enum top_key key);

#endif
