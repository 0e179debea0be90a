// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The file behind ublk-zoned. */
#include "zoned_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_SIZE	4096u
#define APPENDS_OFFSET	2048u
#define DATA_ALIGN	(1u << 20)
#define CLEAR_CHUNK	(128u << 10)
#define MAX_ZONES	(1u << 20)
#define MAX_ZONE_SIZE	(1ull << 40)

struct zoned_header {
	char magic[16];
	uint32_t version, nr_zones, nr_conventional, max_open, max_active, pad;
	uint64_t zone_size, zone_capacity;
};

_Static_assert(APPENDS_OFFSET + APPEND_LOG_ENTRIES * sizeof(struct append_entry) == HEADER_SIZE,
	       "they end where the zones begin");

static const char zoned_magic[16] = "ublk-zoned disk";

static int fail(struct option_error *err, int code, const char *path, const char *what)
{
	option_fail(err, "%s: %s: %s", path, what, strerror(-code));
	return code;
}

/* A sentence about the first thing that no such disk can have, or NULL. */
static const char *geometry_fault(const struct zone_geometry *geo)
{
	if (!geo->zone_size || geo->zone_size & (geo->zone_size - 1) || geo->zone_size < 65536 ||
	    geo->zone_size > MAX_ZONE_SIZE)
		return "the zone size has to be a power of two from 64K to 1T";
	if (!geo->zone_capacity || geo->zone_capacity > geo->zone_size ||
	    geo->zone_capacity % 4096)
		return "the zone capacity has to be a multiple of 4096, not above the zone size";
	if (!geo->nr_zones || geo->nr_zones > MAX_ZONES)
		return "there have to be 1 to 1048576 zones";
	if (geo->nr_conventional >= geo->nr_zones)
		return "at least one zone has to be sequential";
	if (geo->max_open > geo->nr_zones || geo->max_active > geo->nr_zones)
		return "more zones may be open or active than there are";
	if (geo->max_active && geo->max_open > geo->max_active)
		return "more zones may be open than active, but an open one is active";
	return NULL;
}

static uint64_t data_offset_of(const struct zone_geometry *geo)
{
	uint64_t end = HEADER_SIZE + (uint64_t)geo->nr_zones * sizeof(struct zone_entry);

	return (end + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN;
}

/* The lock keeps two that make the same file apart; the fence is the library's affair, later. */
static int make_file(struct zoned_file *file, const char *path, const struct zone_geometry *wish,
		     struct option_error *err)
{
	struct zoned_header header = {
		.version = 1, .nr_zones = wish->nr_zones, .nr_conventional = wish->nr_conventional,
		.max_open = wish->max_open, .max_active = wish->max_active,
		.zone_size = wish->zone_size, .zone_capacity = wish->zone_capacity,
	};
	uint64_t start = data_offset_of(wish);
	int r;

	if (flock(file->fd, LOCK_EX | LOCK_NB) < 0)
		return fail(err, -errno, path, "is in use by another server");
	memcpy(header.magic, zoned_magic, sizeof(zoned_magic));
	r = -posix_fallocate(file->fd, 0, (off_t)start);
	if (!r && ftruncate(file->fd, (off_t)(start + wish->nr_zones * wish->zone_size)) < 0)
		r = -errno;
	/* last: without it the file is none, and made again */
	if (!r && pwrite(file->fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		r = -EIO;
	if (!r && fsync(file->fd) < 0)
		r = -errno;
	flock(file->fd, LOCK_UN);
	if (r < 0)
		return fail(err, r, path, "cannot be made a zoned disk");
	file->geo = *wish;
	return 0;
}

static int differs(struct option_error *err, const char *path, const char *what, uint64_t wish,
		   uint64_t is)
{
	if (!wish || wish == is)
		return 0;
	option_fail(err, "%s has another %s (%llu, not %llu): leave that option away, or take "
		    "another file", path, what, (unsigned long long)is, (unsigned long long)wish);
	return 1;
}

static int take_header(struct zoned_file *file, const char *path, uint64_t size,
		       const struct zoned_header *header, const struct zone_geometry *wish,
		       struct option_error *err)
{
	const char *fault;

	file->geo = (struct zone_geometry) {
		.zone_size = header->zone_size, .zone_capacity = header->zone_capacity,
		.nr_zones = header->nr_zones, .nr_conventional = header->nr_conventional,
		.max_open = header->max_open, .max_active = header->max_active,
	};
	fault = header->version != 1 ? "it is of another version" : geometry_fault(&file->geo);
	if (!fault && size < data_offset_of(&file->geo) + file->geo.nr_zones * file->geo.zone_size)
		fault = "it is cut off";
	if (fault) {
		option_fail(err, "%s: cannot be used: %s", path, fault);
		return -EBADMSG;
	}
	if (differs(err, path, "zone size", wish->zone_size, file->geo.zone_size) ||
	    differs(err, path, "zone capacity", wish->zone_capacity, file->geo.zone_capacity) ||
	    differs(err, path, "number of zones", wish->nr_zones, file->geo.nr_zones) ||
	    differs(err, path, "number of conventional zones", wish->nr_conventional,
		    file->geo.nr_conventional) ||
	    differs(err, path, "limit of open zones", wish->max_open, file->geo.max_open) ||
	    differs(err, path, "limit of active zones", wish->max_active, file->geo.max_active))
		return -EINVAL;
	return 0;
}

static bool is_all_zero(const void *at, size_t len)
{
	const char *p = at;

	return !len || (!*p && !memcmp(p, p + 1, len - 1));
}

static int check_wish(struct zone_geometry *wish, const char *path, struct option_error *err)
{
	const char *fault;

	if (!wish->nr_zones) {
		option_fail(err, "%s is no zoned disk yet: say its --size", path);
		return -EINVAL;
	}
	if (!wish->zone_capacity)
		wish->zone_capacity = wish->zone_size;
	fault = geometry_fault(wish);
	if (!fault)
		return 0;
	option_fail(err, "%s", fault);
	return -EINVAL;
}

static int identify(struct zoned_file *file, const char *path, const struct zone_geometry *wish,
		    struct option_error *err)
{
	struct zone_geometry fresh = *wish;
	char first[HEADER_SIZE] = { 0 };
	struct zoned_header header;
	struct stat st;
	ssize_t got;
	int r;

	if (fstat(file->fd, &st) < 0)
		return fail(err, -errno, path, "cannot be examined");
	if (!S_ISREG(st.st_mode)) {
		option_fail(err, "%s is no regular file", path);
		return -EINVAL;
	}
	got = pread(file->fd, first, sizeof(first), 0);
	if (got < 0)
		return fail(err, -errno, path, "cannot be read");
	memcpy(&header, first, sizeof(header));
	if (!memcmp(header.magic, zoned_magic, sizeof(zoned_magic)))
		return take_header(file, path, (uint64_t)st.st_size, &header, wish, err);
	if (!is_all_zero(first, sizeof(first))) {
		option_fail(err, "%s has something else in it: give a new file", path);
		return -EEXIST;
	}
	if (!fresh.zone_size)
		fresh.zone_size = 64 << 20;
	r = check_wish(&fresh, path, err);
	return r < 0 ? r : make_file(file, path, &fresh, err);
}

static int map_entries(struct zoned_file *file, const char *path, struct option_error *err)
{
	uint32_t zone;

	file->data_offset = data_offset_of(&file->geo);
	file->map_size = file->data_offset;
	file->map = mmap(NULL, file->map_size, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
	if (file->map == MAP_FAILED) {
		file->map = NULL;
		return fail(err, -errno, path, "cannot be mapped");
	}
	file->entries = (struct zone_entry *)((char *)file->map + HEADER_SIZE);
	file->appends = (struct append_entry *)((char *)file->map + APPENDS_OFFSET);
	for (zone = file->geo.nr_conventional; zone < file->geo.nr_zones; zone++) {
		if (zone_entry_is_sane(&file->geo, &file->entries[zone]))
			continue;
		option_fail(err, "%s is damaged: zone %u is in no condition that there is", path,
			    zone);
		return -EBADMSG;
	}
	return 0;
}

int zoned_file_open(struct zoned_file *ret, const char *path, const struct zone_geometry *wish,
		    struct option_error *err)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (ret->fd < 0)
		return fail(err, -errno, path, "cannot be opened");
	r = identify(ret, path, wish, err);
	if (!r)
		r = map_entries(ret, path, err);
	if (r < 0)
		zoned_file_close(ret);
	return r;
}

void zoned_file_close(struct zoned_file *file)
{
	if (file->map)
		munmap(file->map, file->map_size);
	if (file->fd >= 0)
		close(file->fd);
	file->map = NULL;
	file->fd = -1;
}

int zoned_file_read(const struct zoned_file *file, void *data, uint64_t len, uint64_t offset)
{
	char *at = data;

	while (len) {
		ssize_t n = pread(file->fd, at, len, (off_t)(file->data_offset + offset));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		at += n;
		offset += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}

int zoned_file_write(const struct zoned_file *file, const void *data, uint64_t len,
		     uint64_t offset)
{
	const char *at = data;

	while (len) {
		ssize_t n = pwrite(file->fd, at, len, (off_t)(file->data_offset + offset));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		at += n;
		offset += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}

int zoned_file_clear(const struct zoned_file *file, uint64_t len, uint64_t offset)
{
	void *zeros;
	int r = 0;

	if (!len || !fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       (off_t)(file->data_offset + offset), (off_t)len))
		return 0;
	if (errno != EOPNOTSUPP)
		return -errno;
	/* a file system without holes */
	zeros = calloc(1, CLEAR_CHUNK);
	if (!zeros)
		return -ENOMEM;
	while (!r && len) {
		uint64_t n = len < CLEAR_CHUNK ? len : CLEAR_CHUNK;

		r = zoned_file_write(file, zeros, n, offset);
		offset += n;
		len -= n;
	}
	free(zeros);
	return r;
}
