// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What verbs say about a device when they are done with it. */
#include "device_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device_view.h"
#include "size.h"
#include "spawn.h"

int device_report(struct command_call *call, int id)
{
	struct device_view view;
	char size[SIZE_TEXT_MAX];
	int r, status = STATUS_OK;

	r = device_view_load(call->ctl, id, &view);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	if (call->is_json)
		status = command_print_json(device_view_json(&view));
	else if (view.info.disk_major || view.info.disk_minor)
		printf("ublk %d is %s: /dev/ublkb%d, "
		       "%s\n", id, ublk_state_name(view.info.state), id,
		       size_format(view.info.capacity, size));
	else
		printf("ublk %d is %s\n", id, ublk_state_name(view.info.state));
	device_view_free(&view);
	return status;
}

int server_report_ready(struct command_call *call, const char *path, int r,
			const struct ready *ready)
{
	int status;

	if (r < 0)
		return command_fail(call, r, "%s cannot be started: %s", path, strerror(-r));
	if (ready->is_usage)
		return command_fail_status(call, STATUS_USAGE, -ready->error, "%s",
					   ready->sentence);
	if (!ready->is_live)
		return command_fail(call, -ready->error, "%s", ready->sentence);
	status = call->ctl ? STATUS_OK : command_connect(call);
	return status == STATUS_OK ? device_report(call, ready->id) : status;
}

int server_report(struct command_call *call, char **argv)
{
	struct ready ready;
	int r = server_start(argv, &ready);

	return server_report_ready(call, argv[0], r, &ready);
}
