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

static int add_identity(char **argv, int n, const struct device_view *view)
{
	char uuid[LIBUBLK_UUID_TEXT];

	if (asprintf(&argv[n], "--id=%d", view->info.id) < 0) {
		argv[n] = NULL;
		return -ENOMEM;
	}
	if (!view->record)
		return 0;
	ublk_uuid_format(ublk_record_uuid(view->record), uuid);
	if (asprintf(&argv[n + 1], "--uuid=%s", uuid) < 0) {
		argv[n + 1] = NULL;
		return -ENOMEM;
	}
	return 0;
}

int server_command(const char *const *command, const struct device_view *view, int is_held,
		   char ***ret_argv)
{
	int len = 0, i, r;
	char **argv;

	while (command && command[len])
		len++;
	if (!len)
		return -EINVAL;
	argv = calloc((size_t)len + 3, sizeof(*argv));
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
		r = add_identity(argv, len, view);
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
