// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The one message a server in the background sends to whoever started it. */
#include "ready.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int ready_fd_take(void)
{
	const char *text = getenv(READY_VARIABLE);
	int fd = text ? atoi(text) : -1;

	unsetenv(READY_VARIABLE);
	if (fd <= STDERR_FILENO || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	return fd;
}

/* A caller that went away meanwhile must not take the server with it. */
static void send_text(int fd, const char *text)
{
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	size_t len = strlen(text);
	ssize_t r;

	do {
		r = write(fd, text, len);
	} while (r < 0 && errno == EINTR);
	signal(SIGPIPE, old);
	close(fd);
}

void ready_send_live(int fd, int id)
{
	char text[32];

	snprintf(text, sizeof(text), "live %d\n", id);
	send_text(fd, text);
}

static void send_sentence(int fd, const char *kind, const char *sentence)
{
	char text[512];

	/* one write of less than PIPE_BUF arrives in one piece */
	_Static_assert(sizeof(text) <= PIPE_BUF, "message must be atomic");
	snprintf(text, sizeof(text) - 1, "%s %s", kind, sentence);
	text[strcspn(text, "\n")] = '\0';
	strcat(text, "\n");
	send_text(fd, text);
}

void ready_send_failed(int fd, int error, const char *sentence)
{
	char kind[32];

	snprintf(kind, sizeof(kind), "failed %d", error);
	send_sentence(fd, kind, sentence);
}

void ready_send_usage(int fd, const char *sentence)
{
	send_sentence(fd, "usage", sentence);
}

static void take_sentence(struct ready *ret, const char *text)
{
	snprintf(ret->sentence, sizeof(ret->sentence), "%s", text);
	ret->sentence[strcspn(ret->sentence, "\n")] = '\0';
}

int ready_parse(const char *text, struct ready *ret)
{
	size_t len = strlen(text);
	int used = 0;

	memset(ret, 0, sizeof(*ret));
	if (!len || text[len - 1] != '\n')
		return -EBADMSG;
	if (sscanf(text, "live %d%n", &ret->id, &used) == 1 && text[used] == '\n') {
		ret->is_live = 1;
		return 0;
	}
	if (!strncmp(text, "usage ", 6)) {
		ret->is_usage = 1;
		ret->error = EINVAL;
		take_sentence(ret, text + 6);
		return 0;
	}
	used = 0;
	if (sscanf(text, "failed %d %n", &ret->error, &used) == 1 && used) {
		take_sentence(ret, text + used);
		return 0;
	}
	return -EBADMSG;
}

int ready_receive(int fd, struct ready *ret)
{
	char text[513];
	size_t used = 0;
	ssize_t r;

	while (used < sizeof(text) - 1) {
		r = read(fd, text + used, sizeof(text) - 1 - used);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (!r)
			break;
		used += (size_t)r;
		if (text[used - 1] == '\n')
			break;
	}
	text[used] = '\0';
	return used ? ready_parse(text, ret) : -EPIPE;
}
