/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The zones of a host-managed disk: conditions, write pointers, limits.
 *
 * Knows no file and no device. What has to outlive the server is in struct zone_entry, which the
 * caller maps from wherever it is kept; each change of a zone is one store of one word there, so
 * there is no moment at which a zone is half changed.
 */
#ifndef EXAMPLES_ZONE_TABLE_H
#define EXAMPLES_ZONE_TABLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <ublk.h>

struct zone_geometry {
	uint64_t zone_size;		/* bytes, power of two */
	uint64_t zone_capacity;		/* bytes, of the sequential ones */
	uint32_t nr_zones;
	uint32_t nr_conventional;	/* the first ones, written as on any disk */
	uint32_t max_open, max_active;	/* 0: no limit */
};

/* 64 bytes in the file; zeros are an empty zone. */
struct zone_entry {
	_Atomic uint64_t word;		/* condition, and write pointer in sectors from bit 8 on */
	_Atomic uint64_t last;		/* sector at which the last write began */
	uint64_t reserved[6];
};

struct zone_table {
	struct zone_geometry geo;
	struct zone_entry *entries;
	pthread_mutex_t lock;		/* words and what follows; inside of a zone's lock */
	uint32_t nr_open, nr_active;
	bool *may_replay;		/* by zone: the next write may be one that came before */
	pthread_mutex_t *zone_locks;	/* from a write's begin to its end */
};

/* Returns 0 or -ENOMEM. @entries: nr_zones of them, live as long as the table. */
int zone_table_init(struct zone_table *t, const struct zone_geometry *geo,
		    struct zone_entry *entries);
void zone_table_exit(struct zone_table *t);

/* Could a server have left this of a zone? Files are damaged, or made by others. */
bool zone_entry_is_sane(const struct zone_geometry *geo, const struct zone_entry *entry);

/*
 * Before the first request. @recovering: the zones go on as a dead server left them, and the write
 * that it did last in each may come once more. Else it is a disk that was switched on: what was
 * open is closed.
 */
void zone_table_adopt(struct zone_table *t, bool recovering);

void zone_lock(struct zone_table *t, uint32_t zone);
void zone_unlock(struct zone_table *t, uint32_t zone);
bool zone_is_conventional(const struct zone_table *t, uint32_t zone);

/*
 * May @len bytes be written at @offset of the zone, or with @append at its write pointer? Opens the
 * zone if need be. The zone's lock is held until zone_end_write().
 *
 * Returns: 0, and *ret_offset says where; -EIO not at the write pointer, full, or it does not fit;
 * -ETOOMANYREFS, -EOVERFLOW no more zones may be open, active.
 */
int zone_begin_write(struct zone_table *t, uint32_t zone, uint64_t offset, uint64_t len,
		     bool append, uint64_t *ret_offset);
/* The data is where the server's death leaves it: up to @end the zone is written now. */
void zone_end_write(struct zone_table *t, uint32_t zone, uint64_t end);

/* Returns: 0; -EIO not in this condition; limits as above. The zone's lock is held. */
int zone_open(struct zone_table *t, uint32_t zone);
int zone_close(struct zone_table *t, uint32_t zone);
int zone_finish(struct zone_table *t, uint32_t zone);
int zone_reset(struct zone_table *t, uint32_t zone);

/* How far there is data, in bytes; the zone's size for a conventional one. */
uint64_t zone_written(const struct zone_table *t, uint32_t zone);
void zone_describe(const struct zone_table *t, uint32_t zone, struct ublk_zone *ret);

#endif
