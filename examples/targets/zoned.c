// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * A host-managed zoned disk in a file; it survives kill -9.
 *
 * What makes it survive is the order: data to the file, then the zone's write pointer in one store
 * to memory that is the file's, then the answer. So an acknowledged write is never beyond the
 * pointer, and data that a death left beyond it is not there: reads end at the pointer, and the
 * next write goes over it. Where death came between pointer and answer, the kernel sends the write
 * once more (REISSUE), and it is recognized: by the place it names, or, of an append, by its data
 * (append_log.h).
 *
 * Requests are served one after the other in the queue's thread, through the page cache.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "append_log.h"
#include "target.h"
#include "zone_table.h"
#include "zoned_file.h"

#define ZONED_BLOCK	4096u
#define ZONED_REPORT	64u	/* zones described at once */

struct zoned_queue {
	int append;		/* entry of the append that is being answered, or -1 */
	char *buffer;		/* max_io bytes */
	char *compare;		/* the same */
};

struct zoned_disk {
	const char *path;
	uint64_t size, zone_size, zone_capacity;
	int64_t conventional, max_open, max_active;
	struct zoned_file file;
	struct zone_table table;
	struct append_log log;
	/* The kernel tells once that pages were lost; a later sync would succeed over the gap. */
	atomic_int sync_error;
};

static struct zoned_disk *zoned_disk(const struct target *target)
{
	return target->state;
}

static int zoned_sync(struct zoned_disk *disk)
{
	int r = atomic_load(&disk->sync_error);

	if (!r && fdatasync(disk->file.fd) < 0) {
		r = -errno;
		atomic_store(&disk->sync_error, r);
	}
	return r;
}

/* Beyond the write pointer there are zeros, whatever the file has there. */
static int zoned_read(struct zoned_disk *disk, struct ublk_io *io, char *buffer, uint32_t zone)
{
	uint64_t offset = ublk_io_offset(io), len = ublk_io_length(io);
	uint64_t inside = offset - zone * disk->table.geo.zone_size;
	uint64_t end = zone_written(&disk->table, zone), there = 0;
	int r = 0;

	if (len > disk->table.geo.zone_size - inside)
		return -EIO;
	if (inside < end)
		there = len < end - inside ? len : end - inside;
	if (there)
		r = zoned_file_read(&disk->file, buffer, there, offset);
	memset(buffer + there, 0, len - there);
	return r < 0 ? r : ublk_io_copy_in(io, 0, buffer, len);
}

static struct zoned_queue *queue_of(const struct ublk_io *io)
{
	return ublk_queue_priv(ublk_io_queue(io));
}

/* An append that a dead server has done. Returns true, and says where. */
static bool zoned_append_is_done(struct zoned_disk *disk, struct ublk_io *io, uint32_t zone,
				 uint64_t *ret_inside)
{
	uint64_t len = ublk_io_length(io), written = zone_written(&disk->table, zone);
	struct zoned_queue *q = queue_of(io);
	int entry;

	for (entry = 0; append_log_find(&disk->log, zone, len, written, &entry, ret_inside);
	     entry++) {
		if (zoned_file_read(&disk->file, q->compare, len,
				    zone * disk->table.geo.zone_size + *ret_inside) ||
		    memcmp(q->compare, q->buffer, len))
			continue;
		/* not before this answer is out, either */
		q->append = entry;
		return true;
	}
	return false;
}

static int zoned_write_locked(struct zoned_disk *disk, struct ublk_io *io, const char *buffer,
			      uint32_t zone)
{
	uint64_t start = zone * disk->table.geo.zone_size, len = ublk_io_length(io), inside;
	bool append = ublk_io_op(io) == LIBUBLK_OP_ZONE_APPEND;
	int r;

	if (append && zoned_append_is_done(disk, io, zone, &inside)) {
		ublk_io_set_append(io, start + inside);
		return 0;
	}
	r = zone_begin_write(&disk->table, zone, append ? 0 : ublk_io_offset(io) - start, len,
			     append, &inside);
	if (!r)
		r = zoned_file_write(&disk->file, buffer, len, start + inside);
	if (r < 0)
		return r;
	if (append) {
		queue_of(io)->append = append_log_begin(&disk->log, zone, inside, len);
		ublk_io_set_append(io, start + inside);
	}
	zone_end_write(&disk->table, zone, inside + len);
	return 0;
}

static int zoned_write(struct zoned_disk *disk, struct ublk_io *io, char *buffer, uint32_t zone)
{
	/* before the lock: the kernel may have taken the request back */
	int r = ublk_io_copy_out(io, 0, buffer, ublk_io_length(io));

	if (r < 0)
		return r;
	zone_lock(&disk->table, zone);
	r = zoned_write_locked(disk, io, buffer, zone);
	zone_unlock(&disk->table, zone);
	if (!r && ublk_io_flags(io) & LIBUBLK_IO_FUA)
		r = zoned_sync(disk);
	return r;
}

static int zoned_finish(struct zoned_disk *disk, uint32_t zone)
{
	uint64_t written = zone_written(&disk->table, zone);
	int r = 0;

	/* what a former life of the zone left there would come to light */
	if (!zone_is_conventional(&disk->table, zone))
		r = zoned_file_clear(&disk->file, disk->table.geo.zone_size - written,
				     zone * disk->table.geo.zone_size + written);
	return r < 0 ? r : zone_finish(&disk->table, zone);
}

static int zoned_reset(struct zoned_disk *disk, uint32_t zone)
{
	uint64_t written = zone_written(&disk->table, zone);
	int r = zone_reset(&disk->table, zone);

	append_log_forget(&disk->log, zone);
	/* to give the space back; out of sight by now, so it need not work */
	if (!r && written)
		zoned_file_clear(&disk->file, disk->table.geo.zone_size,
				 zone * disk->table.geo.zone_size);
	return r;
}

static int zoned_manage(struct zoned_disk *disk, unsigned op, uint32_t zone)
{
	int r;

	zone_lock(&disk->table, zone);
	switch (op) {
	case LIBUBLK_OP_ZONE_OPEN:
		r = zone_open(&disk->table, zone);
		break;
	case LIBUBLK_OP_ZONE_CLOSE:
		r = zone_close(&disk->table, zone);
		break;
	case LIBUBLK_OP_ZONE_FINISH:
		r = zoned_finish(disk, zone);
		break;
	default:
		r = zoned_reset(disk, zone);
	}
	zone_unlock(&disk->table, zone);
	return r;
}

static int zoned_reset_all(struct zoned_disk *disk)
{
	uint32_t zone;
	int r = 0;

	for (zone = disk->table.geo.nr_conventional; !r && zone < disk->table.geo.nr_zones; zone++)
		r = zoned_manage(disk, LIBUBLK_OP_ZONE_RESET, zone);
	return r;
}

static int zoned_report(struct zoned_disk *disk, struct ublk_io *io, uint32_t zone)
{
	struct ublk_zone zones[ZONED_REPORT];
	unsigned asked = ublk_io_nr_zones(io), done = 0, n;
	int r = 0;

	if (asked > disk->table.geo.nr_zones - zone)
		asked = disk->table.geo.nr_zones - zone;
	for (; !r && done < asked; done += n) {
		for (n = 0; n < ZONED_REPORT && done + n < asked; n++)
			zone_describe(&disk->table, zone + done + n, &zones[n]);
		r = ublk_io_report_zones(io, done, zones, n);
	}
	return r;
}

static int zoned_serve(struct zoned_disk *disk, struct ublk_io *io)
{
	uint64_t zone = ublk_io_offset(io) / disk->table.geo.zone_size;
	unsigned op = ublk_io_op(io);
	char *buffer = queue_of(io)->buffer;

	if (op == LIBUBLK_OP_FLUSH)
		return zoned_sync(disk);
	if (op == LIBUBLK_OP_ZONE_RESET_ALL)
		return zoned_reset_all(disk);
	if (zone >= disk->table.geo.nr_zones)
		return -EIO;
	switch (op) {
	case LIBUBLK_OP_READ:
		return zoned_read(disk, io, buffer, (uint32_t)zone);
	case LIBUBLK_OP_WRITE:
	case LIBUBLK_OP_ZONE_APPEND:
		return zoned_write(disk, io, buffer, (uint32_t)zone);
	case LIBUBLK_OP_ZONE_OPEN:
	case LIBUBLK_OP_ZONE_CLOSE:
	case LIBUBLK_OP_ZONE_FINISH:
	case LIBUBLK_OP_ZONE_RESET:
		return zoned_manage(disk, op, (uint32_t)zone);
	case LIBUBLK_OP_REPORT_ZONES:
		return zoned_report(disk, io, (uint32_t)zone);
	default:
		return -EOPNOTSUPP;
	}
}

static int zoned_submit(struct ublk_io *io, void *user)
{
	struct target *target = user;
	struct zoned_disk *disk = zoned_disk(target);
	struct zoned_queue *q = queue_of(io);
	int r;

	q->append = -1;
	append_log_count(&disk->log);
	r = zoned_serve(disk, io);
	target_done(target, io, r);
	/* with .point the answer is with the kernel now */
	append_log_end(&disk->log, q->append);
	return 0;
}

/* There so that the library submits each answer at once. */
static void zoned_point(const char *name, void *user)
{
	(void)name;
	(void)user;
}

static int zoned_open(struct ublk_device *dev, int recovering, void *user)
{
	const struct ublk_device_config *config = ublk_device_config_of(dev);
	const struct zone_geometry *geo = &zoned_disk(user)->table.geo;

	if (recovering && (config->zone_size != geo->zone_size ||
			   config->capacity != geo->nr_zones * geo->zone_size))
		return ublk_set_error(ESTALE, "%s has other zones than the device it belongs to",
				      zoned_disk(user)->path);
	return 0;
}

static int zoned_fence(struct ublk_device *dev, void *user)
{
	(void)dev;
	return zoned_disk(user)->file.fd;
}

static int zoned_queue_open(struct ublk_queue *q, void *user)
{
	const struct ublk_device_config *config = ublk_device_config_of(ublk_queue_device(q));
	bool recovering = ublk_device_is_recovering(ublk_queue_device(q));
	struct zoned_disk *disk = zoned_disk(user);
	struct zoned_queue *mine = calloc(1, sizeof(*mine));

	/* the fence is ours, and no queue gets a request before all are open */
	if (!ublk_queue_index(q)) {
		zone_table_adopt(&disk->table, recovering);
		append_log_adopt(&disk->log, disk->file.appends, recovering,
				 2ull * config->nr_queues * config->queue_depth);
	}
	if (mine)
		mine->buffer = malloc(2ull * config->max_io);
	if (!mine || !mine->buffer) {
		free(mine);
		return ublk_set_error(ENOMEM, "no memory for a buffer");
	}
	mine->compare = mine->buffer + config->max_io;
	ublk_queue_set_priv(q, mine);
	return 0;
}

static void zoned_queue_close(struct ublk_queue *q, void *user)
{
	(void)user;
	struct zoned_queue *mine = ublk_queue_priv(q);

	if (mine)
		free(mine->buffer);
	free(mine);
	ublk_queue_set_priv(q, NULL);
}

static int zoned_check_options(const struct zoned_disk *disk,
			       const struct ublk_device_config *config, struct option_error *err)
{
	uint64_t zone_size = disk->zone_size ? disk->zone_size : 64 << 20;

	if (disk->size % zone_size)
		return option_fail(err, "--size has to be a multiple of the zone size");
	if (config->data_mode == LIBUBLK_DATA_GET_DATA)
		return option_fail(err, "--data get-data: a zoned device moves data by user-copy "
				   "only");
	if (config->attrs & LIBUBLK_ATTR_READ_ONLY)
		return option_fail(err, "--read-only: not for this target");
	return 0;
}

static int zoned_prepare(struct target *target, struct ublk_device_config *config,
			 struct option_error *err)
{
	struct zoned_disk *disk = zoned_disk(target);
	struct zone_geometry wish = {
		.zone_size = disk->zone_size, .zone_capacity = disk->zone_capacity,
		.nr_conventional = (uint32_t)disk->conventional,
		.max_open = (uint32_t)disk->max_open, .max_active = (uint32_t)disk->max_active,
	};
	const struct zone_geometry *geo = &disk->file.geo;
	int r;

	disk->file.fd = -1;
	r = zoned_check_options(disk, config, err);
	if (r < 0)
		return r;
	wish.nr_zones = (uint32_t)(disk->size / (wish.zone_size ? wish.zone_size : 64 << 20));
	r = zoned_file_open(&disk->file, disk->path, &wish, err);
	if (!r)
		r = zone_table_init(&disk->table, geo, disk->file.entries);
	if (r < 0)
		return r;
	if (!config->logical_block)
		config->logical_block = ZONED_BLOCK;
	config->physical_block = ZONED_BLOCK;
	config->capacity = geo->nr_zones * geo->zone_size;
	config->zone_size = geo->zone_size;
	config->max_open_zones = geo->max_open;
	config->max_active_zones = geo->max_active;
	config->data_mode = LIBUBLK_DATA_USER_COPY;
	config->attrs |= LIBUBLK_ATTR_VOLATILE_CACHE | LIBUBLK_ATTR_FUA;
	return 0;
}

static void zoned_cleanup(struct target *target)
{
	zone_table_exit(&zoned_disk(target)->table);
	zoned_file_close(&zoned_disk(target)->file);
}

#define AT(field) offsetof(struct zoned_disk, field)

static const struct option_def zoned_options[] = {
	{ .name = "file", .arg = "PATH", .type = OPTION_PATH, .flags = OPTION_REQUIRED,
	  .offset = AT(path), .help = "regular file; made if it is not there. It knows its zones" },
	{ .name = "size", .arg = "BYTES", .type = OPTION_SIZE, .min = 65536, .max = 1ll << 50,
	  .offset = AT(size), .help = "of a new file: capacity, whole zones" },
	{ .name = "zone-size", .arg = "BYTES", .type = OPTION_SIZE, .min = 65536, .max = 1ll << 40,
	  .offset = AT(zone_size), .help = "of a new file: a power of two (64M)" },
	{ .name = "zone-capacity", .arg = "BYTES", .type = OPTION_SIZE, .min = 4096,
	  .max = 1ll << 40, .offset = AT(zone_capacity),
	  .help = "of a new file: what can be written of each zone (all)" },
	{ .name = "conventional", .arg = "N", .type = OPTION_NUMBER, .max = 1 << 20,
	  .offset = AT(conventional), .help = "of a new file: so many zones at its start are "
					      "written in any order (0)" },
	{ .name = "max-open", .arg = "N", .type = OPTION_NUMBER, .max = 1 << 20,
	  .offset = AT(max_open), .help = "of a new file: zones open at a time (no limit)" },
	{ .name = "max-active", .arg = "N", .type = OPTION_NUMBER, .max = 1 << 20,
	  .offset = AT(max_active),
	  .help = "of a new file: zones open or closed at a time (no limit)" },
	{ .name = NULL },
};

static const struct ublk_target_ops zoned_ops = {
	.size = UBLK_TARGET_OPS_SIZE,
	.name = "zoned",
	.submit = zoned_submit,
	.open = zoned_open,
	.fence = zoned_fence,
	.queue_open = zoned_queue_open,
	.queue_close = zoned_queue_close,
	.point = zoned_point,
};

const struct target_type zoned_target = {
	.name = "zoned",
	.summary = "A host-managed zoned disk in a file; its write pointers survive kill -9.",
	.options = zoned_options,
	.state_size = sizeof(struct zoned_disk),
	.recovery = LIBUBLK_RECOVERY_REISSUE,
	.ops = &zoned_ops,
	.prepare = zoned_prepare,
	.cleanup = zoned_cleanup,
};
