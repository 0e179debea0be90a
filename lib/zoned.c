/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Devices with zones: their parameters, and what a target answers. */
#include <linux/blkzoned.h>
#include <string.h>

#include "internal.h"

_Static_assert(LIBUBLK_ZONE_CONVENTIONAL == BLK_ZONE_TYPE_CONVENTIONAL &&
	       LIBUBLK_ZONE_SEQUENTIAL == BLK_ZONE_TYPE_SEQWRITE_REQ &&
	       LIBUBLK_ZONE_NOT_WP == BLK_ZONE_COND_NOT_WP &&
	       LIBUBLK_ZONE_EMPTY == BLK_ZONE_COND_EMPTY &&
	       LIBUBLK_ZONE_IMP_OPEN == BLK_ZONE_COND_IMP_OPEN &&
	       LIBUBLK_ZONE_EXP_OPEN == BLK_ZONE_COND_EXP_OPEN &&
	       LIBUBLK_ZONE_CLOSED == BLK_ZONE_COND_CLOSED &&
	       LIBUBLK_ZONE_READ_ONLY == BLK_ZONE_COND_READONLY &&
	       LIBUBLK_ZONE_FULL == BLK_ZONE_COND_FULL &&
	       LIBUBLK_ZONE_OFFLINE == BLK_ZONE_COND_OFFLINE, "the numbers are the kernel's");
_Static_assert(LIBUBLK_OP_ZONE_OPEN == UBLK_IO_OP_ZONE_OPEN &&
	       LIBUBLK_OP_ZONE_CLOSE == UBLK_IO_OP_ZONE_CLOSE &&
	       LIBUBLK_OP_ZONE_FINISH == UBLK_IO_OP_ZONE_FINISH &&
	       LIBUBLK_OP_ZONE_APPEND == UBLK_IO_OP_ZONE_APPEND &&
	       LIBUBLK_OP_ZONE_RESET_ALL == UBLK_IO_OP_ZONE_RESET_ALL &&
	       LIBUBLK_OP_ZONE_RESET == UBLK_IO_OP_ZONE_RESET &&
	       LIBUBLK_OP_REPORT_ZONES == UBLK_IO_OP_REPORT_ZONES, "the numbers are the kernel's");

#define ZONES_AT_ONCE	64

static int bad(const char *field, const char *why)
{
	return ublk_set_error(EINVAL, "config.%s: %s", field, why);
}

/* What was checked before: capacity, logical_block, max_io, data_mode. */
int ublk_zoned_check(struct ublk_device_config *c)
{
	uint64_t nr_zones;

	if (!c->zone_size) {
		if (c->max_zone_append || c->max_open_zones || c->max_active_zones)
			return bad("zone_size", "0 means no zones, so there are no limits to them");
		if ((c->features_wanted | c->features_required) & LIBUBLK_FEATURE_ZONED)
			return bad("zone_size", "must be set to have zones");
		return 0;
	}
	if (c->zone_size & (c->zone_size - 1) || c->zone_size < c->logical_block ||
	    c->zone_size >> SECTOR_SHIFT > UINT32_MAX)
		return bad("zone_size", "must be a power of two from logical_block to 1 TiB");
	if (c->capacity % c->zone_size)
		return bad("capacity", "must be a multiple of zone_size");
	nr_zones = c->capacity / c->zone_size;
	if (nr_zones > UINT32_MAX)
		return bad("zone_size", "makes more than 2^32 zones");
	if (c->max_open_zones > nr_zones || c->max_active_zones > nr_zones)
		return bad("max_open_zones", "and max_active_zones must not exceed the zones");
	if (c->max_active_zones && c->max_open_zones > c->max_active_zones)
		return bad("max_open_zones", "must not exceed max_active_zones: open is active");
	if (!c->max_zone_append)
		c->max_zone_append = c->zone_size < c->max_io ? c->zone_size : c->max_io;
	if (c->max_zone_append < c->logical_block || c->max_zone_append > c->max_io)
		return bad("max_zone_append", "must be from logical_block to max_io");
	if (c->data_mode != LIBUBLK_DATA_USER_COPY)
		return bad("data_mode", "must be LIBUBLK_DATA_USER_COPY with zones");
	/* not without: nobody may take it for an ordinary disk */
	c->features_required |= LIBUBLK_FEATURE_ZONED;
	return 0;
}

void ublk_zoned_to_params(const struct ublk_device_config *config, struct ublk_params *ret)
{
	if (!config->zone_size)
		return;
	ret->types |= UBLK_PARAM_TYPE_ZONED;
	ret->basic.chunk_sectors = (uint32_t)(config->zone_size >> SECTOR_SHIFT);
	ret->zoned.max_open_zones = config->max_open_zones;
	ret->zoned.max_active_zones = config->max_active_zones;
	ret->zoned.max_zone_append_sectors = (uint32_t)(config->max_zone_append >> SECTOR_SHIFT);
}

void ublk_zoned_from_params(struct ublk_device_config *config, const struct ublk_params *params)
{
	if (!(params->types & UBLK_PARAM_TYPE_ZONED))
		return;
	config->zone_size = (uint64_t)params->basic.chunk_sectors << SECTOR_SHIFT;
	config->max_zone_append = (uint64_t)params->zoned.max_zone_append_sectors << SECTOR_SHIFT;
	config->max_open_zones = params->zoned.max_open_zones;
	config->max_active_zones = params->zoned.max_active_zones;
}

uint64_t ublk_zone_report_bytes(const struct ublk_io *io)
{
	return (uint64_t)ublk_io_nr_zones(io) * sizeof(struct blk_zone);
}

UBLK_EXPORT void ublk_io_set_append(struct ublk_io *io, uint64_t offset)
{
	io->append_sector = offset >> SECTOR_SHIFT;
}

UBLK_EXPORT unsigned ublk_io_nr_zones(const struct ublk_io *io)
{
	return ublk_io_op(io) == LIBUBLK_OP_REPORT_ZONES ? io->desc.nr_zones : 0;
}

static void zone_for_kernel(const struct ublk_zone *zone, struct blk_zone *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->start = zone->start >> SECTOR_SHIFT;
	ret->len = zone->length >> SECTOR_SHIFT;
	ret->capacity = zone->capacity >> SECTOR_SHIFT;
	ret->wp = zone->write_pointer >> SECTOR_SHIFT;
	ret->type = (uint8_t)zone->type;
	ret->cond = (uint8_t)zone->condition;
}

UBLK_EXPORT int ublk_io_report_zones(struct ublk_io *io, unsigned first,
				     const struct ublk_zone *zones, unsigned count)
{
	struct blk_zone chunk[ZONES_AT_ONCE];
	unsigned asked = ublk_io_nr_zones(io), i, n;
	int r;

	if (first > asked || count > asked - first)
		return ublk_set_error(EINVAL, "report of zones %u to %u, asked for %u", first,
				      first + count, asked);
	for (; count; count -= n, first += n, zones += n) {
		n = count < ZONES_AT_ONCE ? count : ZONES_AT_ONCE;
		for (i = 0; i < n; i++)
			zone_for_kernel(&zones[i], &chunk[i]);
		r = ublk_user_copy(io, first * sizeof(*chunk), (char *)chunk, n * sizeof(*chunk),
				   true);
		if (r < 0)
			return r;
	}
	return 0;
}
