// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* --judge: a history from its file, then what is on the device. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

#define CHUNK_BLOCKS 128

static int read_all(struct history *history, int fd, char *buffer)
{
	const struct history_head *head = &history->head;
	uint64_t end = head->first + head->nr, block;

	for (block = head->first; block < end; block += CHUNK_BLOCKS) {
		uint32_t nr = end - block < CHUNK_BLOCKS ? (uint32_t)(end - block) : CHUNK_BLOCKS;
		ssize_t bytes = (ssize_t)nr * head->block_bytes;
		uint64_t op = history_issue(history, JUDGE_READ, 0, block, nr);
		ssize_t got = pread(fd, buffer, (size_t)bytes, (off_t)(block * head->block_bytes));

		if (got != bytes)
			return got < 0 ? -errno : -EIO;
		if (!op || !history_found(history, op, block, nr, buffer) ||
		    !history_end(history, op, 0))
			return -errno;
	}
	return 0;
}

static int judge_device(struct history *history, const char *path)
{
	char *buffer = malloc((size_t)CHUNK_BLOCKS * history->head.block_bytes);
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (!buffer)
		r = -ENOMEM;
	else
		r = fd < 0 ? -errno : read_all(history, fd, buffer);
	if (fd >= 0)
		close(fd);
	free(buffer);
	return r;
}

int run_judge(const struct settings *settings)
{
	struct history history = { 0 };
	struct report report = { .settings = settings, .history = &history };
	const char *path = settings->judge;
	int status, r;

	history.say = report_finding;
	history.user = &report;
	r = history_load(&history, path);
	if (!r && settings->device) {
		path = settings->device;
		r = judge_device(&history, path);
	}
	if (r)
		snprintf(report.sentence, sizeof(report.sentence), "%s: %s", path,
			 r == -EBADMSG ? "no history of ublk-torture" : strerror(-r));
	status = r ? STATUS_SETUP : report_violations(&report) ? STATUS_VIOLATIONS : STATUS_GOOD;
	report_print(&report, status);
	history_free(&history);
	return status;
}
