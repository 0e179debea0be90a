/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* A device as the operator sees it: the kernel's view and the record's, joined. */
#ifndef UBLK_DEVICE_VIEW_H
#define UBLK_DEVICE_VIEW_H

#include <ublk.h>

#include "device_figures.h"

struct json_object;

struct device_view {
	struct ublk_device_info info;
	struct ublk_record *record;	/* NULL: none, or not about this device */
	int record_error;		/* why not, -errno; 0 if there is one */
	char record_why[256];		/* the sentence for it */
	int server_pid;			/* -1: none. While a device is started the kernel
					 * knows none; then it is the record's, if alive */
	int is_server_alive;
	struct device_figures figures;
};

/**
 * device_view_load() - look at device @id
 *
 * Return: 0 or -errno (ublk_last_error() has the sentence). A missing or bad record is
 *         no failure.
 */
int device_view_load(struct ublk_ctl *ctl, int id, struct device_view *ret);
/* Is @error of the above that the device is somebody else's, whose the caller may not see? */
int device_view_is_others(int error);

void device_view_free(struct device_view *view);

/* The file whose lock is the device's fence, or NULL if there is or was none. */
const char *device_view_fence(const struct device_view *view);

/* The value of --@name=... in the recorded command, or NULL. */
const char *device_view_option(const struct device_view *view, const char *name);

struct json_object *device_view_json(const struct device_view *view);

#endif
