/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What a program asks for, checked, and what the kernel calls it. */
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define DEFAULT_DEPTH		128
#define DEFAULT_MAX_IO		(512u << 10)
#define LATENCY_EVERY		16	/* of so many requests one is measured */
#define DEFAULT_WAIT_MS		30000
#define MAX_IO			(32u << 20)	/* what the user copy offset can address */
#define LARGEST_SECTORS		UINT32_MAX
#define FIRST_BLOCK_SHIFT	9

#define KNOWN_FLAGS	(LIBUBLK_NO_AFFINITY | LIBUBLK_NO_SIGNALS | LIBUBLK_HAND_OVER | \
			 LIBUBLK_NO_RECORD | LIBUBLK_ANY_BACKING)
#define KNOWN_ATTRS	(LIBUBLK_ATTR_READ_ONLY | LIBUBLK_ATTR_ROTATIONAL | \
			 LIBUBLK_ATTR_VOLATILE_CACHE | LIBUBLK_ATTR_FUA)
/* What this library cannot serve, or only as a data mode; asking for it would hang a device. */
#define UNSERVED_FEATURES (LIBUBLK_FEATURE_ZERO_COPY | LIBUBLK_FEATURE_AUTO_BUF_REG | \
			   LIBUBLK_FEATURE_BATCH_IO)

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static int bad(const char *field, const char *why)
{
	return ublk_set_error(EINVAL, "config.%s: %s", field, why);
}

/* Never an undefined shift, whatever another server set. */
uint32_t ublk_shift_to_bytes(unsigned shift)
{
	return shift < 32 ? 1u << shift : 0;
}

static uint8_t shift_of(uint32_t bytes)
{
	return bytes ? (uint8_t)__builtin_ctz(bytes) : 0;
}

static void fill_defaults(struct ublk_device_config *c)
{
	if (!c->nr_queues)
		c->nr_queues = 1;
	if (!c->queue_depth)
		c->queue_depth = DEFAULT_DEPTH;
	if (!c->logical_block)
		c->logical_block = 1u << FIRST_BLOCK_SHIFT;
	if (!c->physical_block)
		c->physical_block = c->logical_block > 4096 ? c->logical_block : 4096;
	if (!c->io_min)
		c->io_min = c->physical_block;
	if (!c->io_opt)
		c->io_opt = c->physical_block;
	if (!c->max_io)
		c->max_io = DEFAULT_MAX_IO;
	if (c->max_discard && !c->discard_granularity)
		c->discard_granularity = c->logical_block;
	if (!c->fence_timeout_ms)
		c->fence_timeout_ms = DEFAULT_WAIT_MS;
	if (!c->attach_timeout_ms)
		c->attach_timeout_ms = DEFAULT_WAIT_MS;
	if (!c->latency_every)
		c->latency_every = LATENCY_EVERY;
}

static int check_blocks(const struct ublk_device_config *c)
{
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);

	if (!is_power_of_two(c->logical_block) || c->logical_block < 1u << FIRST_BLOCK_SHIFT ||
	    c->logical_block > page)
		return bad("logical_block", "must be a power of two from 512 to the page size");
	if (!is_power_of_two(c->physical_block) || c->physical_block < c->logical_block ||
	    c->physical_block > 1u << 28)
		return bad("physical_block", "must be a power of two from logical_block to 2^28");
	if (!is_power_of_two(c->io_min) || c->io_min > 1u << 28)
		return bad("io_min", "must be a power of two up to 2^28");
	if (!is_power_of_two(c->io_opt) || c->io_opt > 1u << 28)
		return bad("io_opt", "must be a power of two up to 2^28");
	if (!c->capacity || c->capacity % c->logical_block || c->capacity > INT64_MAX)
		return bad("capacity", "must be a multiple of logical_block, not 0, below 2^63");
	if (c->max_io < page || c->max_io > MAX_IO || c->max_io % page)
		return bad("max_io", "must be whole pages, up to 32 MiB");
	if (c->dma_alignment && (!is_power_of_two(c->dma_alignment) || c->dma_alignment >= page))
		return bad("dma_alignment", "must be a power of two below the page size");
	return 0;
}

static int check_discard(const struct ublk_device_config *c)
{
	uint64_t most = (uint64_t)LARGEST_SECTORS << SECTOR_SHIFT;

	if (c->max_discard > most || c->max_discard % c->logical_block)
		return bad("max_discard", "must be a multiple of logical_block below 2 TiB");
	if (c->max_write_zeroes > most || c->max_write_zeroes % c->logical_block)
		return bad("max_write_zeroes", "must be a multiple of logical_block below 2 TiB");
	if (c->max_discard && (!is_power_of_two(c->discard_granularity) ||
			       c->discard_granularity < c->logical_block))
		return bad("discard_granularity", "must be a power of two from logical_block on");
	return 0;
}

/* What the driver grants nobody but root: said here, in words. */
static int check_users(const struct ublk_device_config *c)
{
	if (!(c->features_required & LIBUBLK_FEATURE_UNPRIVILEGED))
		return 0;
	if (c->recovery != LIBUBLK_RECOVERY_OFF)
		return bad("recovery", "must be off for a user's device: the driver keeps none "
			   "of these for a next server");
	if (c->data_mode == LIBUBLK_DATA_USER_COPY)
		return bad("data_mode", "user copy is not for a user's device: a request's memory "
			   "could be read before it was written; take copy or get-data");
	return 0;
}

static int check_modes(const struct ublk_device_config *c)
{
	uint64_t asked = c->features_wanted | c->features_required;

	if (c->recovery > LIBUBLK_RECOVERY_FAIL_IO)
		return bad("recovery", "must be a LIBUBLK_RECOVERY_* value");
	if (c->data_mode > LIBUBLK_DATA_AUTO)
		return bad("data_mode", "must be a LIBUBLK_DATA_* value");
	if (c->attrs & ~KNOWN_ATTRS)
		return bad("attrs", "has unknown bits");
	if ((c->attrs & LIBUBLK_ATTR_FUA) && !(c->attrs & LIBUBLK_ATTR_VOLATILE_CACHE))
		return bad("attrs", "LIBUBLK_ATTR_FUA needs LIBUBLK_ATTR_VOLATILE_CACHE");
	if (c->flags & ~KNOWN_FLAGS)
		return bad("flags", "has unknown bits");
	if ((c->flags & LIBUBLK_HAND_OVER) && c->recovery == LIBUBLK_RECOVERY_OFF)
		return bad("flags", "LIBUBLK_HAND_OVER needs a recovery policy");
	if (asked & UNSERVED_FEATURES)
		return bad("features_wanted", "has a mode that this library does not serve");
	return 0;
}

UBLK_EXPORT int ublk_device_config_check(struct ublk_device_config *config)
{
	int r;

	if (config->id < -1 || config->id >= 1 << 20)
		return bad("id", "must be -1 or 0 .. 2^20 - 1");
	if (config->nr_queues > LIBUBLK_MAX_QUEUES)
		return bad("nr_queues", "must be 1 .. 4096");
	if (config->queue_depth > LIBUBLK_MAX_DEPTH)
		return bad("queue_depth", "must be 1 .. 4096");
	fill_defaults(config);
	r = check_blocks(config);
	if (!r)
		r = check_discard(config);
	if (!r)
		r = check_modes(config);
	if (!r)
		r = ublk_zoned_check(config);
	if (!r)
		r = ublk_integrity_check(config);
	if (!r)
		r = check_users(config);
	return r;
}

int ublk_config_copy(const struct ublk_device_config *config, struct ublk_device_config *ret)
{
	size_t least = offsetof(struct ublk_device_config, capacity) + sizeof(config->capacity);
	int r;

	r = ublk_copy_sized(ret, sizeof(*ret), config, config->size, least,
			    "ublk_device_config");
	if (r < 0)
		return r;
	ret->size = sizeof(*ret);
	ret->features_granted = 0;
	return 0;
}

int ublk_ops_copy(const struct ublk_target_ops *ops, struct ublk_target_ops *ret)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t least = offsetof(struct ublk_target_ops, submit) + sizeof(ops->submit);
	size_t len;
	int r;

	r = ublk_copy_sized(ret, sizeof(*ret), ops, ops->size, least, "ublk_target_ops");
	if (r < 0)
		return r;
	ret->size = sizeof(*ret);
	if (!ret->submit)
		return ublk_set_error(EINVAL, "ublk_target_ops.submit is missing");
	len = ret->name ? strlen(ret->name) : 0;
	if (!len || len > 31 || strspn(ret->name, allowed) != len)
		return ublk_set_error(EINVAL, "ublk_target_ops.name must be 1 to 31 of [a-z0-9_-]");
	return 0;
}

/* The flags to ask ADD_DEV for. */
uint64_t ublk_config_features(const struct ublk_device_config *config)
{
	uint64_t flags = config->features_wanted | config->features_required;

	switch (config->recovery) {
	case LIBUBLK_RECOVERY_PLAIN:
		flags |= UBLK_F_USER_RECOVERY;
		break;
	case LIBUBLK_RECOVERY_REISSUE:
		flags |= UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE;
		break;
	case LIBUBLK_RECOVERY_FAIL_IO:
		flags |= UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_FAIL_IO;
		break;
	default:
		/* Some flags have no meaning without it, and the driver refuses them. */
		flags &= ~(UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE |
			   UBLK_F_USER_RECOVERY_FAIL_IO | UBLK_F_QUIESCE);
		break;
	}
	return flags | ublk_data_mode_flags(config->data_mode);
}

uint32_t ublk_flags_to_recovery(uint64_t flags)
{
	if (!(flags & UBLK_F_USER_RECOVERY))
		return LIBUBLK_RECOVERY_OFF;
	if (flags & UBLK_F_USER_RECOVERY_FAIL_IO)
		return LIBUBLK_RECOVERY_FAIL_IO;
	if (flags & UBLK_F_USER_RECOVERY_REISSUE)
		return LIBUBLK_RECOVERY_REISSUE;
	return LIBUBLK_RECOVERY_PLAIN;
}

void ublk_config_to_params(const struct ublk_device_config *config, struct ublk_params *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->len = sizeof(*ret);
	ret->types = UBLK_PARAM_TYPE_BASIC;
	ret->basic.attrs = config->attrs;
	ret->basic.logical_bs_shift = shift_of(config->logical_block);
	ret->basic.physical_bs_shift = shift_of(config->physical_block);
	ret->basic.io_min_shift = shift_of(config->io_min);
	ret->basic.io_opt_shift = shift_of(config->io_opt);
	ret->basic.max_sectors = config->max_io >> SECTOR_SHIFT;
	ret->basic.dev_sectors = config->capacity >> SECTOR_SHIFT;
	if (config->max_discard || config->max_write_zeroes) {
		ret->types |= UBLK_PARAM_TYPE_DISCARD;
		ret->discard.discard_granularity = config->discard_granularity ?
			config->discard_granularity : config->logical_block;
		ret->discard.max_discard_sectors =
			(uint32_t)(config->max_discard >> SECTOR_SHIFT);
		ret->discard.max_write_zeroes_sectors =
			(uint32_t)(config->max_write_zeroes >> SECTOR_SHIFT);
		ret->discard.max_discard_segments = 1;
	}
	if (config->dma_alignment) {
		ret->types |= UBLK_PARAM_TYPE_DMA_ALIGN;
		ret->dma.alignment = config->dma_alignment - 1;
	}
	ublk_zoned_to_params(config, ret);
	ublk_integrity_to_params(config, ret);
}

void ublk_config_from_kernel(struct ublk_device_config *config,
			     const struct ublksrv_ctrl_dev_info *info,
			     const struct ublk_params *params)
{
	config->id = (int32_t)info->dev_id;
	config->nr_queues = info->nr_hw_queues;
	config->queue_depth = info->queue_depth;
	config->max_io = info->max_io_buf_bytes;
	config->features_granted = info->flags;
	config->recovery = ublk_flags_to_recovery(info->flags);
	config->data_mode = ublk_data_mode_of(info->flags);
	if (!params || !(params->types & UBLK_PARAM_TYPE_BASIC))
		return;
	config->attrs = params->basic.attrs & KNOWN_ATTRS;
	config->capacity = params->basic.dev_sectors << SECTOR_SHIFT;
	config->logical_block = ublk_shift_to_bytes(params->basic.logical_bs_shift);
	config->physical_block = ublk_shift_to_bytes(params->basic.physical_bs_shift);
	config->io_min = ublk_shift_to_bytes(params->basic.io_min_shift);
	config->io_opt = ublk_shift_to_bytes(params->basic.io_opt_shift);
	if (params->types & UBLK_PARAM_TYPE_DISCARD) {
		config->discard_granularity = params->discard.discard_granularity;
		config->max_discard =
			(uint64_t)params->discard.max_discard_sectors << SECTOR_SHIFT;
		config->max_write_zeroes =
			(uint64_t)params->discard.max_write_zeroes_sectors << SECTOR_SHIFT;
	}
	if (params->types & UBLK_PARAM_TYPE_DMA_ALIGN)
		config->dma_alignment = params->dma.alignment + 1;
	ublk_zoned_from_params(config, params);
	ublk_integrity_from_params(config, params);
}
