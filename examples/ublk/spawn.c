// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A server in the background: found, started, heard of. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef UBLK_LIBEXECDIR
#define UBLK_LIBEXECDIR "/usr/libexec/ublk"
#endif

#define TYPE_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-_"

static int try_path(char *path, const char *dir, size_t dir_len, const char *type)
{
	int len = snprintf(path, PATH_MAX, "%.*s/ublk-%s", (int)dir_len, dir, type);

	/* a relative PATH entry would make another command of it at recovery */
	return len < PATH_MAX && *path == '/' && !access(path, X_OK);
}

static int search_path(char *path, const char *type)
{
	const char *dir = getenv("PATH");
	size_t len;

	while (dir && *dir) {
		len = strcspn(dir, ":");
		if (try_path(path, dir, len, type))
			return 0;
		dir += len + (dir[len] == ':');
	}
	return -ENOENT;
}

int server_find(const char *type, char ret_path[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t len;
	char *slash;

	if (!*type || type[strspn(type, TYPE_LETTERS)])
		return -EINVAL;
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len > 0) {
		self[len] = '\0';
		slash = strrchr(self, '/');
		if (slash && try_path(ret_path, self, (size_t)(slash - self), type))
			return 0;
	}
	if (try_path(ret_path, UBLK_LIBEXECDIR, strlen(UBLK_LIBEXECDIR), type))
		return 0;
	return search_path(ret_path, type);
}

/* In the child: only what is safe after fork, then the server. */
static void become_server(char *const argv[], int ready_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int r;

	setsid();
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    fcntl(ready_fd, F_SETFD, 0) < 0) {
		r = errno;
	} else {
		execv(argv[0], argv);
		r = errno;
	}
	dprintf(ready_fd, "failed %d %s cannot be started: %s\n", r, argv[0], strerror(r));
	_exit(127);
}

/* It is gone without a word: its end is all there is to tell. */
static void explain_silence(pid_t pid, const char *path, struct ready *ret)
{
	int status = 0;

	memset(ret, 0, sizeof(*ret));
	ret->error = ECHILD;
	if (waitpid(pid, &status, 0) < 0)
		snprintf(ret->sentence, sizeof(ret->sentence), "%.300s went away unheard", path);
	else if (WIFSIGNALED(status))
		snprintf(ret->sentence, sizeof(ret->sentence),
			 "the server %.300s was killed by signal %d (%s) before its device was "
			 "live",
			 path, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(ret->sentence, sizeof(ret->sentence),
			 "the server %.300s ended with status %d before its device was live", path,
			 WEXITSTATUS(status));
}

int server_start(char *const argv[], struct ready *ret_ready)
{
	int fds[2], r;
	char number[16];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	snprintf(number, sizeof(number), "%d", fds[1]);
	setenv(READY_VARIABLE, number, 1);
	fflush(NULL);
	pid = fork();
	if (!pid)
		become_server(argv, fds[1]);
	r = pid < 0 ? -errno : 0;
	unsetenv(READY_VARIABLE);
	close(fds[1]);
	if (!r) {
		r = ready_receive(fds[0], ret_ready);
		if (r == -EPIPE || r == -EBADMSG) {
			explain_silence(pid, argv[0], ret_ready);
			r = 0;
		}
	}
	close(fds[0]);
	return r;
}
