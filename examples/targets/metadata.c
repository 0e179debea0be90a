// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The second file of ublk-loop; see metadata.h. */
#include "metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define METADATA_CHUNK 4096u

const char *const metadata_csums[] = { "crc16", "ip", "crc64", "none", NULL };

static const uint32_t csums[] = {
	LIBUBLK_PI_CRC16, LIBUBLK_PI_IP, LIBUBLK_PI_CRC64, LIBUBLK_PI_NONE
};

static int open_file(struct metadata *metadata, int flags, struct option_error *err)
{
	struct stat st;
	int r;

	metadata->fd = open(metadata->path, flags | O_CLOEXEC, 0600);
	if (metadata->fd < 0 || fstat(metadata->fd, &st) < 0) {
		r = -errno;
		option_fail(err, "%s: %s", metadata->path, strerror(-r));
		return r;
	}
	if (!S_ISREG(st.st_mode))
		return option_fail(err, "%s: --integrity wants a regular file", metadata->path);
	return 0;
}

static uint32_t flags_of(const struct metadata *metadata)
{
	int has_ref = csums[metadata->csum] != LIBUBLK_PI_NONE && !metadata->has_no_ref;

	return LIBUBLK_PI_CAPABLE | (has_ref ? LIBUBLK_PI_REF_TAG : 0);
}

int metadata_prepare(struct metadata *metadata, struct ublk_device_config *config,
		     struct option_error *err)
{
	uint32_t csum = csums[metadata->csum];

	metadata->fd = -1;
	if (!metadata->path) {
		if (metadata->csum || metadata->size || metadata->offset || metadata->interval ||
		    metadata->has_no_ref)
			return option_fail(err, "the --integrity-* options are about the file "
						"of --integrity: name one");
		return 0;
	}
	config->pi_csum = csum;
	config->pi_offset = (uint32_t)metadata->offset;
	config->pi_flags = flags_of(metadata);
	config->metadata_size = (uint32_t)metadata->size;
	if (!config->metadata_size)
		config->metadata_size = config->pi_offset + (uint32_t)ublk_pi_size(csum);
	if (!config->metadata_size)
		return option_fail(err, "--integrity-csum none wants --integrity-size: there is no "
					"tuple whose size it could be");
	config->metadata_interval = (uint32_t)metadata->interval;
	if (!config->metadata_interval)
		config->metadata_interval = config->logical_block;
	/* the modes in which they can be reached; there where metadata are, registered pages are */
	if (config->data_mode == LIBUBLK_DATA_COPY)
		config->data_mode = LIBUBLK_DATA_AUTO;
	return open_file(metadata, config->attrs & LIBUBLK_ATTR_READ_ONLY ?
			 O_RDONLY : O_RDWR | O_CREAT, err);
}

int metadata_fits(const struct metadata *metadata, const struct ublk_device_config *config)
{
	uint32_t csum = csums[metadata->csum];

	if (!metadata->path)
		return !config->metadata_size;
	return config->metadata_size && config->pi_csum == csum &&
	       config->pi_flags == flags_of(metadata) && config->pi_offset == metadata->offset &&
	       (!metadata->size || metadata->size == config->metadata_size) &&
	       (!metadata->interval || metadata->interval == config->metadata_interval);
}

void metadata_close(struct metadata *metadata)
{
	if (metadata->path && metadata->fd >= 0)
		close(metadata->fd);
}

/* Where the metadata of a place in the data are; a request is whole intervals. */
static off_t place_of(const struct ublk_io *io, uint64_t bytes)
{
	const struct ublk_device_config *config =
		ublk_device_config_of(ublk_queue_device(ublk_io_queue(io)));

	return (off_t)(bytes / config->metadata_interval * config->metadata_size);
}

static void complement(unsigned char *data, uint64_t len)
{
	uint64_t i;

	for (i = 0; i < len; i++)
		data[i] = (unsigned char)~data[i];
}

static int write_all(int fd, const unsigned char *data, uint64_t len, off_t at, int flags)
{
	while (len) {
		struct iovec vec = { (void *)data, len };
		ssize_t put = pwritev2(fd, &vec, 1, at, flags);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		data += put;
		len -= (uint64_t)put;
		at += put;
	}
	return 0;
}

/* Behind the end there is a hole, too. */
static int read_all(int fd, unsigned char *data, uint64_t len, off_t at)
{
	while (len) {
		ssize_t got = pread(fd, data, len, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		data += got;
		len -= (uint64_t)got;
		at += got;
	}
	memset(data, 0, len);
	return 0;
}

int metadata_store(const struct metadata *metadata, struct ublk_io *io)
{
	uint64_t len = ublk_io_metadata_length(io);
	unsigned char *data;
	int r;

	/* somebody switched them off (write_generate), so they are those of older data */
	if (!len)
		return metadata_forget(metadata, io);
	data = malloc(len);
	if (!data)
		return -ENOMEM;
	r = ublk_io_metadata_copy_out(io, 0, data, len);
	if (r == 0) {
		complement(data, len);
		r = write_all(metadata->fd, data, len, place_of(io, ublk_io_offset(io)),
			      ublk_io_flags(io) & LIBUBLK_IO_FUA ? RWF_DSYNC : 0);
	}
	free(data);
	return r;
}

int metadata_load(const struct metadata *metadata, struct ublk_io *io)
{
	uint64_t len = ublk_io_metadata_length(io);
	unsigned char *data;
	int r;

	if (!len)
		return 0;
	data = malloc(len);
	if (!data)
		return -ENOMEM;
	r = read_all(metadata->fd, data, len, place_of(io, ublk_io_offset(io)));
	if (r == 0) {
		complement(data, len);
		r = ublk_io_metadata_copy_in(io, 0, data, len);
	}
	free(data);
	return r;
}

int metadata_forget(const struct metadata *metadata, const struct ublk_io *io)
{
	off_t at = place_of(io, ublk_io_offset(io));
	off_t end = place_of(io, ublk_io_offset(io) + ublk_io_length(io));
	unsigned char zeros[METADATA_CHUNK] = { 0 };
	int r = 0;

	if (fallocate(metadata->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, end - at) == 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	for (; at < end && r == 0; at += METADATA_CHUNK)
		r = write_all(metadata->fd, zeros, end - at < METADATA_CHUNK ?
			      (uint64_t)(end - at) : METADATA_CHUNK, at, 0);
	return r;
}
