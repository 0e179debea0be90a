// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The command line that makes a server of an existing device. */
#include "server_command.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spawn.h"

/* "ublk-loop" and "/some/path/server" are both fine; a relative path is not. */
static char *resolve(const char *name, int is_held, int *ret_error)
{
	char path[PATH_MAX];

	*ret_error = 0;
	if (name[0] == '/') {
		*ret_error = !is_held && access(name, X_OK) < 0 ? -errno : 0;
		return *ret_error ? NULL : strdup(name);
	}
	*ret_error = strncmp(name, "ublk-", 5) ? -EINVAL : server_find(name + 5, path);
	return *ret_error ? NULL : strdup(path);
}

static int add_ours(char **argv, int n, const struct device_view *view, const char *extra)
{
	char id[32], uuid[LIBUBLK_UUID_TEXT + 8] = "--uuid=";

	snprintf(id, sizeof(id), "--id=%d", view->info.id);
	argv[n] = strdup(id);
	if (!argv[n++])
		return -ENOMEM;
	if (view->record) {
		ublk_uuid_format(ublk_record_uuid(view->record), uuid + strlen(uuid));
		argv[n] = strdup(uuid);
		if (!argv[n++])
			return -ENOMEM;
	}
	if (!extra)
		return 0;
	argv[n] = strdup(extra);
	return argv[n] ? 0 : -ENOMEM;
}

int server_command(const char *const *command, const struct device_view *view, int is_held,
		   const char *extra, char ***ret_argv)
{
	int len = 0, i, r;
	char **argv;

	while (command && command[len])
		len++;
	if (!len)
		return -EINVAL;
	argv = calloc((size_t)len + 4, sizeof(*argv));
	if (!argv)
		return -ENOMEM;
	argv[0] = resolve(command[0], is_held, &r);
	if (!argv[0] && !r)
		r = -ENOMEM;
	for (i = 1; i < len && !r; i++) {
		argv[i] = strdup(command[i]);
		if (!argv[i])
			r = -ENOMEM;
	}
	if (!r)
		r = add_ours(argv, len, view, extra);
	if (r < 0) {
		server_command_free(argv);
		return r;
	}
	*ret_argv = argv;
	return 0;
}

void server_command_free(char **argv)
{
	int i;

	for (i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}
