// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The tables of field names, and access through them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"

#define FIELD(type, member)	\
	{ #member, offsetof(struct type, member), sizeof(((struct type *)0)->member) }
/* a field of a member of struct ublk_params, under a name of its own */
#define PARAM(label, member)	\
	{ label, offsetof(struct ublk_params, member), sizeof(((struct ublk_params *)0)->member) }

const struct field header_fields[] = {
	FIELD(ublksrv_ctrl_cmd, dev_id),
	FIELD(ublksrv_ctrl_cmd, queue_id),
	FIELD(ublksrv_ctrl_cmd, len),
	FIELD(ublksrv_ctrl_cmd, addr),
	{ "data", offsetof(struct ublksrv_ctrl_cmd, data), 8 },
	FIELD(ublksrv_ctrl_cmd, dev_path_len),
	FIELD(ublksrv_ctrl_cmd, pad),
	FIELD(ublksrv_ctrl_cmd, reserved),
	{ NULL, 0, 0 },
};

const struct field info_fields[] = {
	FIELD(ublksrv_ctrl_dev_info, nr_hw_queues),
	FIELD(ublksrv_ctrl_dev_info, queue_depth),
	FIELD(ublksrv_ctrl_dev_info, state),
	FIELD(ublksrv_ctrl_dev_info, io_desc_size),
	FIELD(ublksrv_ctrl_dev_info, max_io_buf_bytes),
	FIELD(ublksrv_ctrl_dev_info, dev_id),
	FIELD(ublksrv_ctrl_dev_info, ublksrv_pid),
	FIELD(ublksrv_ctrl_dev_info, pad1),
	FIELD(ublksrv_ctrl_dev_info, flags),
	FIELD(ublksrv_ctrl_dev_info, ublksrv_flags),
	FIELD(ublksrv_ctrl_dev_info, owner_uid),
	FIELD(ublksrv_ctrl_dev_info, owner_gid),
	FIELD(ublksrv_ctrl_dev_info, reserved1),
	FIELD(ublksrv_ctrl_dev_info, reserved2),
	{ NULL, 0, 0 },
};

const struct field param_fields[] = {
	FIELD(ublk_params, len),
	FIELD(ublk_params, types),
	PARAM("attrs", basic.attrs),
	PARAM("logical_bs_shift", basic.logical_bs_shift),
	PARAM("physical_bs_shift", basic.physical_bs_shift),
	PARAM("io_opt_shift", basic.io_opt_shift),
	PARAM("io_min_shift", basic.io_min_shift),
	PARAM("max_sectors", basic.max_sectors),
	PARAM("chunk_sectors", basic.chunk_sectors),
	PARAM("dev_sectors", basic.dev_sectors),
	PARAM("virt_boundary_mask", basic.virt_boundary_mask),
	PARAM("discard_alignment", discard.discard_alignment),
	PARAM("discard_granularity", discard.discard_granularity),
	PARAM("max_discard_sectors", discard.max_discard_sectors),
	PARAM("max_write_zeroes_sectors", discard.max_write_zeroes_sectors),
	PARAM("max_discard_segments", discard.max_discard_segments),
	PARAM("discard_reserved0", discard.reserved0),
	PARAM("char_major", devt.char_major),
	PARAM("char_minor", devt.char_minor),
	PARAM("disk_major", devt.disk_major),
	PARAM("disk_minor", devt.disk_minor),
	PARAM("max_open_zones", zoned.max_open_zones),
	PARAM("max_active_zones", zoned.max_active_zones),
	PARAM("max_zone_append_sectors", zoned.max_zone_append_sectors),
	PARAM("dma_alignment", dma.alignment),
	PARAM("seg_boundary_mask", seg.seg_boundary_mask),
	PARAM("max_segment_size", seg.max_segment_size),
	PARAM("max_segments", seg.max_segments),
	PARAM("integrity_flags", integrity.flags),
	PARAM("max_integrity_segments", integrity.max_integrity_segments),
	PARAM("interval_exp", integrity.interval_exp),
	PARAM("metadata_size", integrity.metadata_size),
	PARAM("pi_offset", integrity.pi_offset),
	PARAM("csum_type", integrity.csum_type),
	PARAM("tag_size", integrity.tag_size),
	{ NULL, 0, 0 },
};

void field_set(const struct field *table, void *structure, const char *assignment)
{
	const char *value = strchr(assignment, '=');
	size_t len = value ? (size_t)(value - assignment) : 0;
	uint64_t number;

	if (!value)
		raw_die(RAW_EXIT_USAGE, "'%s' is not FIELD=VALUE", assignment);
	/* -1 is a value worth sending: it becomes all ones */
	number = (uint64_t)raw_signed(value + 1, assignment);

	for (; table->name; table++) {
		if (strlen(table->name) != len || strncmp(table->name, assignment, len))
			continue;
		/* little endian, as everything that this module is built for here */
		memcpy((char *)structure + table->offset, &number, table->size);
		return;
	}
	raw_die(RAW_EXIT_USAGE, "no field of that name: '%s'", assignment);
}

void field_print(const struct field *table, const void *structure)
{
	for (; table->name; table++) {
		uint64_t number = 0;

		memcpy(&number, (const char *)structure + table->offset, table->size);
		printf("%s=%" PRIu64 "\n", table->name, number);
	}
}
