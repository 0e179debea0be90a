// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What other programs know. */
#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void become(const char *const argv[], int out)
{
	static const char *const dirs[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin" };
	/* exec changes nothing, it is only declared before const was */
	char *const *args = (char *const *)argv;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char path[64];
	size_t i;

	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], argv[0]);
		execv(path, args);
	}
	_exit(127);
}

int program_ask(const char *const argv[], char *buf, size_t size)
{
	int fds[2], status;
	size_t used = 0;
	ssize_t r;
	pid_t pid;

	buf[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (!pid)
		become(argv, fds[1]);
	close(fds[1]);
	while (pid > 0 && used < size - 1 && (r = read(fds[0], buf + used, size - 1 - used)) > 0)
		used += (size_t)r;
	buf[used] = '\0';
	close(fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ENOENT;
}
