// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The zones of a host-managed disk. */
#include "zone_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR_SHIFT	9
#define POINTER_SHIFT	8

/* In the file; zeros have to mean an empty zone. */
enum condition { EMPTY, IMPLICIT, EXPLICIT, CLOSED, FULL };

_Static_assert(sizeof(struct zone_entry) == 64, "the layout is that of files that exist");

static enum condition condition_of(const struct zone_table *t, uint32_t zone)
{
	return atomic_load(&t->entries[zone].word) & 0xff;
}

static uint64_t pointer_of(const struct zone_table *t, uint32_t zone)
{
	return atomic_load(&t->entries[zone].word) >> POINTER_SHIFT << SECTOR_SHIFT;
}

static bool is_open(enum condition condition)
{
	return condition == IMPLICIT || condition == EXPLICIT;
}

static bool is_active(enum condition condition)
{
	return is_open(condition) || condition == CLOSED;
}

/* The only one that changes a zone: in one store, and the counts with it. */
static void set_zone(struct zone_table *t, uint32_t zone, enum condition next, uint64_t pointer)
{
	enum condition now = condition_of(t, zone);

	t->nr_open += (uint32_t)is_open(next) - (uint32_t)is_open(now);
	t->nr_active += (uint32_t)is_active(next) - (uint32_t)is_active(now);
	atomic_store(&t->entries[zone].word,
		     (pointer >> SECTOR_SHIFT << POINTER_SHIFT) | (uint64_t)next);
}

int zone_table_init(struct zone_table *t, const struct zone_geometry *geo,
		    struct zone_entry *entries)
{
	uint32_t zone;

	memset(t, 0, sizeof(*t));
	t->geo = *geo;
	t->entries = entries;
	t->may_replay = calloc(geo->nr_zones, sizeof(*t->may_replay));
	t->zone_locks = calloc(geo->nr_zones, sizeof(*t->zone_locks));
	if (!t->may_replay || !t->zone_locks) {
		zone_table_exit(t);
		return -ENOMEM;
	}
	pthread_mutex_init(&t->lock, NULL);
	for (zone = 0; zone < geo->nr_zones; zone++)
		pthread_mutex_init(&t->zone_locks[zone], NULL);
	return 0;
}

void zone_table_exit(struct zone_table *t)
{
	free(t->may_replay);
	free(t->zone_locks);
	memset(t, 0, sizeof(*t));
}

bool zone_entry_is_sane(const struct zone_geometry *geo, const struct zone_entry *entry)
{
	uint64_t word = atomic_load(&entry->word);
	uint64_t pointer = word >> POINTER_SHIFT, most = geo->zone_capacity >> SECTOR_SHIFT;

	switch (word & 0xff) {
	case EMPTY:
		return !pointer;
	case FULL:
		return pointer == most;
	case IMPLICIT:
	case EXPLICIT:
	case CLOSED:
		return pointer < most;
	default:
		return false;
	}
}

void zone_table_adopt(struct zone_table *t, bool recovering)
{
	uint32_t zone;

	pthread_mutex_lock(&t->lock);
	t->nr_open = t->nr_active = 0;
	for (zone = t->geo.nr_conventional; zone < t->geo.nr_zones; zone++) {
		enum condition now = condition_of(t, zone);

		t->nr_open += is_open(now);
		t->nr_active += is_active(now);
		t->may_replay[zone] = recovering;
		if (!recovering && is_open(now))
			set_zone(t, zone, pointer_of(t, zone) ? CLOSED : EMPTY,
				 pointer_of(t, zone));
	}
	pthread_mutex_unlock(&t->lock);
}

void zone_lock(struct zone_table *t, uint32_t zone)
{
	pthread_mutex_lock(&t->zone_locks[zone]);
}

void zone_unlock(struct zone_table *t, uint32_t zone)
{
	pthread_mutex_unlock(&t->zone_locks[zone]);
}

bool zone_is_conventional(const struct zone_table *t, uint32_t zone)
{
	return zone < t->geo.nr_conventional;
}

/* Zones that a write opened give way. Returns true if there is room for one more open zone. */
static bool make_room(struct zone_table *t)
{
	uint32_t zone;

	if (!t->geo.max_open || t->nr_open < t->geo.max_open)
		return true;
	for (zone = t->geo.nr_conventional; zone < t->geo.nr_zones; zone++) {
		if (condition_of(t, zone) != IMPLICIT)
			continue;
		/* a write may be under way in it; that just goes on, the zone stays active */
		set_zone(t, zone, CLOSED, pointer_of(t, zone));
		return true;
	}
	return false;
}

static int may_activate(struct zone_table *t, uint32_t zone)
{
	return !is_active(condition_of(t, zone)) && t->geo.max_active &&
	       t->nr_active >= t->geo.max_active ? -EOVERFLOW : 0;
}

static int may_open(struct zone_table *t, uint32_t zone)
{
	int r;

	if (is_open(condition_of(t, zone)))
		return 0;
	r = may_activate(t, zone);
	if (r < 0)
		return r;
	return make_room(t) ? 0 : -ETOOMANYREFS;
}

/*
 * Death came after the write pointer was moved and before the kernel heard of it: now it is the
 * very same write again, the last of its zone, since the kernel sends one at a time.
 */
static bool is_replay(const struct zone_table *t, uint32_t zone, uint64_t offset, uint64_t len)
{
	return t->may_replay[zone] && offset < pointer_of(t, zone) &&
	       offset + len == pointer_of(t, zone) &&
	       offset == atomic_load(&t->entries[zone].last) << SECTOR_SHIFT;
}

static int begin_write_locked(struct zone_table *t, uint32_t zone, uint64_t offset, uint64_t len,
			      bool append, uint64_t *ret_offset)
{
	uint64_t pointer = pointer_of(t, zone);
	int r;

	if (!append && is_replay(t, zone, offset, len)) {
		*ret_offset = offset;
		return 0;
	}
	t->may_replay[zone] = false;
	if (append)
		offset = pointer;
	if (condition_of(t, zone) == FULL || offset != pointer ||
	    len > t->geo.zone_capacity - pointer)
		return -EIO;
	r = may_open(t, zone);
	if (r < 0)
		return r;
	if (!is_open(condition_of(t, zone)))
		set_zone(t, zone, IMPLICIT, pointer);
	*ret_offset = offset;
	return 0;
}

int zone_begin_write(struct zone_table *t, uint32_t zone, uint64_t offset, uint64_t len,
		     bool append, uint64_t *ret_offset)
{
	int r;

	if (len > t->geo.zone_size || offset > t->geo.zone_size - len)
		return -EIO;
	if (zone_is_conventional(t, zone)) {
		*ret_offset = offset;
		return append ? -EIO : 0;
	}
	pthread_mutex_lock(&t->lock);
	r = begin_write_locked(t, zone, offset, len, append, ret_offset);
	pthread_mutex_unlock(&t->lock);
	return r;
}

void zone_end_write(struct zone_table *t, uint32_t zone, uint64_t end)
{
	uint64_t pointer;

	if (zone_is_conventional(t, zone))
		return;
	pthread_mutex_lock(&t->lock);
	pointer = pointer_of(t, zone);
	if (end > pointer) {
		/* first: it says what the pointer moved over */
		atomic_store(&t->entries[zone].last, pointer >> SECTOR_SHIFT);
		set_zone(t, zone, end == t->geo.zone_capacity ? FULL : condition_of(t, zone), end);
	}
	pthread_mutex_unlock(&t->lock);
}

int zone_open(struct zone_table *t, uint32_t zone)
{
	int r = -EIO;

	if (zone_is_conventional(t, zone))
		return -EIO;
	pthread_mutex_lock(&t->lock);
	if (condition_of(t, zone) != FULL)
		r = may_open(t, zone);
	if (!r)
		set_zone(t, zone, EXPLICIT, pointer_of(t, zone));
	pthread_mutex_unlock(&t->lock);
	return r;
}

int zone_close(struct zone_table *t, uint32_t zone)
{
	int r = 0;

	if (zone_is_conventional(t, zone))
		return -EIO;
	pthread_mutex_lock(&t->lock);
	if (condition_of(t, zone) == FULL)
		r = -EIO;
	else if (is_open(condition_of(t, zone)))
		set_zone(t, zone, pointer_of(t, zone) ? CLOSED : EMPTY, pointer_of(t, zone));
	/* closed already, or empty: it may be asked for twice */
	pthread_mutex_unlock(&t->lock);
	return r;
}

int zone_finish(struct zone_table *t, uint32_t zone)
{
	int r;

	if (zone_is_conventional(t, zone))
		return -EIO;
	pthread_mutex_lock(&t->lock);
	t->may_replay[zone] = false;
	r = condition_of(t, zone) == FULL ? 0 : may_activate(t, zone);
	if (!r) {
		/* no write reached this end, so none comes again */
		atomic_store(&t->entries[zone].last, t->geo.zone_capacity >> SECTOR_SHIFT);
		set_zone(t, zone, FULL, t->geo.zone_capacity);
	}
	pthread_mutex_unlock(&t->lock);
	return r;
}

int zone_reset(struct zone_table *t, uint32_t zone)
{
	if (zone_is_conventional(t, zone))
		return -EIO;
	pthread_mutex_lock(&t->lock);
	t->may_replay[zone] = false;
	set_zone(t, zone, EMPTY, 0);
	pthread_mutex_unlock(&t->lock);
	return 0;
}

uint64_t zone_written(const struct zone_table *t, uint32_t zone)
{
	return zone_is_conventional(t, zone) ? t->geo.zone_size : pointer_of(t, zone);
}

void zone_describe(const struct zone_table *t, uint32_t zone, struct ublk_zone *ret)
{
	static const uint32_t conditions[] = {
		[EMPTY] = LIBUBLK_ZONE_EMPTY, [IMPLICIT] = LIBUBLK_ZONE_IMP_OPEN,
		[EXPLICIT] = LIBUBLK_ZONE_EXP_OPEN, [CLOSED] = LIBUBLK_ZONE_CLOSED,
		[FULL] = LIBUBLK_ZONE_FULL,
	};
	uint64_t word = atomic_load(&t->entries[zone].word);	/* both halves of one moment */
	bool conventional = zone_is_conventional(t, zone);

	*ret = (struct ublk_zone) {
		.start = zone * t->geo.zone_size,
		.length = t->geo.zone_size,
		.capacity = conventional ? t->geo.zone_size : t->geo.zone_capacity,
		.type = conventional ? LIBUBLK_ZONE_CONVENTIONAL : LIBUBLK_ZONE_SEQUENTIAL,
		.condition = conventional ? LIBUBLK_ZONE_NOT_WP : conditions[word & 0xff],
	};
	ret->write_pointer = ret->start + (conventional || (word & 0xff) == FULL ?
			     t->geo.zone_size : word >> POINTER_SHIFT << SECTOR_SHIFT);
}
