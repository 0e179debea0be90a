// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Commands that bring servers up. */
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define VARIABLE "UBLK_KILL_AT"

/* Ours, with the variable set or gone. The strings are not copied, but for @ret_own. */
static char **environment(const char *kill_at, char **ret_own)
{
	size_t nr = 0, kept = 0, i;
	char **list;

	while (environ[nr])
		nr++;
	*ret_own = NULL;
	list = calloc(nr + 2, sizeof(*list));
	if (!list || (kill_at && asprintf(ret_own, VARIABLE "=%s", kill_at) < 0)) {
		free(list);
		return NULL;
	}
	for (i = 0; i < nr; i++)
		if (strncmp(environ[i], VARIABLE "=", sizeof(VARIABLE)))
			list[kept++] = environ[i];
	list[kept] = *ret_own;
	return list;
}

pid_t shell_start(char *const *argv, const char *line, const char *kill_at)
{
	static char sh[] = "/bin/sh", dash_c[] = "-c";
	char *const shell[] = { sh, dash_c, (char *)line, NULL };
	posix_spawn_file_actions_t files;
	char **env, *own;
	pid_t pid;
	int r;

	env = environment(kill_at, &own);
	if (!env)
		return -ENOMEM;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, 2, 1);
	r = posix_spawnp(&pid, argv ? argv[0] : shell[0], &files, NULL, argv ? argv : shell, env);
	posix_spawn_file_actions_destroy(&files);
	free(own);
	free(env);
	return r ? -r : pid;
}

int shell_wait(pid_t pid, int ms)
{
	struct pollfd poll_it = { .events = POLLIN };
	int status, r;

	poll_it.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (poll_it.fd < 0)
		return -errno;
	do {
		r = poll(&poll_it, 1, ms);
	} while (r < 0 && errno == EINTR);
	close(poll_it.fd);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
