/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Counters, in a file that others map (ublk_stats.h has its layout).
 *
 * One writer per number, so an addition is a load and a store. What costs is the clock, some 100
 * instructions for a look: so of a kind's requests only every latency_every'th is measured, which
 * is as good for percentiles and costs next to nothing.
 *
 * No failure here is one of the device: a server without its file counts into memory of its own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "stats.h"

_Static_assert(sizeof(struct ublk_stats_header) == 256, "layout is shared with other programs");
_Static_assert(sizeof(struct ublk_stats_kind) == 384, "layout is shared with other programs");
_Static_assert(sizeof(struct ublk_stats_queue) == 64 + 6 * 384,
	       "layout is shared with other programs");

_Static_assert(UBLK_STATS_READ == LIBUBLK_OP_READ && UBLK_STATS_WRITE == LIBUBLK_OP_WRITE &&
	       UBLK_STATS_FLUSH == LIBUBLK_OP_FLUSH && UBLK_STATS_DISCARD == LIBUBLK_OP_DISCARD,
	       "ublk_stats_kind() says so");

void ublk_stats_name(int id, char name[24])
{
	snprintf(name, 24, "%d.stats", id);
}

static uint64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint64_t file_size(const struct ublk_device *dev)
{
	return sizeof(struct ublk_stats_header) +
	       (uint64_t)dev->config.nr_queues * sizeof(struct ublk_stats_queue);
}

bool ublk_stats_is_sound(const struct ublk_stats_header *h, uint64_t bytes)
{
	uint64_t queues;

	if (bytes < sizeof(*h) || h->magic != UBLK_STATS_MAGIC ||
	    h->version != UBLK_STATS_VERSION || h->header_size < sizeof(*h) ||
	    h->queue_size < sizeof(struct ublk_stats_queue) || h->header_size % 8 ||
	    h->queue_size % 8 || !h->nr_queues || h->nr_queues > LIBUBLK_MAX_QUEUES)
		return false;
	queues = (uint64_t)h->nr_queues * h->queue_size;
	return h->file_size == bytes && bytes >= h->header_size + queues;
}

/* Written by an earlier server of this very device, with the shape that we would give it. */
static bool is_ours(const struct ublk_device *dev, const struct ublk_stats_header *h)
{
	return ublk_stats_is_sound(h, file_size(dev)) && h->header_size == sizeof(*h) &&
	       h->queue_size == sizeof(struct ublk_stats_queue) &&
	       h->nr_queues == dev->config.nr_queues && h->id == dev->id &&
	       !memcmp(h->uuid, dev->config.uuid.b, sizeof(h->uuid));
}

static void *map_file(int fd, uint64_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* The file that is there, if it can be gone on with. */
static struct ublk_stats_header *adopt(const struct ublk_device *dev, int dir_fd)
{
	struct ublk_stats_header *h = NULL;
	struct stat st;
	char name[24];
	int fd;

	ublk_stats_name(dev->id, name);
	fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && ublk_file_is_trusted(&st) &&
	    st.st_nlink == 1 && (uint64_t)st.st_size == file_size(dev))
		h = map_file(fd, file_size(dev));
	close(fd);
	if (h && !is_ours(dev, h)) {
		munmap(h, file_size(dev));
		h = NULL;
	}
	return h;
}

static void fill_header(const struct ublk_device *dev, struct ublk_stats_header *h)
{
	h->magic = UBLK_STATS_MAGIC;
	h->version = UBLK_STATS_VERSION;
	h->header_size = sizeof(*h);
	h->queue_size = sizeof(struct ublk_stats_queue);
	h->nr_queues = dev->config.nr_queues;
	h->file_size = file_size(dev);
	memcpy(h->uuid, dev->config.uuid.b, sizeof(h->uuid));
	h->id = dev->id;
	h->server_pid = -1;
	h->created_ms = wall_ms();
}

/* A new file, complete before it has its name: a reader finds the old one, none, or all of it. */
static struct ublk_stats_header *create(const struct ublk_device *dev, int dir_fd)
{
	struct ublk_stats_header *h = NULL;
	char name[24], temporary[32];
	int fd, r;

	ublk_stats_name(dev->id, name);
	snprintf(temporary, sizeof(temporary), ".%s.new", name);
	unlinkat(dir_fd, temporary, 0);
	fd = openat(dir_fd, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return NULL;
	/* Room for all of it now: a store into a hole of a full tmpfs would be SIGBUS. */
	r = fchmod(fd, 0644) < 0 ? -errno : -posix_fallocate(fd, 0, (off_t)file_size(dev));
	if (!r)
		h = map_file(fd, file_size(dev));
	close(fd);
	if (h) {
		fill_header(dev, h);
		if (!renameat(dir_fd, temporary, dir_fd, name))
			return h;
		munmap(h, file_size(dev));
	}
	unlinkat(dir_fd, temporary, 0);
	return NULL;
}

static struct ublk_stats_header *share(const struct ublk_device *dev)
{
	struct ublk_stats_header *h;
	const char *path;
	int dir_fd;

	if (dev->config.flags & LIBUBLK_NO_RECORD)
		return NULL;
	dir_fd = ublk_run_dir_open(dev->ctl, &path);
	if (dir_fd < 0)
		return NULL;
	h = adopt(dev, dir_fd);
	if (!h)
		h = create(dev, dir_fd);
	if (!h)
		ublk_log(LIBUBLK_LOG_WARNING, "device %d: %s/%d.stats cannot be made (%s): what "
			 "it does is counted, but not shown", dev->id, path, dev->id,
			 strerror(errno));
	close(dir_fd);
	return h;
}

static struct ublk_stats_queue *queue_of(struct ublk_stats_header *h, unsigned index)
{
	return (void *)((char *)h + h->header_size + (size_t)index * h->queue_size);
}

int ublk_stats_attach(struct ublk_device *dev)
{
	struct ublk_stats_header *h = share(dev);
	unsigned i;

	if (!h) {
		h = mmap(NULL, file_size(dev), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (h == MAP_FAILED)
			return ublk_set_error(ENOMEM, "out of memory");
		fill_header(dev, h);
	}
	/* What the last server had when it died is not in flight any more. */
	for (i = 0; i < dev->config.nr_queues; i++) {
		struct ublk_stats_queue *c = queue_of(h, i);

		STATS_ADD(c->left_behind, STATS_LOAD(c->in_flight));
		STATS_STORE(c->in_flight, 0);
	}
	STATS_STORE(h->latency_every, dev->config.latency_every);
	dev->counters = h;
	return 0;
}

void ublk_stats_detach(struct ublk_device *dev)
{
	if (dev->counters)
		munmap(dev->counters, file_size(dev));
	dev->counters = NULL;
}

void ublk_stats_live(struct ublk_device *dev)
{
	struct ublk_stats_header *h = dev->counters;

	STATS_STORE(h->server_pid, (int32_t)getpid());
	STATS_STORE(h->live_ms, wall_ms());
	STATS_ADD(h->nr_servers, 1);
}

void ublk_stats_remove(int dir_fd, int id)
{
	char name[24];

	ublk_stats_name(id, name);
	unlinkat(dir_fd, name, 0);
}

void ublk_stats_queue_init(struct ublk_queue *q)
{
	unsigned kind;

	q->counters = queue_of(q->dev->counters, q->index);
	q->latency_every = q->dev->config.latency_every;
	/* The first of each kind, so that rare ones are seen too. */
	for (kind = 0; kind < UBLK_STATS_KINDS; kind++)
		q->to_measure[kind] = 1;
}

unsigned ublk_stats_bucket(uint64_t ns)
{
	unsigned n = 63 - (unsigned)__builtin_clzll(ns | 1);

	return n < UBLK_STATS_BUCKETS ? n : UBLK_STATS_BUCKETS - 1;
}

void ublk_stats_measure_begin(struct ublk_io *io, unsigned kind)
{
	io->q->to_measure[kind] = io->q->latency_every;
	io->begun_ns = now_ns();
}

void ublk_stats_measure_end(struct ublk_io *io)
{
	struct ublk_stats_kind *c = io->counters;
	uint64_t ns = (uint64_t)(now_ns() - io->begun_ns);

	STATS_ADD(c->measured, 1);
	STATS_ADD(c->measured_ns, ns);
	STATS_ADD(c->buckets[ublk_stats_bucket(ns)], 1);
}
