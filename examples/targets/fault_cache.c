// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A write-back cache that dies with the server. */
#include "fault_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int fault_cache_init(struct fault_cache *cache, const struct target *inner,
		     struct ublk_device_config *config)
{
	if (!inner->type->read_at || !inner->type->write_at)
		return -EOPNOTSUPP;
	cache->capacity = config->capacity;
	cache->block = config->logical_block ? config->logical_block : 512;
	cache->dirty = calloc(cache->capacity / cache->block, 1);
	cache->data = mmap(NULL, cache->capacity, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!cache->dirty || cache->data == MAP_FAILED) {
		free(cache->dirty);
		return -ENOMEM;
	}
	pthread_mutex_init(&cache->lock, NULL);
	config->attrs |= LIBUBLK_ATTR_VOLATILE_CACHE | LIBUBLK_ATTR_FUA;
	cache->inner = inner;
	return 0;
}

void fault_cache_exit(struct fault_cache *cache)
{
	if (!cache->inner)
		return;
	munmap(cache->data, cache->capacity);
	free(cache->dirty);
	pthread_mutex_destroy(&cache->lock);
	cache->inner = NULL;
}

static int write_at(const struct fault_cache *cache, const void *at, uint64_t len,
		    uint64_t offset)
{
	return cache->inner->type->write_at(cache->inner, at, len, offset);
}

static int cache_read(const struct fault_cache *cache, struct ublk_io *io, char *buffer)
{
	uint64_t offset = ublk_io_offset(io), len = ublk_io_length(io), at;
	int r = cache->inner->type->read_at(cache->inner, buffer, len, offset);

	for (at = 0; !r && at < len; at += cache->block)
		if (cache->dirty[(offset + at) / cache->block])
			memcpy(buffer + at, cache->data + offset + at, cache->block);
	return r ? r : ublk_io_copy_in(io, 0, buffer, len);
}

static int cache_write(struct fault_cache *cache, struct ublk_io *io, char *buffer, int is_through)
{
	uint64_t offset = ublk_io_offset(io), len = ublk_io_length(io);
	int r = 0;

	if (ublk_io_op(io) == LIBUBLK_OP_WRITE)
		r = ublk_io_copy_out(io, 0, buffer, len);
	else
		memset(buffer, 0, len);
	if (!r && is_through)
		r = write_at(cache, buffer, len, offset);
	if (r)
		return r;
	memcpy(cache->data + offset, buffer, len);
	memset(cache->dirty + offset / cache->block, !is_through, len / cache->block);
	return 0;
}

/* The cache is page aligned, a dirty run need not be. */
static int cache_write_run(struct fault_cache *cache, uint64_t first, uint64_t nr, char *buffer)
{
	int r;

	memcpy(buffer, cache->data + first * cache->block, nr * cache->block);
	r = write_at(cache, buffer, nr * cache->block, first * cache->block);
	if (!r)
		memset(cache->dirty + first, 0, nr);
	return r;
}

#define RUN_MAX 128	/* blocks */

static int cache_flush(struct fault_cache *cache)
{
	uint64_t end = cache->capacity / cache->block, i = 0, nr;
	char *buffer;
	int r = 0;

	if (posix_memalign((void **)&buffer, 4096, (size_t)RUN_MAX * cache->block))
		return -ENOMEM;
	while (!r && i < end) {
		for (nr = 0; i + nr < end && nr < RUN_MAX && cache->dirty[i + nr]; nr++)
			;
		if (nr)
			r = cache_write_run(cache, i, nr, buffer);
		i += nr ? nr : 1;
	}
	free(buffer);
	return r;
}

int fault_cache_serve(struct fault_cache *cache, struct ublk_io *io, int ignore_fua)
{
	int is_fua = ublk_io_flags(io) & LIBUBLK_IO_FUA && !ignore_fua, r;
	uint64_t len = ublk_io_length(io);
	char *buffer = NULL;

	/* FLUSH has no length */
	if (posix_memalign((void **)&buffer, 4096, len ? len : 4096))
		return -ENOMEM;
	pthread_mutex_lock(&cache->lock);
	switch (ublk_io_op(io)) {
	case LIBUBLK_OP_READ:
		r = cache_read(cache, io, buffer);
		break;
	case LIBUBLK_OP_WRITE:
	case LIBUBLK_OP_DISCARD:
	case LIBUBLK_OP_WRITE_ZEROES:
		r = cache_write(cache, io, buffer, is_fua);
		break;
	case LIBUBLK_OP_FLUSH:
		r = cache_flush(cache);
		break;
	default:
		r = -EOPNOTSUPP;
	}
	pthread_mutex_unlock(&cache->lock);
	free(buffer);
	return r;
}
