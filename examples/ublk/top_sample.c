// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* All devices at one moment, and what happened between two of them. */
#include "top_sample.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device_view.h"

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void read_queues(struct ublk_ctl *ctl, struct top_device *d)
{
	struct ublk_stats *stats;
	uint32_t i;

	if (!d->figures.has_counters || ublk_stats_open(ctl, d->id, &stats) < 0)
		return;
	d->nr_queues = d->figures.stats.nr_queues;
	d->queues = calloc(d->nr_queues, sizeof(*d->queues));
	for (i = 0; d->queues && i < d->nr_queues; i++) {
		d->queues[i].size = sizeof(d->queues[i]);
		if (ublk_stats_read(stats, (int)i, &d->queues[i]) < 0)
			break;
	}
	ublk_stats_close(stats);
}

static void fill(struct ublk_ctl *ctl, const struct device_view *view, struct top_device *d)
{
	const char *name = device_view_option(view, "name");

	memset(d, 0, sizeof(*d));
	d->id = view->info.id;
	d->state = view->info.state;
	d->is_server_alive = view->is_server_alive;
	d->server_pid = view->server_pid;
	d->recovery = view->info.recovery;
	d->nr_queues = view->info.nr_queues;
	d->capacity = view->info.capacity;
	d->identity_tag = view->info.identity_tag;
	d->fenced = view->record ? ublk_record_is_fenced(view->record) : -1;
	d->figures = view->figures;
	snprintf(d->name, sizeof(d->name), "%s", name ? name : "");
	if (view->record) {
		snprintf(d->target, sizeof(d->target), "%s", ublk_record_target(view->record));
		ublk_uuid_format(ublk_record_uuid(view->record), d->uuid);
	}
	read_queues(ctl, d);
}

int top_sample_take(struct ublk_ctl *ctl, struct top_sample *ret)
{
	struct top_sample sample = { .devices = NULL };
	size_t i, count;
	int *ids, r;

	r = ublk_device_list(ctl, &ids, &count);
	if (r < 0)
		return r;
	sample.devices = calloc(count ? count : 1, sizeof(*sample.devices));
	if (!sample.devices) {
		free(ids);
		return ublk_set_error(ENOMEM, "out of memory");
	}
	sample.at_ns = now_ns();
	for (i = 0; i < count && !r; i++) {
		struct device_view view;

		r = device_view_load(ctl, ids[i], &view);
		if (!r) {
			fill(ctl, &view, &sample.devices[sample.count++]);
			device_view_free(&view);
		}
		/* One that goes away meanwhile is just not there; nor are others'. */
		if (r == -ENODEV || device_view_is_others(r))
			r = 0;
	}
	free(ids);
	if (r < 0) {
		top_sample_free(&sample);
		return r;
	}
	*ret = sample;
	return 0;
}

void top_sample_free(struct top_sample *sample)
{
	size_t i;

	for (i = 0; i < sample->count; i++)
		free(sample->devices[i].queues);
	free(sample->devices);
	sample->devices = NULL;
	sample->count = 0;
}

const struct top_device *top_sample_find(const struct top_sample *sample,
					 const struct top_device *device)
{
	size_t i;

	for (i = 0; i < sample->count; i++) {
		const struct top_device *d = &sample->devices[i];

		if (d->id == device->id && d->identity_tag == device->identity_tag)
			return d;
	}
	return NULL;
}

/* A counter that was made anew begins at nothing. */
static double grown(uint64_t before, uint64_t after)
{
	return after >= before ? (double)(after - before) : (double)after;
}

void top_rates(const struct top_device *before, const struct top_device *after, int64_t ns,
	       struct top_rates *ret)
{
	const struct ublk_stats_counters *a, *b = &after->figures.counters;
	uint64_t buckets[LIBUBLK_STATS_BUCKETS] = { 0 }, measured = 0;
	double seconds = (double)ns / 1e9;
	unsigned kind, i;

	*ret = (struct top_rates){ -1, -1, -1, -1, -1, -1 };
	if (!before || ns <= 0 || !before->figures.has_counters || !after->figures.has_counters)
		return;
	a = &before->figures.counters;
	ret->iops = ret->errors = 0;
	for (kind = 0; kind < LIBUBLK_STATS_KINDS; kind++) {
		const struct ublk_stats_of_kind *from = &a->kinds[kind], *to = &b->kinds[kind];

		ret->iops += grown(from->ops, to->ops) / seconds;
		ret->errors += grown(from->errors, to->errors) / seconds;
		for (i = 0; i < LIBUBLK_STATS_BUCKETS; i++) {
			buckets[i] += (uint64_t)grown(from->buckets[i], to->buckets[i]);
			measured += buckets[i];
		}
	}
	ret->read_bytes = grown(a->kinds[LIBUBLK_STATS_READ].bytes,
				b->kinds[LIBUBLK_STATS_READ].bytes) / seconds;
	ret->write_bytes = grown(a->kinds[LIBUBLK_STATS_WRITE].bytes,
				 b->kinds[LIBUBLK_STATS_WRITE].bytes) / seconds;
	if (!measured)
		return;
	ret->p50_ns = (double)ublk_stats_percentile(buckets, 50);
	ret->p99_ns = (double)ublk_stats_percentile(buckets, 99);
}

static double value_of(const struct top_sample *sample, const struct top_sample *before,
		       const struct top_device *d, enum top_key key)
{
	struct top_rates rates;

	if (key == TOP_BY_ID)
		return -d->id;
	if (key == TOP_BY_FLIGHT)
		return (double)d->figures.in_flight;
	top_rates(before ? top_sample_find(before, d) : NULL, d,
		  before ? sample->at_ns - before->at_ns : 0, &rates);
	if (key == TOP_BY_IOPS)
		return rates.iops;
	return key == TOP_BY_BYTES ? rates.read_bytes + rates.write_bytes : rates.p99_ns;
}

/* By insertion: there are few, mostly in order already, and equals keep theirs. */
void top_sample_sort(struct top_sample *sample, const struct top_sample *before, enum top_key key)
{
	size_t i, j;

	for (i = 1; i < sample->count; i++) {
		for (j = i; j; j--) {
			struct top_device *a = &sample->devices[j - 1], *b = a + 1, swap;

			if (value_of(sample, before, a, key) >= value_of(sample, before, b, key))
				break;
			swap = *a;
			*a = *b;
			*b = swap;
		}
	}
}
