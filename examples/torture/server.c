// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The process that serves the device. */
#include "server.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 5

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void look_again_later(void)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

	nanosleep(&pause, NULL);
}

void server_forget(struct server *server)
{
	if (server->pidfd >= 0)
		close(server->pidfd);
	server->pidfd = -1;
	server->pid = -1;
}

int server_is_alive(const struct server *server)
{
	struct pollfd poll_it = { .fd = server->pidfd, .events = POLLIN };

	return server->pidfd >= 0 && poll(&poll_it, 1, 0) == 0;
}

static int adopt(struct server *server, pid_t pid)
{
	server_forget(server);
	server->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (server->pidfd < 0)
		return 0;
	server->pid = pid;
	return server_is_alive(server);
}

int server_wait(struct server *server, pid_t not_this, int timeout_ms)
{
	struct ublk_device_info info = { .size = sizeof(info) };
	uint64_t end = now_ms() + (uint64_t)timeout_ms;
	int r;

	for (;;) {
		r = ublk_device_get_info(server->ctl, server->id, &info);
		if (!r && info.state == LIBUBLK_STATE_LIVE && info.server_pid > 0 &&
		    info.server_pid != not_this && adopt(server, info.server_pid))
			return 0;
		if (now_ms() > end)
			return r < 0 ? r : -ETIMEDOUT;
		look_again_later();
	}
}

int server_wait_settled(struct server *server, pid_t pid, int timeout_ms)
{
	struct ublk_device_info info = { .size = sizeof(info) };
	uint64_t end = now_ms() + (uint64_t)timeout_ms;

	for (;;) {
		if (ublk_device_get_info(server->ctl, server->id, &info) < 0 ||
		    info.state != LIBUBLK_STATE_LIVE || info.server_pid != pid)
			return 0;
		if (now_ms() > end)
			return -ETIMEDOUT;
		look_again_later();
	}
}

int server_signal(const struct server *server, int signal)
{
	return syscall(SYS_pidfd_send_signal, server->pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int server_wait_dead(const struct server *server, int timeout_ms)
{
	struct pollfd poll_it = { .fd = server->pidfd, .events = POLLIN };
	int r;

	do {
		r = poll(&poll_it, 1, timeout_ms);
	} while (r < 0 && errno == EINTR);
	return r > 0 ? 0 : -ETIMEDOUT;
}

static int has_open(const char *pid, const char *wanted)
{
	char path[300], link[64];
	struct dirent *entry;
	int found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!found && (entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		if (len <= 0)
			continue;
		link[len] = '\0';
		found = !strcmp(link, wanted);
	}
	closedir(dir);
	return found;
}

pid_t server_find(int id)
{
	char wanted[32];
	struct dirent *entry;
	pid_t found = -1;
	DIR *proc = opendir("/proc");

	if (!proc)
		return -1;
	snprintf(wanted, sizeof(wanted), "/dev/ublkc%d", id);
	while (found < 0 && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) && has_open(entry->d_name, wanted))
			found = atoi(entry->d_name);
	closedir(proc);
	return found;
}

/* A file of the device's folder in debugfs; NULL if the driver has none. */
static FILE *debugfs_open(int id, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/debug/ublk/%d/%s", id, name);
	return fopen(path, "re");
}

int server_is_busy(int id)
{
	FILE *file = debugfs_open(id, "slots");
	unsigned int nr, busy = 0;
	char line[96];

	if (!file)
		return 1;
	while (!busy && fgets(line, sizeof(line), file))
		if (sscanf(line, "QUEUED: %u", &nr) == 1 || sscanf(line, "SERVER: %u", &nr) == 1)
			busy += nr;
	fclose(file);
	return busy > 0;
}

int64_t server_caught(int id)
{
	FILE *file = debugfs_open(id, "counters");
	int64_t value = -1;
	char line[64];

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file) && sscanf(line, "taken: %" SCNd64, &value) != 1)
		;
	fclose(file);
	return value;
}
