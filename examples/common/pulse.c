// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The pulse of a server, and who feels it. */
#include "pulse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* One thing that has to go on: a queue, or the server as a whole. */
struct stretch {
	uint64_t answered;	/* when last looked */
	int64_t since_ms;	/* it has had something to do, and this was all; -1 = idle */
};

struct pulse_watch {
	const struct pulse *pulse;
	int64_t limit_ms;
	struct stretch whole;
	struct stretch queues[PULSE_MAX_QUEUES];
};

struct pulse *pulse_new(void)
{
	size_t size = sizeof(struct pulse) + PULSE_MAX_QUEUES * sizeof(struct pulse_queue);
	struct pulse *pulse = mmap(NULL, size, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (pulse == MAP_FAILED)
		return NULL;
	pulse->id = -1;
	return pulse;
}

void pulse_reset(struct pulse *pulse)
{
	unsigned int i, nr = pulse->nr_queues;

	pulse->is_live = 0;
	for (i = 0; i < nr; i++) {
		pulse->queues[i].given = 0;
		pulse->queues[i].answered = 0;
	}
}

void pulse_set_live(struct pulse *pulse, int id, unsigned int nr_queues)
{
	pulse->id = id;
	pulse->nr_queues = nr_queues < PULSE_MAX_QUEUES ? nr_queues : PULSE_MAX_QUEUES;
	pulse->is_live = 1;
}

struct pulse_watch *pulse_watch_new(const struct pulse *pulse, int64_t limit_ms)
{
	struct pulse_watch *watch = calloc(1, sizeof(*watch));
	unsigned int i;

	if (!watch)
		return NULL;
	watch->pulse = pulse;
	watch->limit_ms = limit_ms;
	watch->whole.since_ms = -1;
	for (i = 0; i < PULSE_MAX_QUEUES; i++)
		watch->queues[i].since_ms = -1;
	return watch;
}

void pulse_watch_free(struct pulse_watch *watch)
{
	free(watch);
}

static int is_over(struct stretch *stretch, int has_work, uint64_t answered, int64_t now_ms,
		   int64_t limit_ms)
{
	if (!has_work) {
		stretch->since_ms = -1;
	} else if (stretch->since_ms < 0 || answered != stretch->answered) {
		stretch->since_ms = now_ms;
		stretch->answered = answered;
	}
	return stretch->since_ms >= 0 && now_ms - stretch->since_ms >= limit_ms;
}

int pulse_hangs(struct pulse_watch *watch, int waiting, int64_t now_ms)
{
	const struct pulse *pulse = watch->pulse;
	unsigned int i, nr = pulse->nr_queues;
	uint64_t given, answered, sum = 0;
	int hangs = 0, has_work;

	if (!pulse->is_live) {
		watch->whole.since_ms = -1;
		for (i = 0; i < nr; i++)
			watch->queues[i].since_ms = -1;
		return 0;
	}
	for (i = 0; i < nr; i++) {
		/* in this order: what is answered was given before */
		answered = pulse->queues[i].answered;
		given = pulse->queues[i].given;
		has_work = given != answered;
		hangs |= is_over(&watch->queues[i], has_work, answered, now_ms, watch->limit_ms);
		sum += answered;
	}
	return hangs | is_over(&watch->whole, waiting > 0, sum, now_ms, watch->limit_ms);
}

int pulse_waiting(int id)
{
	char path[64];
	int reads, writes, n;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/block/ublkb%d/inflight", id);
	file = fopen(path, "re");
	if (!file)
		return -1;
	n = fscanf(file, "%d %d", &reads, &writes);
	fclose(file);
	return n == 2 ? reads + writes : -1;
}
