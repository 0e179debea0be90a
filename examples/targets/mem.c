// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * A disk in memory that somebody else can keep.
 *
 * The memory is a memfd, not plain heap: it belongs to whoever holds the descriptor.
 * With --supervise that is the parent, which outlives the server; or the caller hands
 * one in (--memory-fd). Without either it dies with the server, and then a takeover is
 * refused: a disk that comes back empty under a mounted file system is worse than one
 * that stays away.
 *
 * With --shm a program that has that file mapped, too, can do O_DIRECT I/O out of it without
 * the driver's copy: what it reads or writes is in this process already. The file is no part of
 * the disk, and each server maps and registers it anew.
 *
 * One page past the disk's end says whose memory it is, so that a wrong descriptor
 * cannot be served by mistake.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared_file.h"
#include "target.h"

#define MEM_MAX_RANGE (1ull << 30)
#define MEM_PAGE 4096u

struct mem_label {
	char magic[16];
	struct ublk_uuid uuid;
	uint64_t capacity;
};

static const char mem_magic[16] = "ublk-mem memory";

struct mem_disk {
	uint64_t size;
	int64_t memory_fd;	/* as given; 0 = none, it is never standard input */
	int fd;
	char *at;		/* size bytes, then the label */
	uint64_t mapped;
	struct shared_file shm;
};

static int mem_submit(struct ublk_io *io, void *user)
{
	struct target *target = user;
	struct mem_disk *disk = target->state;
	uint64_t offset = ublk_io_offset(io), len = ublk_io_length(io);
	int r = 0;

	shared_file_count(&disk->shm, io);
	switch (ublk_io_op(io)) {
	case LIBUBLK_OP_READ:
		r = ublk_io_copy_in(io, 0, disk->at + offset, len);
		break;
	case LIBUBLK_OP_WRITE:
		r = ublk_io_copy_out(io, 0, disk->at + offset, len);
		break;
	case LIBUBLK_OP_FLUSH:
		break;
	case LIBUBLK_OP_DISCARD:
		if (fallocate(disk->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      (off_t)offset, (off_t)len) < 0)
			r = -errno;
		break;
	case LIBUBLK_OP_WRITE_ZEROES:
		memset(disk->at + offset, 0, len);
		break;
	default:
		r = -EOPNOTSUPP;
	}
	target_done(target, io, r);
	return 0;
}

static struct mem_label *mem_label(const struct mem_disk *disk)
{
	return (struct mem_label *)(disk->at + disk->size);
}

static int mem_check(struct ublk_device *dev, int recovering, void *user)
{
	struct target *target = user;
	struct mem_disk *disk = target->state;
	const struct ublk_device_config *config = ublk_device_config_of(dev);
	struct mem_label *label = mem_label(disk);
	int is_labelled = !memcmp(label->magic, mem_magic, sizeof(mem_magic));

	if (!recovering) {
		memcpy(label->magic, mem_magic, sizeof(mem_magic));
		label->uuid = config->uuid;
		label->capacity = disk->size;
		return 0;
	}
	if (!is_labelled)
		return ublk_set_error(ENODATA, "the memory of device %d died with its server, so "
					       "its contents are lost: "
				      "ublk del %d gives it up; next time use --supervise or "
				      "--memory-fd",
				      ublk_device_id(dev), ublk_device_id(dev));
	if (memcmp(&label->uuid, &config->uuid, sizeof(label->uuid)) ||
	    label->capacity != config->capacity)
		return ublk_set_error(ESTALE, "the memory handed in belongs to another device "
					      "than %d",
				      ublk_device_id(dev));
	return 0;
}

static int mem_open(struct ublk_device *dev, int recovering, void *user)
{
	struct mem_disk *disk = ((struct target *)user)->state;
	int r = mem_check(dev, recovering, user);

	return r ? r : shared_file_register(&disk->shm, dev);
}

static void mem_close(struct ublk_device *dev, void *user)
{
	const struct mem_disk *disk = ((struct target *)user)->state;

	shared_file_report(&disk->shm, dev);
}

/*
 * Death ends a memcpy at once, so there is nothing to wait for; the lock still keeps
 * two servers off the same memory. With --supervise the parent holds the same open
 * file as each worker: there the lock passes on, as it must.
 */
static int mem_fence(struct ublk_device *dev, void *user)
{
	struct target *target = user;
	const struct mem_disk *disk = target->state;

	(void)dev;
	return disk->fd;
}

static int mem_keep(struct target *target, struct option_error *err)
{
	struct mem_disk *disk = target->state;
	struct stat st;

	disk->size &= ~(uint64_t)(MEM_PAGE - 1);
	if (disk->memory_fd) {
		disk->fd = fcntl((int)disk->memory_fd, F_DUPFD_CLOEXEC, 3);
		if (disk->fd < 0)
			return option_fail(err, "--memory-fd %d is not an open descriptor",
					   (int)disk->memory_fd);
		close((int)disk->memory_fd);
	} else {
		disk->fd = memfd_create("ublk-mem", MFD_CLOEXEC);
	}
	if (disk->fd < 0 || fstat(disk->fd, &st) < 0)
		return option_fail(err, "cannot get memory: %s", strerror(errno));
	if ((uint64_t)st.st_size < disk->size + MEM_PAGE &&
	    ftruncate(disk->fd, (off_t)(disk->size + MEM_PAGE)) < 0)
		return option_fail(err, "cannot size the memory: %s", strerror(errno));
	return 0;
}

static int mem_prepare(struct target *target, struct ublk_device_config *config,
		       struct option_error *err)
{
	struct mem_disk *disk = target->state;
	int r;

	disk->mapped = disk->size + MEM_PAGE;
	disk->at = mmap(NULL, disk->mapped, PROT_READ | PROT_WRITE, MAP_SHARED, disk->fd, 0);
	if (disk->at == MAP_FAILED) {
		disk->at = NULL;
		return option_fail(err, "cannot map the memory: %s", strerror(errno));
	}
	r = shared_file_map(&disk->shm, err);
	if (r)
		return r;
	if (disk->shm.path)
		config->features_required |= LIBUBLK_FEATURE_SHMEM_ZC;
	config->capacity = disk->size;
	config->discard_granularity = MEM_PAGE;
	config->max_discard = MEM_MAX_RANGE;
	config->max_write_zeroes = MEM_MAX_RANGE;
	return 0;
}

static int mem_read_at(const struct target *target, void *data, uint64_t len, uint64_t offset)
{
	const struct mem_disk *disk = target->state;

	memcpy(data, disk->at + offset, len);
	return 0;
}

static int mem_write_at(const struct target *target, const void *data, uint64_t len,
			uint64_t offset)
{
	const struct mem_disk *disk = target->state;

	memcpy(disk->at + offset, data, len);
	return 0;
}

static void mem_cleanup(struct target *target)
{
	struct mem_disk *disk = target->state;

	if (disk->at)
		munmap(disk->at, disk->mapped);
	disk->at = NULL;
	shared_file_unmap(&disk->shm);
	close(disk->fd);
}

static const struct option_def mem_options[] = {
	{ .name = "size", .arg = "BYTES", .type = OPTION_SIZE, .flags = OPTION_REQUIRED,
	  .min = MEM_PAGE, .max = 1ll << 44, .offset = offsetof(struct mem_disk, size),
	  .help = "capacity" },
	/* a number means nothing to the next server: not recorded */
	{ .name = "memory-fd", .arg = "FD", .type = OPTION_NUMBER, .flags = OPTION_LOCAL,
	  .min = 3, .max = INT32_MAX, .offset = offsetof(struct mem_disk, memory_fd),
	  .help = "inherited memfd or file on tmpfs to use; keep it, and a takeover is possible" },
	{ .name = "shm", .arg = "FILE", .type = OPTION_PATH,
	  .offset = offsetof(struct mem_disk, shm.path),
	  .help = "file on tmpfs or hugetlbfs; direct I/O out of memory that a program has mapped "
		  "from it needs no copy" },
	{ .name = "shm-size", .arg = "BYTES", .type = OPTION_SIZE, .min = MEM_PAGE,
	  .max = 1ll << 44, .offset = offsetof(struct mem_disk, shm.wanted_size),
	  .help = "make FILE so large, if it is smaller or not there" },
	{ .name = NULL },
};

static const struct ublk_target_ops mem_ops = {
	.size = UBLK_TARGET_OPS_SIZE,
	.name = "mem",
	.submit = mem_submit,
	.open = mem_open,
	.close = mem_close,
	.fence = mem_fence,
};

const struct target_type mem_target = {
	.name = "mem",
	.summary = "A disk in memory; it survives its server if somebody else keeps the memory.",
	.options = mem_options,
	.state_size = sizeof(struct mem_disk),
	.recovery = LIBUBLK_RECOVERY_OFF,	/* memory that nobody keeps cannot come back */
	.ops = &mem_ops,
	.keep = mem_keep,
	.prepare = mem_prepare,
	.read_at = mem_read_at,
	.write_at = mem_write_at,
	.cleanup = mem_cleanup,
};
