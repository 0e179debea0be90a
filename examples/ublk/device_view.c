// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A device as the operator sees it: the kernel's view and the record's, joined. */
#include "device_view.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fence_wait.h"

/* A zombie is dead: that nobody has collected it yet changes nothing. */
static int process_is_alive(pid_t pid)
{
	int fd = pid > 0 ? process_open(pid) : -1;
	int alive = fd >= 0 && process_wait(fd, 0) == -ETIMEDOUT;

	if (fd >= 0)
		close(fd);
	return alive;
}

/* A number alone may be somebody else's by now; the program tells. */
static int process_runs(pid_t pid, const char *program)
{
	char link[32], path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return 0;
	path[len] = '\0';
	return !strcmp(path, program);
}

static void find_server(struct device_view *view)
{
	const char *const *argv = view->record ? ublk_record_argv(view->record) : NULL;
	pid_t pid = view->info.server_pid;

	if (pid <= 0 && argv && argv[0] && process_runs(ublk_record_pid(view->record), argv[0]))
		pid = ublk_record_pid(view->record);
	view->server_pid = pid > 0 ? pid : -1;
	view->is_server_alive = process_is_alive(pid);
}

int device_view_load(struct ublk_ctl *ctl, int id, struct device_view *ret)
{
	struct ublk_record *record;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->info.size = sizeof(ret->info);
	r = ublk_device_get_info(ctl, id, &ret->info);
	if (r < 0)
		return r;
	r = ublk_record_load(ctl, id, &record);
	if (r < 0) {
		ret->record_error = r;
		snprintf(ret->record_why, sizeof(ret->record_why), "%s", ublk_last_error());
	} else if (!ublk_record_matches(record, &ret->info)) {
		ret->record_error = -ESTALE;
		snprintf(ret->record_why, sizeof(ret->record_why),
			 "the record is about an earlier device with this id");
		ublk_record_free(record);
	} else {
		ret->record = record;
	}
	find_server(ret);
	device_figures_load(ctl, &ret->info, ret->record ? ublk_record_uuid(ret->record) : NULL,
			    &ret->figures);
	return 0;
}

int device_view_is_others(int error)
{
	return error == -EPERM || error == -EACCES;
}

void device_view_free(struct device_view *view)
{
	ublk_record_free(view->record);
	view->record = NULL;
}

const char *device_view_fence(const struct device_view *view)
{
	if (!view->record || !ublk_record_is_fenced(view->record))
		return NULL;
	return ublk_record_fence_path(view->record);
}

const char *device_view_option(const struct device_view *view, const char *name)
{
	const char *const *argv = view->record ? ublk_record_argv(view->record) : NULL;
	size_t len = strlen(name);
	const char *found = NULL;

	for (; argv && *argv; argv++)
		if (!strncmp(*argv, "--", 2) && !strncmp(*argv + 2, name, len) &&
		    (*argv)[len + 2] == '=')
			found = *argv + len + 3;
	return found;
}

static void add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_flag(struct json_object *object, const char *key, uint32_t value)
{
	json_object_object_add(object, key, json_object_new_boolean(value != 0));
}

static struct json_object *features_json(uint64_t features)
{
	struct json_object *array = json_object_new_array();
	const char *name;
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		if (!(features >> bit & 1))
			continue;
		name = ublk_feature_name(bit);
		json_object_array_add(array, json_object_new_string(name ? name : "UNKNOWN"));
	}
	return array;
}

static void add_record(struct json_object *object, const struct device_view *view)
{
	struct json_object *argv_json = NULL;
	char uuid[LIBUBLK_UUID_TEXT];
	const char *const *argv;

	add_text(object, "name", device_view_option(view, "name"));
	if (!view->record) {
		add_text(object, "record", view->record_error == -ENOENT ? "none" :
			 view->record_error == -EPERM ? "untrusted" :
			 view->record_error == -ESTALE ? "stale" : "damaged");
		add_text(object, "record_error", view->record_why);
		return;
	}
	add_text(object, "record", "good");
	ublk_uuid_format(ublk_record_uuid(view->record), uuid);
	add_text(object, "uuid", uuid);
	add_text(object, "target", ublk_record_target(view->record));
	add_flag(object, "fenced", ublk_record_is_fenced(view->record));
	json_object_object_add(object, "served_since",
			       json_object_new_int64(ublk_record_time(view->record)));
	argv_json = json_object_new_array();
	for (argv = ublk_record_argv(view->record); argv && *argv; argv++)
		json_object_array_add(argv_json, json_object_new_string(*argv));
	json_object_object_add(object, "argv", argv_json);
}

struct json_object *device_view_json(const struct device_view *view)
{
	const struct ublk_device_info *info = &view->info;
	struct json_object *object = json_object_new_object();
	char path[32];

	json_object_object_add(object, "id", json_object_new_int(info->id));
	add_text(object, "state", ublk_state_name(info->state));
	snprintf(path, sizeof(path), "/dev/ublkb%d", info->id);
	add_text(object, "disk", info->disk_major || info->disk_minor ? path : NULL);
	snprintf(path, sizeof(path), "/dev/ublkc%d", info->id);
	add_text(object, "char", path);
	json_object_object_add(object, "server_pid", json_object_new_int(view->server_pid));
	add_flag(object, "server_alive", view->is_server_alive);
	add_text(object, "recovery", ublk_recovery_name(info->recovery));
	add_text(object, "data", ublk_data_mode_name(ublk_data_mode_of(info->features)));
	add_number(object, "capacity", info->capacity);
	add_number(object, "queues", info->nr_queues);
	add_number(object, "depth", info->queue_depth);
	add_number(object, "max_io", info->max_io);
	add_number(object, "logical_block", info->logical_block);
	add_number(object, "physical_block", info->physical_block);
	add_number(object, "io_min", info->io_min);
	add_number(object, "io_opt", info->io_opt);
	add_number(object, "discard_granularity", info->discard_granularity);
	add_number(object, "max_discard", info->max_discard);
	add_number(object, "max_write_zeroes", info->max_write_zeroes);
	add_flag(object, "read_only", info->attrs & LIBUBLK_ATTR_READ_ONLY);
	add_flag(object, "volatile_cache", info->attrs & LIBUBLK_ATTR_VOLATILE_CACHE);
	add_flag(object, "fua", info->attrs & LIBUBLK_ATTR_FUA);
	add_number(object, "owner_uid", info->owner_uid);
	add_number(object, "owner_gid", info->owner_gid);
	json_object_object_add(object, "features", features_json(info->features));
	device_figures_json(&view->figures, object);
	add_record(object, view);
	return object;
}
