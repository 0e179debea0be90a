/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * A write-back cache that dies with the server (ublk-fault --volatile): what is written lives in
 * private memory of the process until a FLUSH, or goes through with FUA. It is as honest as
 * such a cache can be; to lie, drop the FLUSH or ignore the FUA.
 */
#ifndef EXAMPLES_FAULT_CACHE_H
#define EXAMPLES_FAULT_CACHE_H

#include <pthread.h>
#include <stdint.h>
#include <ublk.h>

#include "target.h"

struct fault_cache {
	const struct target *inner;	/* has read_at and write_at; NULL = no cache */
	uint64_t capacity;
	uint32_t block;
	pthread_mutex_t lock;		/* of all below; held over a whole request */
	char *data;			/* capacity bytes, made when they are touched */
	unsigned char *dirty;		/* per block: data has it, the target not */
};

/* Changes @config: the disk then has a volatile cache and FUA. Returns 0 or -errno. */
int fault_cache_init(struct fault_cache *cache, const struct target *inner,
		     struct ublk_device_config *config);
void fault_cache_exit(struct fault_cache *cache);

/* Does the whole request. @ignore_fua: as if the flag was not there. Returns its result. */
int fault_cache_serve(struct fault_cache *cache, struct ublk_io *io, int ignore_fua);

#endif
