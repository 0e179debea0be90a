// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * ublk up: become the server that /etc/ublk/ID.conf describes. For systemd, which starts
 * this and is told by the server itself when the device is live.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "conf.h"
#include "device_view.h"
#include "spawn.h"

/*
 * The identity to ask for, if the file names none: that of the device which is there, if it is
 * ours by its record. Then this is a takeover; else a new device.
 */
static int find_uuid(struct command_call *call, int id, char uuid[LIBUBLK_UUID_TEXT])
{
	struct device_view view;
	int r = device_view_load(call->ctl, id, &view), status = STATUS_OK;

	*uuid = '\0';
	if (r == -ENODEV)
		return STATUS_OK;
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	if (view.info.state == LIBUBLK_STATE_LIVE && view.is_server_alive)
		status = command_fail(call, -EBUSY, "device %d has a living server, process %d",
				      id, view.server_pid);
	else if (view.record)
		ublk_uuid_format(ublk_record_uuid(view.record), uuid);
	else
		status = command_fail(call, -ESTALE, "device %d is there and not known to be this "
						     "one (%s): \"uuid\" in the file says so, or "
						     "ublk del %d removes it",
				      id, view.record_why, id);
	device_view_free(&view);
	return status;
}

/* What else would be killed first; the server inherits it. */
static void protect_from_oom(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "-1000", 5) != 5)
		fprintf(stderr, "ublk up: no protection from the OOM killer: %s\n",
			strerror(errno));
	if (fd >= 0)
		close(fd);
}

/*
 * A first argument that begins with '@' tells systemd that the process serves storage: at
 * shutdown it is spared when all others are killed, so that what is mounted can be unmounted.
 */
static int run(struct command_call *call, const struct conf *conf, char **argv, const char *path)
{
	char name[PATH_MAX + 1];
	int i;

	if (call->is_check) {
		printf("%s", path);
		for (i = 1; argv[i]; i++)
			printf(" %s", argv[i]);
		printf("\n");
		return STATUS_OK;
	}
	if (conf->is_oom_protected)
		protect_from_oom();
	snprintf(name, sizeof(name), "@%s", path);
	argv[0] = name;
	execv(path, argv);
	return command_fail(call, -errno, "%s cannot be run: %s", path, strerror(errno));
}

static int prepare(struct command_call *call, int id, const struct conf *conf, const char *path)
{
	char **argv = calloc((size_t)conf->nr_options + 5, sizeof(*argv));
	char id_option[24], uuid_option[LIBUBLK_UUID_TEXT + 8], uuid[LIBUBLK_UUID_TEXT] = "";
	int i, n = 1, status = STATUS_OK;

	if (!argv)
		return command_fail(call, -ENOMEM, "out of memory");
	if (!call->is_check && !conf_option(conf, "uuid")) {
		status = command_connect(call);
		if (status == STATUS_OK)
			status = find_uuid(call, id, uuid);
	}
	if (conf->operand)
		argv[n++] = conf->operand;
	for (i = 0; i < conf->nr_options; i++)
		argv[n++] = conf->options[i];
	snprintf(id_option, sizeof(id_option), "--id=%d", id);
	argv[n++] = id_option;
	snprintf(uuid_option, sizeof(uuid_option), "--uuid=%s", uuid);
	if (*uuid)
		argv[n++] = uuid_option;
	if (status == STATUS_OK)
		status = run(call, conf, argv, path);
	free(argv);
	return status;
}

static int find_target(struct command_call *call, const struct conf *conf, char path[PATH_MAX])
{
	int r;

	if (*conf->target == '/')
		r = snprintf(path, PATH_MAX, "%s", conf->target) < PATH_MAX ? 0 : -ENAMETOOLONG;
	else
		r = server_find(conf->target, path);
	return r < 0 ? command_fail_status(call, STATUS_USAGE, r,
					   "there is no target \"%s\": a full path, or TYPE of a "
					   "ublk-TYPE that is installed", conf->target) :
		       STATUS_OK;
}

int verb_up(struct command_call *call)
{
	struct option_error err = { "" };
	char path[PATH_MAX];
	struct conf conf;
	int status, id, r;

	status = command_id(call, 0, &id);
	if (status != STATUS_OK)
		return status;
	r = conf_load(id, &conf, &err);
	if (r < 0)
		return command_fail_status(call, r == -EPERM ? STATUS_PERMISSION : STATUS_USAGE, r,
					   "%s", err.text);
	status = find_target(call, &conf, path);
	if (status == STATUS_OK)
		status = prepare(call, id, &conf, path);
	conf_free(&conf);
	return status;
}
