// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * ublk recover: give a device that lost its server a new one.
 *
 * Whoever can write a record can have a command run as root here. So the library
 * believes only what nobody but root or the caller could have written, and this
 * command asks nobody else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "device_report.h"
#include "device_view.h"
#include "server_command.h"
#include "spawn.h"

#define START_TIMEOUT_MS 60000

struct recover_line {
	char *id_text;
	char **command;		/* after "--"; NULL = the record's */
	int wants_help, is_forced;
};

static int line_parse(struct command_call *call, struct recover_line *line)
{
	int i;

	for (i = 0; i < call->argc; i++) {
		char *arg = call->argv[i];

		if (!strcmp(arg, "--")) {
			line->command = call->argv + i + 1;
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
	if (line->command && !line->command[0])
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

static int refuse_command(struct command_call *call, const struct recover_line *line, int r)
{
	if (r == -ENOMEM)
		return command_fail(call, r, "out of memory");
	return command_fail_status(call, line->command ? STATUS_USAGE : STATUS_FAILED, r,
				   "%s names no server by its full path, nor is it a ublk-TYPE that "
				   "can be found: %s", line->command ? "the command" : "the record",
				   strerror(-r));
}

/*
 * An upgrade that was killed may have left the new server's record and no server. What served
 * before it is on file too, until one is live.
 */
static char **command_before_upgrade(struct command_call *call, const struct device_view *view,
				     const char *extra)
{
	struct ublk_record *kept;
	char **argv = NULL;

	if (ublk_record_load_kept(call->ctl, view->info.id, &kept) < 0)
		return NULL;
	if (ublk_record_matches(kept, &view->info))
		server_command(ublk_record_argv(kept), view, 0, extra, &argv);
	ublk_record_free(kept);
	return argv;
}

static int start(struct command_call *call, const struct recover_line *line,
		 const struct device_view *view)
{
	const char *extra = line->is_forced ? "--force" : NULL;
	char **argv = NULL, **before = NULL;
	struct ready ready = { 0 };
	int r, status;

	r = server_command(line->command ? (const char *const *)line->command :
			   ublk_record_argv(view->record), view, 0, extra, &argv);
	if (!line->command)
		before = command_before_upgrade(call, view, extra);
	if (r < 0 && !before)
		return refuse_command(call, line, r);
	if (!r)
		r = server_start(argv, &ready);
	if (before && (r < 0 || !ready.is_live)) {
		fprintf(stderr, "ublk recover: %s does not come up (%s); trying what served before "
			"an upgrade that did not end\n", argv ? argv[0] : "the recorded server",
			r < 0 ? strerror(-r) : ready.sentence);
		server_command_free(argv);
		argv = before;
		before = NULL;
		r = server_start_after_death(-1, argv, START_TIMEOUT_MS, &ready);
	}
	status = server_report_ready(call, argv[0], r, &ready);
	if (status == STATUS_OK)
		ublk_record_drop_kept(call->ctl, view->info.id);
	server_command_free(argv);
	server_command_free(before);
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
