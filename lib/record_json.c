/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* A record as text: one small JSON object with a version. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define VERSION	1

static int add(struct json_object *to, const char *key, struct json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_object_add(to, key, value) < 0) {
		json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

static struct json_object *argv_to_json(char **argv)
{
	struct json_object *array = json_object_new_array();

	for (; array && argv && *argv; argv++) {
		struct json_object *word = json_object_new_string(*argv);

		if (!word || json_object_array_add(array, word) < 0) {
			json_object_put(word);
			json_object_put(array);
			return NULL;
		}
	}
	return array;
}

/* For people and for other tools; a takeover asks the kernel. */
static struct json_object *parameters_to_json(const struct ublk_device_config *c)
{
	struct json_object *p = json_object_new_object();
	int r;

	if (!p)
		return NULL;
	r = add(p, "capacity", json_object_new_uint64(c->capacity));
	r |= add(p, "logical_block", json_object_new_uint64(c->logical_block));
	r |= add(p, "physical_block", json_object_new_uint64(c->physical_block));
	r |= add(p, "max_io", json_object_new_uint64(c->max_io));
	r |= add(p, "nr_queues", json_object_new_int(c->nr_queues));
	r |= add(p, "queue_depth", json_object_new_int(c->queue_depth));
	r |= add(p, "recovery", json_object_new_string(ublk_recovery_name(c->recovery)));
	r |= add(p, "attrs", json_object_new_uint64(c->attrs));
	r |= add(p, "features", json_object_new_uint64(c->features_granted));
	if (r) {
		json_object_put(p);
		return NULL;
	}
	return p;
}

static struct json_object *backing_to_json(const struct ublk_backing *backing)
{
	struct json_object *b = json_object_new_object();
	int r;

	if (!b)
		return NULL;
	r = add(b, "major", json_object_new_int64(backing->major));
	r |= add(b, "minor", json_object_new_int64(backing->minor));
	if (backing->inode)
		r |= add(b, "inode", json_object_new_uint64(backing->inode));
	if (r) {
		json_object_put(b);
		return NULL;
	}
	return b;
}

int ublk_record_to_text(const struct ublk_device *dev, const char *cwd, int64_t time,
			char **ret_text)
{
	struct json_object *record = json_object_new_object();
	char uuid[LIBUBLK_UUID_TEXT];
	const char *text = NULL;
	int r = -ENOMEM;

	if (!record)
		goto out;
	ublk_uuid_format(&dev->config.uuid, uuid);
	r = add(record, "version", json_object_new_int(VERSION));
	r |= add(record, "id", json_object_new_int(dev->id));
	r |= add(record, "uuid", json_object_new_string(uuid));
	r |= add(record, "target", json_object_new_string(dev->ops.name));
	r |= add(record, "argv", argv_to_json(dev->argv));
	r |= add(record, "cwd", json_object_new_string(cwd));
	r |= add(record, "time", json_object_new_int64(time));
	r |= add(record, "fenced", json_object_new_boolean(dev->is_fenced));
	r |= add(record, "pid", json_object_new_int(getpid()));
	r |= add(record, "parent", json_object_new_int(getppid()));
	if (dev->backing.is_known)
		r |= add(record, "backing", backing_to_json(&dev->backing));
	if (dev->fence_path)
		r |= add(record, "fence", json_object_new_string(dev->fence_path));
	r |= add(record, "parameters", parameters_to_json(&dev->config));
	if (r)
		goto out;
	text = json_object_to_json_string_ext(record, JSON_C_TO_STRING_PRETTY |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	*ret_text = text ? strdup(text) : NULL;
	r = *ret_text ? 0 : -ENOMEM;
out:
	json_object_put(record);
	return r ? ublk_set_error(ENOMEM, "out of memory") : 0;
}

static struct json_object *get(struct json_object *from, const char *key, enum json_type type)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(from, key, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

static char *get_string(struct json_object *from, const char *key)
{
	struct json_object *value = get(from, key, json_type_string);

	/* A NUL inside a JSON string would make two readers see two different values. */
	if (!value || strlen(json_object_get_string(value)) !=
		      (size_t)json_object_get_string_len(value))
		return NULL;
	return strdup(json_object_get_string(value));
}

static char **get_argv(struct json_object *from)
{
	struct json_object *array = get(from, "argv", json_type_array), *word;
	size_t n, i;
	char **argv;

	if (!array)
		return NULL;
	n = json_object_array_length(array);
	argv = calloc(n + 1, sizeof(*argv));
	for (i = 0; argv && i < n; i++) {
		word = json_object_array_get_idx(array, i);
		if (!json_object_is_type(word, json_type_string) ||
		    strlen(json_object_get_string(word)) !=
		    (size_t)json_object_get_string_len(word))
			goto bad;
		argv[i] = strdup(json_object_get_string(word));
		if (!argv[i])
			goto bad;
	}
	return argv;
bad:
	ublk_strv_free(argv);
	return NULL;
}

/* It may be missing; half of one would not protect anything, so that is an error. */
static int get_backing(struct json_object *from, struct ublk_backing *ret)
{
	struct json_object *b, *major, *minor, *inode;

	if (!json_object_object_get_ex(from, "backing", &b))
		return 0;
	major = get(b, "major", json_type_int);
	minor = get(b, "minor", json_type_int);
	inode = get(b, "inode", json_type_int);
	if (!major || !minor || (!inode && json_object_object_get_ex(b, "inode", NULL)))
		return -EBADMSG;
	ret->is_known = true;
	ret->major = (unsigned)json_object_get_int64(major);
	ret->minor = (unsigned)json_object_get_int64(minor);
	ret->inode = inode ? json_object_get_uint64(inode) : 0;
	return 0;
}

static int parse(struct json_object *json, struct ublk_record *ret)
{
	struct json_object *version, *id, *fenced, *time, *pid, *parent;
	char *uuid;
	int r;

	if (!json_object_is_type(json, json_type_object))
		return ublk_set_error(EBADMSG, "the record is not a JSON object");
	version = get(json, "version", json_type_int);
	if (!version)
		return ublk_set_error(EBADMSG, "the record has no version");
	if (json_object_get_int(version) != VERSION)
		return ublk_set_error(EPROTONOSUPPORT, "the record has version %d, this libublk "
				      "knows %d: use the libublk that wrote it",
				      json_object_get_int(version), VERSION);
	id = get(json, "id", json_type_int);
	fenced = get(json, "fenced", json_type_boolean);
	time = get(json, "time", json_type_int);
	pid = get(json, "pid", json_type_int);
	parent = get(json, "parent", json_type_int);	/* may be missing */
	ret->target = get_string(json, "target");
	ret->cwd = get_string(json, "cwd");
	ret->argv = get_argv(json);
	ret->fence_path = get_string(json, "fence");	/* may be missing */
	if (!id || !fenced || !time || !pid || !ret->target || !ret->cwd || !ret->argv ||
	    get_backing(json, &ret->backing) < 0)
		return ublk_set_error(EBADMSG, "the record lacks a field, or it is of a wrong "
				      "type");
	ret->id = json_object_get_int(id);
	ret->is_fenced = json_object_get_boolean(fenced);
	ret->pid = json_object_get_int(pid);
	ret->parent = parent ? json_object_get_int(parent) : 0;
	ret->time = json_object_get_int64(time);
	uuid = get_string(json, "uuid");
	r = ublk_uuid_parse(uuid, &ret->uuid);
	free(uuid);
	if (r < 0 || ublk_uuid_is_null(&ret->uuid))
		return ublk_set_error(EBADMSG, "the record has no valid UUID");
	return 0;
}

/* On failure @ret may hold strings: ublk_record_free() takes them. */
int ublk_record_from_text(const char *text, struct ublk_record *ret)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *json;
	enum json_tokener_error error;
	int r;

	if (!tokener)
		return ublk_set_error(ENOMEM, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	json = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	error = json_tokener_get_error(tokener);
	if (error != json_tokener_success)
		r = ublk_set_error(EBADMSG, "the record is truncated or garbled: %s",
				   json_tokener_error_desc(error));
	else
		r = parse(json, ret);
	json_object_put(json);
	json_tokener_free(tokener);
	return r;
}
