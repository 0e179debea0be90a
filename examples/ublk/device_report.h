/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What verbs say about a device when they are done with it. */
#ifndef UBLK_DEVICE_REPORT_H
#define UBLK_DEVICE_REPORT_H

#include "command.h"
#include "ready.h"

/* Prints device @id as "ublk info" does with --json, else as one line. Returns a status. */
int device_report(struct command_call *call, int id);

/* Starts the server @argv in the background, reports its device or why there is none. */
int server_report(struct command_call *call, char **argv);

/* The same for a server that was started already, with what server_start() returned and filled. */
int server_report_ready(struct command_call *call, const char *path, int r,
			const struct ready *ready);

#endif
