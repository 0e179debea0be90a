// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A server in the background: found, started, heard of. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
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
static void become_server(int exe_fd, char *const argv[], int ready_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;
	int r;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    fcntl(ready_fd, F_SETFD, 0) < 0) {
		r = errno;
	} else {
		if (exe_fd >= 0)
			syscall(SYS_execveat, exe_fd, "", argv, environ, AT_EMPTY_PATH);
		else
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

/* Its session, of which it is the leader: a supervisor's worker belongs to it. */
static void kill_all(pid_t pid)
{
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void explain_time(const char *path, int timeout_ms, struct ready *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->error = ETIMEDOUT;
	snprintf(ret->sentence, sizeof(ret->sentence),
		 "the server %.300s was not live within %d s and was killed", path,
		 timeout_ms / 1000);
}

static int hear(pid_t pid, int fd, const char *path, int timeout_ms, struct ready *ret)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int r;

	do {
		r = poll(&p, 1, timeout_ms);
	} while (r < 0 && errno == EINTR);
	if (!r) {
		kill_all(pid);
		explain_time(path, timeout_ms, ret);
		return 0;
	}
	r = ready_receive(fd, ret);
	if (r == -EPIPE || r == -EBADMSG) {
		/* Dead, or deaf and not to be waited for; what is dead already stays what it is. */
		if (timeout_ms >= 0)
			kill(-pid, SIGKILL);
		explain_silence(pid, path, ret);
		return 0;
	}
	if (!r && timeout_ms >= 0 && !ret->is_live)
		kill_all(pid);
	return r;
}

int server_start_bounded(int exe_fd, char *const argv[], int timeout_ms, struct ready *ret_ready)
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
		become_server(exe_fd, argv, fds[1]);
	r = pid < 0 ? -errno : 0;
	unsetenv(READY_VARIABLE);
	close(fds[1]);
	if (!r)
		r = hear(pid, fds[0], argv[0], timeout_ms, ret_ready);
	close(fds[0]);
	return r;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int server_start_after_death(int exe_fd, char *const argv[], int timeout_ms,
			     struct ready *ret_ready)
{
	int64_t end = now_ms() + timeout_ms;
	int r;

	for (;;) {
		r = server_start_bounded(exe_fd, argv, timeout_ms, ret_ready);
		if (r < 0 || ret_ready->is_live || ret_ready->error != EBUSY || now_ms() >= end)
			return r;
		poll(NULL, 0, 100);
	}
}

int server_start(char *const argv[], struct ready *ret_ready)
{
	return server_start_bounded(-1, argv, -1, ret_ready);
}
