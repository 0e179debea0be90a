// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Threads for DISCARD and WRITE_ZEROES. */
#include "ranges.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum stage {
	STAGE_IDLE,
	STAGE_GIVEN,
	STAGE_DONE,
	STAGE_OVER,
};

struct range_thread {
	struct ranges *ranges;
	pthread_t thread;
	enum stage stage;
	struct range range;
};

struct ranges {
	const struct subject *subject;
	int wake_fd;
	unsigned int nr;
	pthread_mutex_t lock;	/* of all stages */
	pthread_cond_t given;
	struct range_thread threads[];
};

static void *range_main(void *arg)
{
	struct range_thread *t = arg;
	struct ranges *ranges = t->ranges;
	struct range *range = &t->range;

	pthread_mutex_lock(&ranges->lock);
	for (;;) {
		while (t->stage == STAGE_IDLE || t->stage == STAGE_DONE)
			pthread_cond_wait(&ranges->given, &ranges->lock);
		if (t->stage == STAGE_OVER)
			break;
		pthread_mutex_unlock(&ranges->lock);
		if (range->is_discard)
			range->result = subject_discard(ranges->subject, range->offset,
							range->bytes);
		else
			range->result = subject_zero(ranges->subject, range->offset, range->bytes);
		pthread_mutex_lock(&ranges->lock);
		t->stage = STAGE_DONE;
		eventfd_write(ranges->wake_fd, 1);
	}
	pthread_mutex_unlock(&ranges->lock);
	return NULL;
}

struct ranges *ranges_start(const struct subject *subject, unsigned int nr, int wake_fd)
{
	struct ranges *ranges = calloc(1, sizeof(*ranges) + nr * sizeof(ranges->threads[0]));
	unsigned int i;

	if (!ranges)
		return NULL;
	ranges->subject = subject;
	ranges->wake_fd = wake_fd;
	pthread_mutex_init(&ranges->lock, NULL);
	pthread_cond_init(&ranges->given, NULL);
	for (i = 0; i < nr; i++) {
		ranges->threads[i].ranges = ranges;
		if (pthread_create(&ranges->threads[i].thread, NULL, range_main,
				   &ranges->threads[i]))
			break;
		ranges->nr++;
	}
	if (ranges->nr)
		return ranges;
	ranges_stop(ranges);
	return NULL;
}

void ranges_stop(struct ranges *ranges)
{
	unsigned int i;

	if (!ranges)
		return;
	pthread_mutex_lock(&ranges->lock);
	for (i = 0; i < ranges->nr; i++)
		ranges->threads[i].stage = STAGE_OVER;
	pthread_cond_broadcast(&ranges->given);
	pthread_mutex_unlock(&ranges->lock);
	for (i = 0; i < ranges->nr; i++)
		pthread_join(ranges->threads[i].thread, NULL);
	pthread_cond_destroy(&ranges->given);
	pthread_mutex_destroy(&ranges->lock);
	free(ranges);
}

int ranges_give(struct ranges *ranges, const struct range *range)
{
	unsigned int i;

	pthread_mutex_lock(&ranges->lock);
	for (i = 0; i < ranges->nr && ranges->threads[i].stage != STAGE_IDLE; i++)
		;
	if (i < ranges->nr) {
		ranges->threads[i].range = *range;
		ranges->threads[i].stage = STAGE_GIVEN;
		pthread_cond_broadcast(&ranges->given);
	}
	pthread_mutex_unlock(&ranges->lock);
	return i < ranges->nr;
}

int ranges_take(struct ranges *ranges, struct range *ret)
{
	unsigned int i;

	pthread_mutex_lock(&ranges->lock);
	for (i = 0; i < ranges->nr && ranges->threads[i].stage != STAGE_DONE; i++)
		;
	if (i < ranges->nr) {
		*ret = ranges->threads[i].range;
		ranges->threads[i].stage = STAGE_IDLE;
	}
	pthread_mutex_unlock(&ranges->lock);
	return i < ranges->nr;
}
