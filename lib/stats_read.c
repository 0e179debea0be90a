/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Reading what a device's servers have counted, from whichever process. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "stats.h"

_Static_assert(LIBUBLK_STATS_KINDS == UBLK_STATS_KINDS, "ublk.h and ublk_stats.h");
_Static_assert(LIBUBLK_STATS_BUCKETS == UBLK_STATS_BUCKETS, "ublk.h and ublk_stats.h");

struct ublk_stats {
	const struct ublk_stats_header *map;
	size_t bytes;
	/* As they were when it was opened: what the file says later is not trusted with sizes. */
	uint32_t header_size, queue_size, nr_queues;
};

static int refuse(int id, int r, const char *path)
{
	switch (r) {
	case -ENOENT:
		return ublk_set_error(r, "device %d has no counters: its server does not use "
				      "libublk, or has no %s", id, path);
	case -EBADMSG:
		return ublk_set_error(r, "%s/%d.stats is damaged, or by another version", path, id);
	case -EPERM:
		return ublk_set_error(r, "%s/%d.stats is not trusted: it must be a plain file of "
				      "root or of the caller that nobody else may write", path, id);
	default:
		return ublk_set_error(r, "%s/%d.stats: %s", path, id, strerror(-r));
	}
}

static int map_fd(int fd, struct ublk_stats *s)
{
	struct stat st;
	void *at;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || !ublk_file_is_trusted(&st))
		return -EPERM;
	if (st.st_size < (off_t)sizeof(*s->map))
		return -EBADMSG;
	s->bytes = (size_t)st.st_size;
	at = mmap(NULL, s->bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	s->map = at;
	s->header_size = s->map->header_size;
	s->queue_size = s->map->queue_size;
	s->nr_queues = s->map->nr_queues;
	return ublk_stats_is_sound(s->map, s->bytes) ? 0 : -EBADMSG;
}

UBLK_EXPORT int ublk_stats_open(struct ublk_ctl *ctl, int id, struct ublk_stats **ret_stats)
{
	struct ublk_stats *s = calloc(1, sizeof(*s));
	int dir_fd, fd, r;
	const char *path;
	char name[24];

	if (!s)
		return ublk_set_error(ENOMEM, "out of memory");
	dir_fd = ublk_run_dir_open(ctl, &path);
	if (dir_fd < 0) {
		free(s);
		return dir_fd == -EPERM ? dir_fd : refuse(id, dir_fd, path);
	}
	ublk_stats_name(id, name);
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	r = fd < 0 ? -errno : map_fd(fd, s);
	if (fd >= 0)
		close(fd);
	close(dir_fd);
	if (r < 0) {
		ublk_stats_close(s);
		return refuse(id, r == -ELOOP ? -EPERM : r, path);
	}
	*ret_stats = s;
	return 0;
}

UBLK_EXPORT void ublk_stats_close(struct ublk_stats *stats)
{
	if (!stats)
		return;
	if (stats->map)
		munmap((void *)stats->map, stats->bytes);
	free(stats);
}

/* Copies what fits of @from into a caller's sized struct; its size member stays. */
static int give(void *to, size_t size, size_t least, const void *from, size_t from_size,
		const char *what)
{
	if (size < least)
		return ublk_set_error(EINVAL, "%s.size is not set", what);
	if (size > from_size) {
		memset((char *)to + from_size, 0, size - from_size);
		size = from_size;
	}
	memcpy((char *)to + sizeof(size_t), (const char *)from + sizeof(size_t),
	       size - sizeof(size_t));
	return 0;
}

UBLK_EXPORT int ublk_stats_get_info(const struct ublk_stats *stats,
				    struct ublk_stats_info *ret_info)
{
	const struct ublk_stats_header *h = stats->map;
	struct ublk_stats_info info = { .size = sizeof(info) };

	memcpy(info.uuid.b, h->uuid, sizeof(info.uuid.b));
	info.id = STATS_LOAD(h->id);
	info.server_pid = STATS_LOAD(h->server_pid);
	info.nr_queues = stats->nr_queues;
	info.nr_servers = STATS_LOAD(h->nr_servers);
	info.created_ms = STATS_LOAD(h->created_ms);
	info.live_ms = STATS_LOAD(h->live_ms);
	info.latency_every = STATS_LOAD(h->latency_every);
	return give(ret_info, ret_info->size, offsetof(struct ublk_stats_info, server_pid), &info,
		    sizeof(info), "ublk_stats_info");
}

static void add_kind(struct ublk_stats_of_kind *to, const struct ublk_stats_kind *from)
{
	unsigned i;

	to->ops += STATS_LOAD(from->ops);
	to->errors += STATS_LOAD(from->errors);
	to->bytes += STATS_LOAD(from->bytes);
	to->measured += STATS_LOAD(from->measured);
	to->measured_ns += STATS_LOAD(from->measured_ns);
	for (i = 0; i < UBLK_STATS_BUCKETS; i++)
		to->buckets[i] += STATS_LOAD(from->buckets[i]);
}

static void add_queue(const struct ublk_stats *stats, unsigned index,
		      struct ublk_stats_counters *to)
{
	const struct ublk_stats_queue *q;
	unsigned i;

	q = (const void *)((const char *)stats->map + stats->header_size +
			   (size_t)index * stats->queue_size);
	to->in_flight += STATS_LOAD(q->in_flight);
	to->left_behind += STATS_LOAD(q->left_behind);
	for (i = 0; i < UBLK_STATS_KINDS; i++)
		add_kind(&to->kinds[i], &q->kinds[i]);
}

UBLK_EXPORT int ublk_stats_read(const struct ublk_stats *stats, int queue,
				struct ublk_stats_counters *ret_counters)
{
	struct ublk_stats_counters sum = { .size = sizeof(sum) };
	unsigned i;

	if (queue >= 0 && (unsigned)queue >= stats->nr_queues)
		return ublk_set_error(EINVAL, "queue %d: the device has %u", queue,
				      stats->nr_queues);
	for (i = 0; i < stats->nr_queues; i++) {
		if (queue < 0 || (unsigned)queue == i)
			add_queue(stats, i, &sum);
	}
	return give(ret_counters, ret_counters->size, offsetof(struct ublk_stats_counters, kinds),
		    &sum, sizeof(sum), "ublk_stats_counters");
}

UBLK_EXPORT uint64_t ublk_stats_percentile(const uint64_t *buckets, double percent)
{
	uint64_t all = 0, before = 0;
	double wanted;
	unsigned i;

	for (i = 0; i < UBLK_STATS_BUCKETS; i++)
		all += buckets[i];
	wanted = (double)all * percent / 100;
	for (i = 0; all && i < UBLK_STATS_BUCKETS; i++) {
		if (buckets[i] && (double)(before + buckets[i]) >= wanted) {
			double low = i ? (double)(UINT64_C(1) << i) : 0;
			double high = (double)(UINT64_C(1) << (i + 1));
			double part = (wanted - (double)before) / (double)buckets[i];

			return (uint64_t)(low + (high - low) * (part > 0 ? part : 0));
		}
		before += buckets[i];
	}
	return 0;
}
