/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* A device as a JSON object, for people's scripts. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct writer {
	struct json_object *to;
	bool has_failed;
};

static void put(struct writer *w, const char *key, struct json_object *value)
{
	if (!value || json_object_object_add(w->to, key, value) < 0) {
		json_object_put(value);
		w->has_failed = true;
	}
}

static void put_number(struct writer *w, const char *key, uint64_t value)
{
	put(w, key, json_object_new_uint64(value));
}

static void put_text(struct writer *w, const char *key, const char *value)
{
	put(w, key, json_object_new_string(value));
}

static void put_devt(struct writer *w, const char *key, uint32_t major, uint32_t minor)
{
	char text[32];

	snprintf(text, sizeof(text), "%u:%u", major, minor);
	put_text(w, key, text);
}

static struct json_object *features_to_json(uint64_t features)
{
	struct json_object *array = json_object_new_array();
	unsigned bit;

	for (bit = 0; array && bit < 64; bit++) {
		const char *name = ublk_feature_name(bit);

		if (name && (features & UINT64_C(1) << bit))
			json_object_array_add(array, json_object_new_string(name));
	}
	return array;
}

static struct json_object *argv_to_json(const char *const *argv)
{
	struct json_object *array = json_object_new_array();

	for (; array && *argv; argv++)
		json_object_array_add(array, json_object_new_string(*argv));
	return array;
}

static void put_kernel(struct writer *w, const struct ublk_device_info *info)
{
	put(w, "id", json_object_new_int(info->id));
	put_text(w, "state", ublk_state_name(info->state));
	put(w, "server_pid", json_object_new_int(info->server_pid));
	put_text(w, "recovery", ublk_recovery_name(info->recovery));
	put_text(w, "data", ublk_data_mode_name(ublk_data_mode_of(info->features)));
	put_number(w, "nr_queues", info->nr_queues);
	put_number(w, "queue_depth", info->queue_depth);
	put_number(w, "max_io", info->max_io);
	put_number(w, "capacity", info->capacity);
	put_number(w, "logical_block", info->logical_block);
	put_number(w, "physical_block", info->physical_block);
	put_number(w, "io_min", info->io_min);
	put_number(w, "io_opt", info->io_opt);
	put_number(w, "max_request", info->max_request);
	put_number(w, "discard_granularity", info->discard_granularity);
	put_number(w, "max_discard", info->max_discard);
	put_number(w, "max_write_zeroes", info->max_write_zeroes);
	put(w, "read_only", json_object_new_boolean(!!(info->attrs & LIBUBLK_ATTR_READ_ONLY)));
	put(w, "rotational", json_object_new_boolean(!!(info->attrs & LIBUBLK_ATTR_ROTATIONAL)));
	put(w, "volatile_cache",
	    json_object_new_boolean(!!(info->attrs & LIBUBLK_ATTR_VOLATILE_CACHE)));
	put(w, "fua", json_object_new_boolean(!!(info->attrs & LIBUBLK_ATTR_FUA)));
	put_number(w, "owner_uid", info->owner_uid);
	put_number(w, "owner_gid", info->owner_gid);
	put_devt(w, "char_device", info->char_major, info->char_minor);
	put_devt(w, "block_device", info->disk_major, info->disk_minor);
	put(w, "features", features_to_json(info->features));
}

/* "record" says how far it can be believed: ok, none, stale, untrusted, unreadable. */
static void put_record(struct writer *w, struct ublk_ctl *ctl,
		       const struct ublk_device_info *info)
{
	struct ublk_record *record = NULL;
	char uuid[LIBUBLK_UUID_TEXT];
	int r = ublk_record_load(ctl, info->id, &record);

	if (r < 0) {
		put_text(w, "record", r == -ENOENT ? "none" : r == -EPERM ? "untrusted" :
			 "unreadable");
		return;
	}
	if (!ublk_record_matches(record, info)) {
		put_text(w, "record", "stale");
	} else {
		put_text(w, "record", "ok");
		ublk_uuid_format(&record->uuid, uuid);
		put_text(w, "uuid", uuid);
		put_text(w, "target", record->target);
		put(w, "argv", argv_to_json(ublk_record_argv(record)));
		put_text(w, "cwd", record->cwd);
		put(w, "attached", json_object_new_int64(record->time));
		if (record->fence_path)
			put_text(w, "fence", record->fence_path);
		put(w, "fenced", json_object_new_boolean(record->is_fenced));
	}
	ublk_record_free(record);
}

UBLK_EXPORT int ublk_device_json(struct ublk_ctl *ctl, int id, char **ret_json)
{
	struct ublk_device_info info = { .size = sizeof(info) };
	struct writer w = { .to = NULL };
	const char *text;
	char *copy = NULL;
	int r;

	r = ublk_device_get_info(ctl, id, &info);
	if (r < 0)
		return r;
	w.to = json_object_new_object();
	if (w.to) {
		put_kernel(&w, &info);
		put_record(&w, ctl, &info);
		text = json_object_to_json_string_ext(w.to, JSON_C_TO_STRING_PRETTY |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
		copy = text && !w.has_failed ? strdup(text) : NULL;
		json_object_put(w.to);
	}
	if (!copy)
		return ublk_set_error(ENOMEM, "out of memory");
	*ret_json = copy;
	return 0;
}
