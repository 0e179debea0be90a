/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What a device is doing, in numbers: the server's counters, and what only the driver knows. Each
 * source may be missing (another library's server, mainline's driver, no debugfs); then it is -1.
 */
#ifndef UBLK_DEVICE_FIGURES_H
#define UBLK_DEVICE_FIGURES_H

#include <ublk.h>

struct json_object;

struct device_figures {
	int64_t in_flight;	/* requests that the disk has taken and not yet ended */
	int64_t waiting;	/* of these, for a server */
	int64_t in_server;	/* of these, with the server */
	int64_t restarts;	/* servers after the first */
	int64_t state_ms;	/* for how long in this state */
	int64_t unserved_ms;	/* all the time that it was QUIESCED or FAIL_IO */
	int has_counters;
	struct ublk_stats_info stats;		/* with has_counters */
	struct ublk_stats_counters counters;	/* sums of all queues */
};

/* Never fails. @uuid: the device's, so that no earlier one's counters are taken; NULL: unknown. */
void device_figures_load(struct ublk_ctl *ctl, const struct ublk_device_info *info,
			 const struct ublk_uuid *uuid, struct device_figures *ret);

/* Adds them as keys to @object: numbers, or null for what is not known. */
void device_figures_json(const struct device_figures *figures, struct json_object *object);

/* "1d02h", "3h04m", "5m06s", "7.8s", or "-" for less than 0. */
#define DURATION_TEXT_MAX 24
const char *duration_format(int64_t ms, char text[DURATION_TEXT_MAX]);

#endif
