// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What a device is doing, in numbers. */
#include "device_figures.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define DEBUGFS "/sys/kernel/debug/ublk"

/* The number behind "@key: " in a file of such lines, or -1. */
static int64_t number_in(const char *path, const char *key)
{
	size_t len = strlen(key);
	int64_t value = -1;
	char line[256];
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, len) || line[len] != ':')
			continue;
		if (sscanf(line + len + 1, "%" SCNd64, &value) != 1)
			value = -1;
		break;
	}
	if (file)
		fclose(file);
	return value;
}

static void ask_driver(int id, struct device_figures *f)
{
	char path[96];

	snprintf(path, sizeof(path), DEBUGFS "/%d/device", id);
	f->state_ms = number_in(path, "state_ms");
	f->unserved_ms = number_in(path, "unserved_ms");
	f->restarts = number_in(path, "takeovers");
	snprintf(path, sizeof(path), DEBUGFS "/%d/counters", id);
	f->waiting = number_in(path, "parked_now");
}

/* What waits for a server has been given back to the block layer, which then does not count it. */
static void ask_disk(int id, struct device_figures *f)
{
	int64_t reads, writes;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/block/ublkb%d/inflight", id);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fscanf(file, "%" SCNd64 "%" SCNd64, &reads, &writes) == 2)
		f->in_flight = reads + writes + (f->waiting > 0 ? f->waiting : 0);
	fclose(file);
}

static void ask_server(struct ublk_ctl *ctl, const struct ublk_device_info *info,
		       const struct ublk_uuid *uuid, struct device_figures *f)
{
	struct ublk_stats *stats;

	f->stats.size = sizeof(f->stats);
	f->counters.size = sizeof(f->counters);
	if (!uuid || ublk_stats_open(ctl, info->id, &stats) < 0)
		return;
	f->has_counters = !ublk_stats_get_info(stats, &f->stats) &&
			  !memcmp(&f->stats.uuid, uuid, sizeof(*uuid)) &&
			  !ublk_stats_read(stats, -1, &f->counters);
	ublk_stats_close(stats);
	if (!f->has_counters)
		return;
	f->in_server = info->state == LIBUBLK_STATE_LIVE ? (int64_t)f->counters.in_flight : 0;
	if (f->restarts < 0 && f->stats.nr_servers)
		f->restarts = (int64_t)f->stats.nr_servers - 1;
}

void device_figures_load(struct ublk_ctl *ctl, const struct ublk_device_info *info,
			 const struct ublk_uuid *uuid, struct device_figures *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->in_flight = ret->in_server = -1;
	ask_driver(info->id, ret);
	ask_disk(info->id, ret);
	ask_server(ctl, info, uuid, ret);
	if (ret->in_flight < 0)
		ret->in_flight = ret->in_server;
}

static void add(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, value < 0 ? NULL : json_object_new_int64(value));
}

void device_figures_json(const struct device_figures *figures, struct json_object *object)
{
	add(object, "in_flight", figures->in_flight);
	add(object, "waiting", figures->waiting);
	add(object, "in_server", figures->in_server);
	add(object, "restarts", figures->restarts);
	add(object, "state_ms", figures->state_ms);
	add(object, "unserved_ms", figures->unserved_ms);
}

const char *duration_format(int64_t ms, char text[DURATION_TEXT_MAX])
{
	int64_t s = ms / 1000;

	if (ms < 0)
		snprintf(text, DURATION_TEXT_MAX, "-");
	else if (s < 60)
		snprintf(text, DURATION_TEXT_MAX, "%" PRId64 ".%" PRId64 "s", s, ms / 100 % 10);
	else if (s < 3600)
		snprintf(text, DURATION_TEXT_MAX, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(text, DURATION_TEXT_MAX, "%" PRId64 "h%02" PRId64 "m", s / 3600,
			 s / 60 % 60);
	else
		snprintf(text, DURATION_TEXT_MAX, "%" PRId64 "d%02" PRId64 "h", s / 86400,
			 s / 3600 % 24);
	return text;
}
