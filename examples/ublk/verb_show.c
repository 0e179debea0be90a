// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* ublk list, info and features: what there is. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "device_view.h"
#include "size.h"

static void list_line(const struct device_view *view)
{
	const struct ublk_device_info *info = &view->info;
	const char *name = device_view_option(view, "name");
	char size[SIZE_TEXT_MAX], queues[24], server[24] = "-";
	char flight[24] = "-", restarts[24] = "-";
	char unserved[DURATION_TEXT_MAX];

	snprintf(queues, sizeof(queues), "%ux%u", info->nr_queues, info->queue_depth);
	if (view->is_server_alive)
		snprintf(server, sizeof(server), "%d", view->server_pid);
	if (view->figures.in_flight >= 0)
		snprintf(flight, sizeof(flight), "%lld", (long long)view->figures.in_flight);
	if (view->figures.restarts >= 0)
		snprintf(restarts, sizeof(restarts), "%lld", (long long)view->figures.restarts);
	printf("%4d  %-8s  %9s  %-8s  %7s  %6s  %8s  %8s  %-8s  %-8s  %-8s  %s\n", info->id,
	       ublk_state_name(info->state),
	       info->capacity ? size_format(info->capacity, size) : "-", queues,
	       server, flight, restarts, duration_format(view->figures.unserved_ms, unserved),
	       ublk_recovery_name(info->recovery),
	       view->record ? ublk_record_target(view->record) : "-",
	       !view->record ? "-" : ublk_record_is_fenced(view->record) ? "fenced" : "unfenced",
	       name ? name : "");
}

/* A device that goes away while the list is made is just not on it. */
static int list_one(struct command_call *call, int id, struct json_object *array, int *nr_others)
{
	struct device_view view;
	int r = device_view_load(call->ctl, id, &view);

	if (device_view_is_others(r))
		(*nr_others)++;
	if (r == -ENODEV || device_view_is_others(r))
		return STATUS_OK;
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	if (array)
		json_object_array_add(array, device_view_json(&view));
	else
		list_line(&view);
	device_view_free(&view);
	return STATUS_OK;
}

int verb_list(struct command_call *call)
{
	struct json_object *object = NULL, *array = NULL;
	int status = command_connect(call), nr_others = 0, r;
	size_t i, count;
	int *ids;

	if (status != STATUS_OK)
		return status;
	r = ublk_device_list(call->ctl, &ids, &count);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	if (call->is_json) {
		object = json_object_new_object();
		array = json_object_new_array();
		json_object_object_add(object, "devices", array);
	} else if (count) {
		printf("%4s  %-8s  %9s  %-8s  %7s  %6s  %8s  %8s  %-8s  %-8s  %-8s  %s\n", "ID",
		       "STATE", "SIZE", "QUEUES", "SERVER", "FLIGHT", "RESTARTS", "UNSERVED",
		       "RECOVERY", "TARGET", "FENCE", "NAME");
	}
	for (i = 0; i < count && status == STATUS_OK; i++)
		status = list_one(call, ids[i], array, &nr_others);
	free(ids);
	if (nr_others)
		fprintf(stderr, "ublk list: not shown: %d of other users\n", nr_others);
	if (object && status == STATUS_OK)
		return command_print_json(object);
	json_object_put(object);
	return status;
}

static void info_sizes(const struct ublk_device_info *info)
{
	char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX];

	printf("capacity      %s (%llu bytes)\n", size_format(info->capacity, a),
	       (unsigned long long)info->capacity);
	printf("blocks        %u logical, %u physical\n", info->logical_block,
	       info->physical_block);
	printf("queues        %u of depth %u, requests up to %s\n", info->nr_queues,
	       info->queue_depth, size_format(info->max_io, a));
	if (info->max_discard)
		printf("discard       up to %s, granularity "
		       "%s\n", size_format(info->max_discard, a),
		       size_format(info->discard_granularity, b));
	else
		printf("discard       no\n");
	printf("attributes   %s%s%s%s\n", info->attrs & LIBUBLK_ATTR_READ_ONLY ? " read-only" : "",
	       info->attrs & LIBUBLK_ATTR_VOLATILE_CACHE ? " volatile-cache" : "",
	       info->attrs & LIBUBLK_ATTR_FUA ? " fua" : "",
	       info->attrs & LIBUBLK_ATTR_ROTATIONAL ? " rotational" : "");
}

static void info_record(const struct device_view *view)
{
	const char *name = device_view_option(view, "name");
	char uuid[LIBUBLK_UUID_TEXT];
	const char *const *argv;

	if (name)
		printf("name          %s\n", name);
	if (!view->record) {
		printf("record        %s\n", view->record_why);
		return;
	}
	ublk_uuid_format(ublk_record_uuid(view->record), uuid);
	printf("uuid          %s\n", uuid);
	printf("target        %s, %s\n", ublk_record_target(view->record),
	       ublk_record_is_fenced(view->record) ? "fenced" :
	       "unfenced: writes of a dead server may land late");
	printf("command      ");
	for (argv = ublk_record_argv(view->record); argv && *argv; argv++)
		printf(" %s", *argv);
	printf("\n");
}

static void info_features(uint64_t features)
{
	const char *name;
	unsigned int bit;

	printf("features     ");
	for (bit = 0; bit < 64; bit++) {
		name = features >> bit & 1 ? ublk_feature_name(bit) : NULL;
		if (name)
			printf(" %s", name);
	}
	printf("\n");
}

static void info_figures(const struct device_figures *f)
{
	char now[DURATION_TEXT_MAX], all[DURATION_TEXT_MAX];

	if (f->in_flight >= 0)
		printf("in flight     %lld requests", (long long)f->in_flight);
	if (f->in_flight >= 0 && f->waiting > 0)
		printf(", %lld waiting for a server", (long long)f->waiting);
	if (f->in_flight >= 0)
		printf("\n");
	if (f->restarts >= 0)
		printf("restarts      %lld\n", (long long)f->restarts);
	if (f->state_ms >= 0)
		printf("time          %s in this state, %s without a server in all\n",
		       duration_format(f->state_ms, now), duration_format(f->unserved_ms, all));
}

static void info_print(const struct device_view *view)
{
	const struct ublk_device_info *info = &view->info;

	printf("device        %d, /dev/ublkb%d\n", info->id, info->id);
	printf("state         %s\n", ublk_state_name(info->state));
	if (view->is_server_alive)
		printf("server        process %d\n", view->server_pid);
	else
		printf("server        none\n");
	printf("recovery      %s\n", ublk_recovery_name(info->recovery));
	printf("data          %s\n", ublk_data_mode_name(ublk_data_mode_of(info->features)));
	info_figures(&view->figures);
	info_sizes(info);
	info_record(view);
	info_features(info->features);
}

int verb_info(struct command_call *call)
{
	struct device_view view;
	int status, id, r;

	status = command_id(call, 0, &id);
	if (status == STATUS_OK)
		status = command_connect(call);
	if (status != STATUS_OK)
		return status;
	r = device_view_load(call->ctl, id, &view);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	if (call->is_json)
		status = command_print_json(device_view_json(&view));
	else
		info_print(&view);
	device_view_free(&view);
	return status;
}

static int features_json(uint64_t features)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();
	const char *name;
	unsigned int bit;
	char mask[24];

	snprintf(mask, sizeof(mask), "0x%llx", (unsigned long long)features);
	json_object_object_add(object, "mask", json_object_new_string(mask));
	for (bit = 0; bit < 64; bit++) {
		struct json_object *one;

		if (!(features >> bit & 1))
			continue;
		name = ublk_feature_name(bit);
		one = json_object_new_object();
		json_object_object_add(one, "bit", json_object_new_int((int)bit));
		json_object_object_add(one, "name", name ? json_object_new_string(name) : NULL);
		json_object_array_add(array, one);
	}
	json_object_object_add(object, "features", array);
	return command_print_json(object);
}

int verb_features(struct command_call *call)
{
	int status = command_connect(call), r;
	uint64_t features;
	unsigned int bit;

	if (status != STATUS_OK)
		return status;
	r = ublk_ctl_features(call->ctl, &features);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	if (call->is_json)
		return features_json(features);
	for (bit = 0; bit < 64; bit++) {
		const char *name = ublk_feature_name(bit);

		if (features >> bit & 1)
			printf("%2u  %s\n", bit, name ? name : "(unknown)");
	}
	return STATUS_OK;
}
