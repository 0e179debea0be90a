// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* ublk add: start a server, say which device it became. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "device_report.h"
#include "spawn.h"

/* What "ublk add" itself takes from the line; the rest is the server's. */
struct add_line {
	const char *type;
	int is_foreground, wants_help;
	char **argv;		/* the server's: path, arguments, NULL */
};

static char user_option[] = "--user";

static int line_parse(struct command_call *call, struct add_line *line)
{
	int i, n = 1, is_users = 0;

	line->argv = calloc((size_t)call->argc + 2, sizeof(*line->argv));
	if (!line->argv)
		return command_fail(call, -ENOMEM, "out of memory");
	for (i = 0; i < call->argc; i++) {
		char *arg = call->argv[i];

		/* --json, --help and --user have the same meaning on either side of TYPE */
		if (!strcmp(arg, "--json"))
			call->is_json = 1;
		else if (!strcmp(arg, "--user") && !line->type)
			is_users = 1;
		else if (!strcmp(arg, "--foreground"))
			line->is_foreground = 1;
		else if (!strcmp(arg, "--help") || !strcmp(arg, "-h"))
			line->wants_help = 1;
		else if (!line->type && arg[0] == '-')
			return command_fail_status(call, STATUS_USAGE, -EINVAL,
						   "options of the server go behind TYPE: \"%s\"",
						   arg);
		if (!line->type && arg[0] != '-')
			line->type = arg;
		else if (line->type)
			line->argv[n++] = arg;
	}
	if (is_users)
		line->argv[n++] = user_option;
	return STATUS_OK;
}

static int run_foreground(struct command_call *call, struct add_line *line)
{
	execv(line->argv[0], line->argv);
	return command_fail(call, -errno, "%s cannot be run: %s", line->argv[0], strerror(errno));
}

static int add_line_run(struct command_call *call, struct add_line *line)
{
	char path[PATH_MAX];
	int r;

	if (!line->type && line->wants_help) {
		command_help(call->command);
		return STATUS_OK;
	}
	if (!line->type)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "what shall it be? usage: ublk add "
					   "loop|mem|null|zoned|fault ..");
	r = server_find(line->type, path);
	if (r < 0)
		return command_fail_status(call, STATUS_USAGE, r,
					   "there is no server ublk-%s, neither beside ublk nor "
					   "in " UBLK_LIBEXECDIR " nor on PATH",
					   line->type);
	line->argv[0] = path;
	if (line->wants_help || line->is_foreground)
		return run_foreground(call, line);
	return server_report(call, line->argv);
}

int verb_add(struct command_call *call)
{
	struct add_line line = { 0 };
	int status = line_parse(call, &line);

	if (status == STATUS_OK)
		status = add_line_run(call, &line);
	free(line.argv);
	return status;
}
