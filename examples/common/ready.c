// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The one message a server in the background sends to whoever started it. */
#include "ready.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void ready_send_failed(int fd, int error, const char *sentence)
{
	char text[512];

	/* one write of less than PIPE_BUF arrives in one piece */
	_Static_assert(sizeof(text) <= PIPE_BUF, "message must be atomic");
	snprintf(text, sizeof(text) - 1, "failed %d %s", error, sentence);
	text[strcspn(text, "\n")] = '\0';
	strcat(text, "\n");
	send_text(fd, text);
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
	used = 0;
	if (sscanf(text, "failed %d %n", &ret->error, &used) == 1 && used) {
		snprintf(ret->sentence, sizeof(ret->sentence), "%s", text + used);
		ret->sentence[strcspn(ret->sentence, "\n")] = '\0';
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
