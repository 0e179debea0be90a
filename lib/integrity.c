/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Devices whose requests carry metadata: their parameters, and where a target finds these. */
#include "internal.h"

_Static_assert(LIBUBLK_PI_NONE == LBMD_PI_CSUM_NONE && LIBUBLK_PI_IP == LBMD_PI_CSUM_IP &&
	       LIBUBLK_PI_CRC16 == LBMD_PI_CSUM_CRC16_T10DIF &&
	       LIBUBLK_PI_CRC64 == LBMD_PI_CSUM_CRC64_NVME &&
	       LIBUBLK_PI_CAPABLE == LBMD_PI_CAP_INTEGRITY &&
	       LIBUBLK_PI_REF_TAG == LBMD_PI_CAP_REFTAG, "the numbers are the kernel's");

#define MAX_METADATA	UINT8_MAX
#define MAX_SEGMENTS	UINT16_MAX
#define KNOWN_PI_FLAGS	(LIBUBLK_PI_CAPABLE | LIBUBLK_PI_REF_TAG)

static int bad(const char *field, const char *why)
{
	return ublk_set_error(EINVAL, "config.%s: %s", field, why);
}

UBLK_EXPORT int ublk_pi_size(uint32_t csum)
{
	switch (csum) {
	case LIBUBLK_PI_NONE:
		return 0;
	case LIBUBLK_PI_IP:
	case LIBUBLK_PI_CRC16:
		return 8;
	case LIBUBLK_PI_CRC64:
		return 16;
	default:
		return ublk_set_error(EINVAL, "%u is no LIBUBLK_PI_* checksum", csum);
	}
}

static int check_none(const struct ublk_device_config *c)
{
	if (c->metadata_interval || c->pi_csum || c->pi_offset || c->pi_flags || c->pi_tag_size ||
	    c->max_metadata_segments)
		return bad("metadata_size", "0 means no metadata, so nothing is to say about them");
	if ((c->features_wanted | c->features_required) & LIBUBLK_FEATURE_INTEGRITY)
		return bad("metadata_size", "must be set to have metadata");
	return 0;
}

/* What was checked before: logical_block, data_mode. */
int ublk_integrity_check(struct ublk_device_config *c)
{
	int pi = ublk_pi_size(c->pi_csum);

	if (!c->metadata_size)
		return check_none(c);
	if (!c->metadata_interval)
		c->metadata_interval = c->logical_block;
	if (c->metadata_size > MAX_METADATA)
		return bad("metadata_size", "must not exceed 255");
	if (c->metadata_interval & (c->metadata_interval - 1) ||
	    c->metadata_interval < 1u << SECTOR_SHIFT || c->metadata_interval > c->logical_block)
		return bad("metadata_interval", "must be a power of two from 512 to logical_block");
	if (pi < 0)
		return bad("pi_csum", "must be a LIBUBLK_PI_* checksum");
	if (c->pi_offset > c->metadata_size || (uint32_t)pi > c->metadata_size - c->pi_offset)
		return bad("pi_offset", "and the checksum's tuple must fit metadata_size");
	if (c->pi_flags & ~KNOWN_PI_FLAGS)
		return bad("pi_flags", "has unknown bits");
	if (c->pi_flags & LIBUBLK_PI_REF_TAG && !pi)
		return bad("pi_flags", "a reference tag needs a checksum: it is in the tuple");
	if (c->pi_tag_size > c->metadata_size)
		return bad("pi_tag_size", "must not exceed metadata_size");
	if (c->max_metadata_segments > MAX_SEGMENTS)
		return bad("max_metadata_segments", "must not exceed 65535");
	if (c->data_mode != LIBUBLK_DATA_AUTO &&
	    !(ublk_data_mode_flags(c->data_mode) & UBLK_F_USER_COPY))
		return bad("data_mode", "must be user-copy, registered, auto-registered or auto "
			   "with metadata");
	/* not without: nobody may take what is unprotected for protected */
	c->features_required |= LIBUBLK_FEATURE_INTEGRITY;
	return 0;
}

void ublk_integrity_to_params(const struct ublk_device_config *config, struct ublk_params *ret)
{
	if (!config->metadata_size)
		return;
	ret->types |= UBLK_PARAM_TYPE_INTEGRITY;
	ret->integrity.flags = config->pi_flags;
	ret->integrity.max_integrity_segments = (uint16_t)config->max_metadata_segments;
	ret->integrity.interval_exp = (uint8_t)__builtin_ctz(config->metadata_interval);
	ret->integrity.metadata_size = (uint8_t)config->metadata_size;
	ret->integrity.pi_offset = (uint8_t)config->pi_offset;
	ret->integrity.csum_type = (uint8_t)config->pi_csum;
	ret->integrity.tag_size = (uint8_t)config->pi_tag_size;
}

void ublk_integrity_from_params(struct ublk_device_config *config, const struct ublk_params *params)
{
	const struct ublk_param_integrity *integrity = &params->integrity;

	if (!(params->types & UBLK_PARAM_TYPE_INTEGRITY))
		return;
	config->pi_flags = integrity->flags;
	config->max_metadata_segments = integrity->max_integrity_segments;
	config->metadata_interval = ublk_shift_to_bytes(integrity->interval_exp);
	config->metadata_size = integrity->metadata_size;
	config->pi_offset = integrity->pi_offset;
	config->pi_csum = integrity->csum_type;
	config->pi_tag_size = integrity->tag_size;
}

UBLK_EXPORT uint64_t ublk_io_metadata_length(const struct ublk_io *io)
{
	const struct ublk_device_config *config = &io->q->dev->config;

	if (!(ublk_io_flags(io) & LIBUBLK_IO_METADATA) || !config->metadata_interval)
		return 0;
	return ublk_io_length(io) / config->metadata_interval * config->metadata_size;
}

static int copy(struct ublk_io *io, uint64_t offset, char *buf, size_t len, bool to_kernel)
{
	uint64_t whole = ublk_io_metadata_length(io);
	bool is_read = ublk_io_op(io) == LIBUBLK_OP_READ;

	if (is_read != to_kernel)
		return ublk_set_error(EINVAL, "metadata copied in the wrong direction for "
				      "operation %u", ublk_io_op(io));
	if (offset > whole || len > whole - offset)
		return ublk_set_error(EINVAL, "copy of %zu bytes at %llu of metadata of %llu", len,
				      (unsigned long long)offset, (unsigned long long)whole);
	return ublk_user_copy(io, offset | UBLKSRV_IO_INTEGRITY_FLAG, buf, len, to_kernel);
}

UBLK_EXPORT int ublk_io_metadata_copy_out(struct ublk_io *io, uint64_t offset, void *to, size_t len)
{
	return copy(io, offset, to, len, false);
}

UBLK_EXPORT int ublk_io_metadata_copy_in(struct ublk_io *io, uint64_t offset, const void *from,
					 size_t len)
{
	return copy(io, offset, (char *)from, len, true);
}
