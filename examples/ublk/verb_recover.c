// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * ublk recover: give a device that lost its server a new one.
 *
 * Whoever can write a record can have a command run as root here. So the library
 * believes only what nobody but root or the caller could have written, and this
 * command asks nobody else.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "device_report.h"
#include "device_view.h"
#include "spawn.h"

struct recover_line {
	char *id_text;
	char **command;		/* after "--"; NULL = the record's */
	int command_len;
	int wants_help, is_forced;
};

static int line_parse(struct command_call *call, struct recover_line *line)
{
	int i;

	for (i = 0; i < call->argc; i++) {
		char *arg = call->argv[i];

		if (!strcmp(arg, "--")) {
			line->command = call->argv + i + 1;
			line->command_len = call->argc - i - 1;
			break;
		}
		if (!strcmp(arg, "--json"))
			call->is_json = 1;
		else if (!strcmp(arg, "--force"))
			line->is_forced = 1;
		else if (!strcmp(arg, "--help") || !strcmp(arg, "-h"))
			line->wants_help = 1;
		else if (arg[0] == '-')
			return command_fail_status(call, STATUS_USAGE, -EINVAL,
						   "there is no option %s here; a server's "
						   "command goes behind --",
						   arg);
		else if (line->id_text)
			return command_fail_status(call, STATUS_USAGE, -EINVAL,
						   "one device at a time: \"%s\"", arg);
		else
			line->id_text = arg;
	}
	if (line->command && !line->command_len)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "behind -- comes the server's command");
	call->argv = &line->id_text;
	call->argc = line->id_text ? 1 : 0;
	return STATUS_OK;
}

/* A record that cannot be used, said so that it is clear what else can be done. */
static int refuse_record(struct command_call *call, const struct device_view *view)
{
	int id = view->info.id;

	if (view->record_error == -ENOENT)
		return command_fail_status(call, STATUS_FAILED, -ENOENT,
					   "device %d has no record, so its server is not known: "
					   "ublk recover %d -- COMMAND names it",
					   id, id);
	return command_fail(call, view->record_error, "%s; ublk recover %d -- COMMAND does without",
			    view->record_why, id);
}

static int check_state(struct command_call *call, const struct device_view *view)
{
	const struct ublk_device_info *info = &view->info;

	if (info->recovery == LIBUBLK_RECOVERY_OFF && info->state != LIBUBLK_STATE_DEAD)
		return command_fail(call, -EBUSY, "device %d was made without recovery: it "
						  "cannot have a second server",
				    info->id);
	if (info->state == LIBUBLK_STATE_LIVE && view->is_server_alive)
		return command_fail(call, -EBUSY, "device %d has a living server, process %d: "
						  "ublk stop --kill %d ends it",
				    info->id, view->server_pid, info->id);
	return STATUS_OK;
}

/* "ublk-loop" and "/some/path/server" are both fine; a relative path is not. */
static int resolve(const char *name, char path[PATH_MAX])
{
	if (name[0] == '/')
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX ? 0 : -ENAMETOOLONG;
	return strncmp(name, "ublk-", 5) ? -EINVAL : server_find(name + 5, path);
}

/* What build_argv() has put behind the @len words of the command. */
static void free_argv(char **argv, int len)
{
	for (; argv[len]; len++)
		free(argv[len]);
	free(argv);
}

/* Ours come last, so they overrule what the command says itself. */
static char **build_argv(const char *const *command, int len, const struct device_view *view,
			 int is_forced)
{
	char **argv = calloc((size_t)len + 4, sizeof(*argv));
	char uuid[LIBUBLK_UUID_TEXT];
	int n = len;

	if (!argv)
		return NULL;
	memcpy(argv, command, (size_t)len * sizeof(*argv));
	if (asprintf(&argv[n++], "--id=%d", view->info.id) < 0)
		goto err;
	if (view->record) {
		ublk_uuid_format(ublk_record_uuid(view->record), uuid);
		if (asprintf(&argv[n++], "--uuid=%s", uuid) < 0)
			goto err;
	}
	if (is_forced) {
		argv[n] = strdup("--force");
		if (!argv[n++])
			goto err;
	}
	return argv;
err:
	/* asprintf() may leave anything there */
	argv[n - 1] = NULL;
	free_argv(argv, len);
	return NULL;
}

static int start(struct command_call *call, const struct recover_line *line,
		 const struct device_view *view)
{
	const char *const *command;
	char path[PATH_MAX], **argv;
	int len = 0, status;

	if (line->command) {
		command = (const char *const *)line->command;
		len = line->command_len;
	} else {
		command = ublk_record_argv(view->record);
		while (command[len])
			len++;
	}
	if (!len || resolve(command[0], path) < 0)
		return command_fail_status(call, line->command ? STATUS_USAGE : STATUS_FAILED,
					   -EINVAL, "%s names no server by its full path, nor is "
						    "it a ublk-TYPE that can be found",
					   line->command ? "the command" : "the record");
	argv = build_argv(command, len, view, line->is_forced);
	if (!argv)
		return command_fail(call, -ENOMEM, "out of memory");
	argv[0] = path;
	status = server_report(call, argv);
	free_argv(argv, len);
	return status;
}

int verb_recover(struct command_call *call)
{
	struct recover_line line = { 0 };
	struct device_view view;
	int status, id, r;

	status = line_parse(call, &line);
	if (status != STATUS_OK)
		return status;
	if (line.wants_help) {
		command_help(call->command);
		return STATUS_OK;
	}
	status = command_id(call, 0, &id);
	if (status == STATUS_OK)
		status = command_connect(call);
	if (status != STATUS_OK)
		return status;
	r = device_view_load(call->ctl, id, &view);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	status = check_state(call, &view);
	if (status == STATUS_OK && !line.command && !view.record)
		status = refuse_record(call, &view);
	if (status == STATUS_OK)
		status = start(call, &line, &view);
	device_view_free(&view);
	return status;
}
