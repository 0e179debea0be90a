/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Which record is about which device. */
#include <stdlib.h>

#include "internal.h"

UBLK_EXPORT const struct ublk_uuid *ublk_record_uuid(const struct ublk_record *record)
{
	return &record->uuid;
}

UBLK_EXPORT const char *ublk_record_target(const struct ublk_record *record)
{
	return record->target;
}

UBLK_EXPORT const char *ublk_record_cwd(const struct ublk_record *record)
{
	return record->cwd;
}

UBLK_EXPORT const char *const *ublk_record_argv(const struct ublk_record *record)
{
	return (const char *const *)record->argv;
}

UBLK_EXPORT int ublk_record_is_fenced(const struct ublk_record *record)
{
	return record->is_fenced;
}

UBLK_EXPORT const char *ublk_record_fence_path(const struct ublk_record *record)
{
	return record->fence_path;
}

UBLK_EXPORT int ublk_record_pid(const struct ublk_record *record)
{
	return record->pid;
}

UBLK_EXPORT int ublk_record_parent(const struct ublk_record *record)
{
	return record->parent;
}

UBLK_EXPORT int64_t ublk_record_time(const struct ublk_record *record)
{
	return record->time;
}

UBLK_EXPORT int ublk_record_matches(const struct ublk_record *record,
				    const struct ublk_device_info *info)
{
	return record->id == info->id && ublk_uuid_tag(&record->uuid) == info->identity_tag;
}

static bool is_about(struct ublk_ctl *ctl, int id, const struct ublk_uuid *uuid)
{
	struct ublksrv_ctrl_dev_info info;
	struct ublk_record *record;
	bool is_it;

	if (ublk_record_load(ctl, id, &record) < 0)
		return false;
	is_it = ublk_uuid_tag(&record->uuid) == ublk_uuid_tag(uuid);
	ublk_record_free(record);
	return is_it && !ublk_get_kernel_info(ctl, id, &info) &&
	       info.ublksrv_flags == ublk_uuid_tag(uuid);
}

int ublk_record_find(struct ublk_ctl *ctl, const struct ublk_uuid *uuid)
{
	int *ids, id = -ENOENT, r;
	size_t n, i;

	r = ublk_record_list(ctl, &ids, &n);
	if (r < 0)
		return r;
	for (i = 0; i < n && id < 0; i++) {
		if (is_about(ctl, ids[i], uuid))
			id = ids[i];
	}
	free(ids);
	return id;
}
