// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * ublk upgrade: one server hands a device over to the next one.
 *
 *	keep the record -> quiesce -> start the new one --live--> forget the old record
 *	                                   '--not--> kill it, start the old one again
 *
 * From the quiesce on I/O waits, and nobody but us knows what to do about it. So signals that a
 * person sends wait too, and whatever has to be found out is found out before. If we are killed all
 * the same, the device is QUIESCED or LIVE, its record is the old or the new server's, and the
 * old one's is kept beside it: "ublk recover" tries both.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "device_report.h"
#include "device_view.h"
#include "server_command.h"
#include "spawn.h"

#define TIMEOUT_S 60

struct upgrade {
	char *id_text;
	char **command;			/* behind "--"; NULL = the record's */
	int wants_help;
	int id, old_pid;
	char **old_argv, **new_argv;
	int old_exe;			/* the program that serves now; -1 = not to be had */
	int timeout_ms;
};

static int parse_timeout(struct command_call *call, const char *text)
{
	char *end;
	long value;

	errno = 0;
	value = text ? strtol(text, &end, 10) : -1;
	if (!text || errno || end == text || *end || value < 1 || value > 1000000)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "--timeout wants 1 to 1000000 seconds");
	call->timeout_s = value;
	return STATUS_OK;
}

static int parse_word(struct command_call *call, struct upgrade *up, int *i)
{
	char *arg = call->argv[*i];

	if (!strcmp(arg, "--json"))
		call->is_json = 1;
	else if (!strcmp(arg, "--help") || !strcmp(arg, "-h"))
		up->wants_help = 1;
	else if (!strncmp(arg, "--timeout=", 10))
		return parse_timeout(call, arg + 10);
	else if (!strcmp(arg, "--timeout"))
		return parse_timeout(call, *i + 1 < call->argc ? call->argv[++*i] : NULL);
	else if (arg[0] == '-')
		return command_fail_status(call, STATUS_USAGE, -EINVAL, "there is no option %s "
					   "here; a server's command goes behind --", arg);
	else if (up->id_text)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "one device at a time: \"%s\"", arg);
	else
		up->id_text = arg;
	return STATUS_OK;
}

static int parse_line(struct command_call *call, struct upgrade *up)
{
	int i, status = STATUS_OK;

	for (i = 0; i < call->argc && status == STATUS_OK; i++) {
		if (!strcmp(call->argv[i], "--")) {
			up->command = call->argv + i + 1;
			break;
		}
		status = parse_word(call, up, &i);
	}
	if (status == STATUS_OK && up->command && !up->command[0])
		status = command_fail_status(call, STATUS_USAGE, -EINVAL,
					     "behind -- comes the server's command");
	call->argv = &up->id_text;
	call->argc = up->id_text ? 1 : 0;
	return status;
}

/* A unit's process belongs to systemd, which would not know of the new one. */
static int find_unit(int pid, char unit[128])
{
	char path[48], line[512];
	FILE *file;
	char *at;

	unit[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	file = fopen(path, "re");
	while (file && !unit[0] && fgets(line, sizeof(line), file)) {
		at = strstr(line, "/ublk@");
		if (at)
			snprintf(unit, 128, "%.*s", (int)strcspn(at + 1, "/\n"), at + 1);
	}
	if (file)
		fclose(file);
	return unit[0];
}

static int has_option(const char *const *argv, const char *name)
{
	for (; argv && *argv; argv++)
		if (!strncmp(*argv, name, strlen(name)))
			return 1;
	return 0;
}

static int check_server(struct command_call *call, const struct device_view *view)
{
	const struct ublk_device_info *info = &view->info;

	if (info->recovery == LIBUBLK_RECOVERY_OFF)
		return command_fail(call, -EBUSY, "device %d was made without recovery: it cannot "
				    "have a second server", info->id);
	if (info->state != LIBUBLK_STATE_LIVE || !view->is_server_alive)
		return command_fail(call, -EBUSY, "device %d is %s and has no server that could "
				    "hand it over: ublk recover %d -- COMMAND starts one", info->id,
				    ublk_state_name(info->state), info->id);
	if (!(info->features & LIBUBLK_FEATURE_QUIESCE))
		return command_fail(call, -EOPNOTSUPP, "device %d was made without the ability to "
				    "quiesce: kill its server (process %d), then ublk recover %d "
				    "-- COMMAND does the same", info->id, view->server_pid,
				    info->id);
	if (!view->record)
		return command_fail(call, view->record_error, "%s: without a record there is no "
				    "way back to the old server", view->record_why);
	return STATUS_OK;
}

static int check_owner(struct command_call *call, const struct upgrade *up,
		       const struct device_view *view)
{
	char unit[128];

	if (find_unit(view->server_pid, unit))
		return command_fail(call, -EBUSY, "device %d is served by %s: systemctl kill -s KILL "
				    "%s has systemd start its program anew, and I/O waits for that",
				    view->info.id, unit, unit);
	if (!strcmp(ublk_record_target(view->record), "mem") &&
	    !has_option((const char *const *)up->command, "--memory-fd"))
		return command_fail(call, -EBUSY, "the data of device %d is memory of process %d, "
				    "or of its supervisor, and would end with it", view->info.id,
				    view->server_pid);
	return STATUS_OK;
}

/* The program that runs, if it is the one that the record names: its file may be another by now. */
static int open_program(int pid, const char *recorded)
{
	char link[32], path[PATH_MAX];
	size_t n = strlen(recorded);
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return -1;
	path[len] = '\0';
	if (strncmp(path, recorded, n) || (path[n] && strcmp(path + n, " (deleted)")))
		return -1;
	return open(link, O_PATH | O_CLOEXEC);
}

static int find_commands(struct command_call *call, struct upgrade *up,
			 const struct device_view *view)
{
	const char *const *recorded = ublk_record_argv(view->record);
	int r;

	up->id = view->info.id;
	up->old_pid = view->server_pid;
	if (recorded && recorded[0])
		up->old_exe = open_program(view->server_pid, recorded[0]);
	r = server_command(up->command ? (const char *const *)up->command : recorded, view,
			   0, NULL, &up->new_argv);
	if (r < 0)
		return command_fail_status(call, up->command ? STATUS_USAGE : STATUS_FAILED, r,
					   "%s names no server by its full path, nor is it a "
					   "ublk-TYPE that can be found: %s; nothing was changed",
					   up->command ? "the command" : "the record",
					   strerror(-r));
	r = server_command(recorded, view, up->old_exe >= 0, NULL, &up->old_argv);
	return r < 0 ? command_fail(call, r, "the recorded command could not be run again: %s; "
				    "nothing was changed", strerror(-r)) : STATUS_OK;
}

static int look(struct command_call *call, struct upgrade *up)
{
	struct device_view view;
	int r, status;

	r = device_view_load(call->ctl, up->id, &view);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	status = check_server(call, &view);
	if (status == STATUS_OK)
		status = check_owner(call, up, &view);
	if (status == STATUS_OK)
		status = find_commands(call, up, &view);
	device_view_free(&view);
	return status;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int report(struct command_call *call, const struct upgrade *up, int64_t pause_ms)
{
	struct device_view view;
	struct json_object *object;
	int r, status = STATUS_OK;

	r = device_view_load(call->ctl, up->id, &view);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	if (call->is_json) {
		object = device_view_json(&view);
		json_object_object_add(object, "old_server_pid",
				       json_object_new_int(up->old_pid));
		json_object_object_add(object, "pause_ms", json_object_new_int64(pause_ms));
		status = command_print_json(object);
	} else {
		printf("ublk %d is %s: process %d in the place of %d; I/O waited %lld ms\n", up->id,
		       ublk_state_name(view.info.state), view.server_pid, up->old_pid,
		       (long long)pause_ms);
	}
	device_view_free(&view);
	return status;
}

/* What went wrong, on one line whatever it was. */
static const char *why(int r, const struct ready *ready)
{
	return r < 0 ? strerror(-r) : ready->sentence;
}

static int roll_back(struct command_call *call, const struct upgrade *up, const char *reason,
		     int64_t begin)
{
	struct ublk_device_info info = { .size = sizeof(info) };
	struct ready ready = { 0 };
	int r;

	/* Somebody else was faster, or it was live at the very last moment. */
	if (!ublk_device_get_info(call->ctl, up->id, &info) && info.state == LIBUBLK_STATE_LIVE)
		return command_fail(call, -EBUSY, "%s; device %d is LIVE and served by process %d",
				    reason, up->id, info.server_pid);
	r = server_start_after_death(up->old_exe, up->old_argv, up->timeout_ms, &ready);
	if (r < 0 || !ready.is_live)
		return command_fail_status(call, STATUS_FAILED, -EIO, "%s; nor does the old one "
					   "come back (%s): device %d waits with its I/O, ublk "
					   "recover %d -- COMMAND gives it a server", reason,
					   why(r, &ready), up->id, up->id);
	ublk_record_drop_kept(call->ctl, up->id);
	return command_fail_status(call, STATUS_FAILED, -ECANCELED, "%s; the old server is back, "
				   "device %d is LIVE, I/O waited %lld ms", reason, up->id,
				   (long long)(now_ms() - begin));
}

static int replace(struct command_call *call, const struct upgrade *up)
{
	int64_t begin = now_ms();
	struct ready ready = { 0 };
	char reason[640];
	int r;

	r = ublk_device_quiesce(call->ctl, up->id, up->timeout_ms);
	if (r < 0) {
		snprintf(reason, sizeof(reason), "%s", ublk_last_error());
		ublk_record_drop_kept(call->ctl, up->id);
		return command_fail(call, r, "%s; nothing was changed", reason);
	}
	r = server_start_bounded(-1, up->new_argv, up->timeout_ms, &ready);
	if (!r && ready.is_live) {
		ublk_record_drop_kept(call->ctl, up->id);
		return report(call, up, now_ms() - begin);
	}
	snprintf(reason, sizeof(reason), "the new server did not come up: %s", why(r, &ready));
	return roll_back(call, up, reason, begin);
}

static int run(struct command_call *call, struct upgrade *up)
{
	sigset_t signals;
	int r, status;

	status = command_id(call, 0, &up->id);
	if (status == STATUS_OK)
		status = command_connect(call);
	if (status == STATUS_OK)
		status = look(call, up);
	if (status != STATUS_OK)
		return status;
	r = ublk_record_keep(call->ctl, up->id);
	if (r < 0)
		return command_fail(call, r, "%s; nothing was changed", ublk_last_error());
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	up->timeout_ms = command_timeout_ms(call, TIMEOUT_S);
	return replace(call, up);
}

int verb_upgrade(struct command_call *call)
{
	struct upgrade up = { .old_exe = -1 };
	int status = parse_line(call, &up);

	if (status == STATUS_OK && up.wants_help) {
		command_help(call->command);
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		status = run(call, &up);
	server_command_free(up.old_argv);
	server_command_free(up.new_argv);
	if (up.old_exe >= 0)
		close(up.old_exe);
	return status;
}
