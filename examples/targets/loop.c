// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * A disk in a file or on a block device; it survives kill -9.
 *
 * What makes it survive (the requests are in loop_io.c):
 *
 *  - Nothing is acknowledged before the file system has done it, and FLUSH and FUA are
 *    passed on, so an acknowledged write is as durable as the file system makes it.
 *  - Every step may be done twice (REISSUE sends what was under way again).
 *  - The fence (backing.h) keeps a dead server's last operations from landing on top
 *    of the new one's.
 */
#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define LOOP_MAX_DISCARD (1ull << 30)
#define LOOP_MAX_ZEROES (128ull << 20)	/* may have to be written out in full */
#define LOOP_CLAIM_WAIT_MS 5000
#define LOOP_PAGE 4096u

static int loop_open(struct ublk_device *dev, int recovering, void *user)
{
	struct loop_disk *disk = loop_disk(user);
	const struct ublk_device_config *config = ublk_device_config_of(dev);
	uint64_t size = disk->backing.size + config->logical_block - 1;
	int r;

	size -= size % config->logical_block;
	if (recovering && size < config->capacity)
		return ublk_set_error(ESTALE, "%s has become smaller than the device it belongs "
					      "to (%llu < %llu bytes)",
				      disk->file, (unsigned long long)size,
				      (unsigned long long)config->capacity);
	if (!metadata_fits(&disk->metadata, config))
		return ublk_set_error(EINVAL, "the device has other metadata than the --integrity "
				      "options say (%u bytes for %u)", config->metadata_size,
				      config->metadata_interval);
	/* a device that is taken over has the blocks it was made with */
	r = backing_use_block(&disk->backing, config->logical_block);
	return r < 0 ? ublk_set_error(r, "%s: cannot leave direct I/O", disk->file) : 0;
}

static int loop_fence(struct ublk_device *dev, void *user)
{
	(void)dev;
	return loop_disk(user)->backing.fd;
}

/*
 * A block device is claimed by its open file, and a dead server's requests hold that
 * for a moment longer: so "in use" is only believed when it stays.
 */
static int open_backing(struct loop_disk *disk, unsigned int flags, struct option_error *err)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000000L };
	int r, tries = LOOP_CLAIM_WAIT_MS / 20;

	do {
		r = backing_open(&disk->backing, disk->file, flags, err);
		if (r != -EBUSY)
			return r;
		nanosleep(&pause, NULL);
	} while (--tries);
	return r;
}

/* Maybe, then: it is known when the driver was asked. */
static int is_registered(uint32_t data_mode)
{
	return data_mode == LIBUBLK_DATA_REGISTERED || data_mode == LIBUBLK_DATA_AUTO_REGISTERED ||
	       data_mode == LIBUBLK_DATA_AUTO;
}

static int loop_prepare(struct target *target, struct ublk_device_config *config,
			struct option_error *err)
{
	struct loop_disk *disk = loop_disk(target);
	struct backing *backing = &disk->backing;
	int is_read_only = !!(config->attrs & LIBUBLK_ATTR_READ_ONLY);
	int r;

	disk->zeros = mmap(NULL, LOOP_ZERO_CHUNK, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (disk->zeros == MAP_FAILED) {
		disk->zeros = NULL;
		return -ENOMEM;
	}
	r = open_backing(disk, (is_read_only ? BACKING_READ_ONLY : 0) |
			 (disk->is_buffered ? BACKING_BUFFERED : 0), err);
	if (r < 0)
		return r;
	if (!config->logical_block)
		config->logical_block = backing->is_direct ? backing->direct_align : 512;
	config->physical_block = backing->physical_block;
	if (config->physical_block < config->logical_block)
		config->physical_block = config->logical_block;
	/* rounded up: the end of the last block reads as zeros, and writing it is allowed */
	config->capacity = backing->size + config->logical_block - 1;
	config->capacity -= config->capacity % config->logical_block;
	config->attrs |= LIBUBLK_ATTR_VOLATILE_CACHE | LIBUBLK_ATTR_FUA;
	r = metadata_prepare(&disk->metadata, config, err);
	if (r < 0)
		return r;
	/* without a copy the backing gets the very memory that the disk's users gave */
	if (backing->is_direct && is_registered(config->data_mode))
		config->dma_alignment = backing->direct_align < LOOP_PAGE ?
						backing->direct_align : LOOP_PAGE / 2;
	if (is_read_only)
		return 0;
	config->max_write_zeroes = LOOP_MAX_ZEROES;
	if (backing->can_discard) {
		config->max_discard = LOOP_MAX_DISCARD;
		config->discard_granularity = backing->discard_granularity;
		if (config->discard_granularity < config->logical_block)
			config->discard_granularity = config->logical_block;
	}
	return 0;
}

static int loop_read_at(const struct target *target, void *data, uint64_t len, uint64_t offset)
{
	return backing_read(&loop_disk(target)->backing, data, len, offset);
}

static int loop_write_at(const struct target *target, const void *data, uint64_t len,
			 uint64_t offset)
{
	return backing_write(&loop_disk(target)->backing, data, len, offset);
}

static void loop_cleanup(struct target *target)
{
	struct loop_disk *disk = loop_disk(target);

	backing_close(&disk->backing);
	metadata_close(&disk->metadata);
	if (disk->zeros)
		munmap(disk->zeros, LOOP_ZERO_CHUNK);
}

static const struct option_def loop_options[] = {
	{ .name = "file", .arg = "PATH", .type = OPTION_PATH, .flags = OPTION_REQUIRED,
	  .offset = offsetof(struct loop_disk, file),
	  .help = "regular file or block device to serve" },
	{ .name = "buffered", .type = OPTION_FLAG,
	  .offset = offsetof(struct loop_disk, is_buffered),
	  .help = "use the page cache even where direct I/O works" },
	{ .name = "integrity", .arg = "PATH", .type = OPTION_PATH,
	  .offset = offsetof(struct loop_disk, metadata.path),
	  .help = "keep protection information in this second file (kernel 7.1 or later)" },
	{ .name = "integrity-csum", .arg = "HOW", .type = OPTION_CHOICE, .choices = metadata_csums,
	  .offset = offsetof(struct loop_disk, metadata.csum),
	  .help = "its checksum: crc16, ip, crc64 or none (crc16)" },
	{ .name = "integrity-size", .arg = "BYTES", .type = OPTION_SIZE, .min = 1, .max = 255,
	  .offset = offsetof(struct loop_disk, metadata.size),
	  .help = "metadata for each interval; default: what the checksum's tuple takes" },
	{ .name = "integrity-offset", .arg = "BYTES", .type = OPTION_SIZE, .max = 255,
	  .offset = offsetof(struct loop_disk, metadata.offset),
	  .help = "where in them the tuple is (0)" },
	{ .name = "integrity-interval", .arg = "BYTES", .type = OPTION_SIZE, .min = 512,
	  .max = 4096, .offset = offsetof(struct loop_disk, metadata.interval),
	  .help = "data that a tuple is about; default: a logical block" },
	{ .name = "integrity-no-ref", .type = OPTION_FLAG,
	  .offset = offsetof(struct loop_disk, metadata.has_no_ref),
	  .help = "no reference tags: a tuple does not say which block it belongs to" },
	{ .name = NULL },
};

static const struct ublk_target_ops loop_ops = {
	.size = UBLK_TARGET_OPS_SIZE,
	.name = "loop",
	.io_priv_size = sizeof(struct loop_io),
	.submit = loop_submit,
	.cqe = loop_cqe,
	.open = loop_open,
	.fence = loop_fence,
	/* its I/O is the ring's, which cannot reach what has to be copied first */
	.data_modes = LIBUBLK_DATA_BIT(LIBUBLK_DATA_COPY) |
		      LIBUBLK_DATA_BIT(LIBUBLK_DATA_GET_DATA) |
		      LIBUBLK_DATA_BIT(LIBUBLK_DATA_REGISTERED) |
		      LIBUBLK_DATA_BIT(LIBUBLK_DATA_AUTO_REGISTERED),
};

const struct target_type loop_target = {
	.name = "loop",
	.summary = "A disk in a regular file or on a block device; it survives kill -9.",
	.options = loop_options,
	.state_size = sizeof(struct loop_disk),
	.recovery = LIBUBLK_RECOVERY_REISSUE,
	.ops = &loop_ops,
	.prepare = loop_prepare,
	.read_at = loop_read_at,
	.write_at = loop_write_at,
	.cleanup = loop_cleanup,
};
