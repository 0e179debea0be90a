// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A disk that forgets everything: reads are zeros, writes are thanked for. */
#include <string.h>

#include "target.h"

#define NULL_DEFAULT_SIZE (250ull << 30)
#define NULL_MAX_RANGE (1ull << 30)

struct null_disk {
	uint64_t size;
};

/* Of a tag: its buffer is all zeros from here on. */
struct null_io {
	uint64_t written;
};

/*
 * A buffer serves reads and writes in turn, and what somebody wrote is no answer to what somebody
 * else reads. Without a buffer the zeros are copied, or the reader would see whatever was in the
 * kernel's pages before.
 */
static int null_read(const struct target *target, struct ublk_io *io)
{
	static const char zeros[64 << 10];
	struct null_io *mine = target_priv(target, io);
	uint64_t at, len = ublk_io_length(io);
	int r = 0;

	if (ublk_io_buffer(io)) {
		/* a target around this one may write to it, too */
		memset(ublk_io_buffer(io), 0, target->done ? len : mine->written);
		mine->written = 0;
		return 0;
	}
	for (at = 0; at < len && !r; at += sizeof(zeros))
		r = ublk_io_copy_in(io, at, zeros,
				    len - at < sizeof(zeros) ? len - at : sizeof(zeros));
	return r;
}

static int null_submit(struct ublk_io *io, void *user)
{
	struct target *target = user;
	struct null_io *mine = target_priv(target, io);
	int r = 0;

	if (ublk_io_op(io) == LIBUBLK_OP_READ)
		r = null_read(target, io);
	else if (ublk_io_op(io) == LIBUBLK_OP_WRITE && mine->written < ublk_io_length(io))
		mine->written = ublk_io_length(io);
	target_done(target, io, r);
	return 0;
}

static int null_prepare(struct target *target, struct ublk_device_config *config,
			struct option_error *err)
{
	const struct null_disk *disk = target->state;
	uint64_t size = disk->size ? disk->size : NULL_DEFAULT_SIZE;

	(void)err;
	config->capacity = size & ~4095ull;
	config->max_discard = NULL_MAX_RANGE;
	config->max_write_zeroes = NULL_MAX_RANGE;
	return 0;
}

static const struct option_def null_options[] = {
	{ .name = "size", .arg = "BYTES", .type = OPTION_SIZE, .min = 4096, .max = INT64_MAX,
	  .offset = offsetof(struct null_disk, size), .help = "capacity (250G)" },
	{ .name = NULL },
};

static const struct ublk_target_ops null_ops = {
	.size = UBLK_TARGET_OPS_SIZE,
	.name = "null",
	.io_priv_size = sizeof(struct null_io),
	.submit = null_submit,
};

const struct target_type null_target = {
	.name = "null",
	.summary = "A disk that forgets everything: reads are zeros, writes are thanked for.",
	.options = null_options,
	.state_size = sizeof(struct null_disk),
	.recovery = LIBUBLK_RECOVERY_OFF,
	.ops = &null_ops,
	.prepare = null_prepare,
};
