// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Lies about data. */
#include "fault_cheat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int fault_cheat_init(struct fault_cheat *cheat, const struct target *inner,
		     const struct ublk_device_config *config)
{
	if (!inner->type->read_at || !inner->type->write_at)
		return -EOPNOTSUPP;
	cheat->inner = inner;
	cheat->capacity = config->capacity;
	cheat->block = config->logical_block ? config->logical_block : 512;
	return -pthread_mutex_init(&cheat->lock, NULL);
}

void fault_cheat_exit(struct fault_cheat *cheat)
{
	if (!cheat->inner)
		return;
	free(cheat->old);
	cheat->old = NULL;
	pthread_mutex_destroy(&cheat->lock);
}

static void *buffer(uint64_t len)
{
	void *at;

	return posix_memalign(&at, 4096, len) ? NULL : at;
}

static int read_at(const struct fault_cheat *cheat, void *at, uint64_t len, uint64_t offset)
{
	return cheat->inner->type->read_at(cheat->inner, at, len, offset);
}

static int write_at(const struct fault_cheat *cheat, const void *at, uint64_t len,
		    uint64_t offset)
{
	return cheat->inner->type->write_at(cheat->inner, at, len, offset);
}

int fault_cheat_tear(struct fault_cheat *cheat, struct ublk_io *io)
{
	uint64_t offset = ublk_io_offset(io), len = ublk_io_length(io);
	char *data = buffer(len), *old = buffer(cheat->block);
	int r = data && old ? 0 : -ENOMEM;

	pthread_mutex_lock(&cheat->lock);
	if (!r)
		r = ublk_io_copy_out(io, 0, data, len);
	if (!r)
		r = read_at(cheat, old, cheat->block, offset);
	if (!r) {
		memcpy(data + cheat->block / 2, old + cheat->block / 2, cheat->block / 2);
		r = write_at(cheat, data, len, offset);
	}
	pthread_mutex_unlock(&cheat->lock);
	free(old);
	free(data);
	return r;
}

int fault_cheat_misplace(struct fault_cheat *cheat, struct ublk_io *io)
{
	uint64_t offset = ublk_io_offset(io), len = ublk_io_length(io);
	char *data = buffer(len);
	int r = data ? ublk_io_copy_out(io, 0, data, len) : -ENOMEM;

	if (offset + 2 * len <= cheat->capacity)
		offset += len;
	else
		offset -= offset >= len ? len : 0;
	if (!r)
		r = write_at(cheat, data, len, offset);
	free(data);
	return r;
}

void fault_cheat_revert(struct fault_cheat *cheat, struct ublk_io *io)
{
	uint64_t len = ublk_io_length(io);

	pthread_mutex_lock(&cheat->lock);
	if (!cheat->old) {
		cheat->old = buffer(len);
		cheat->old_offset = ublk_io_offset(io);
		cheat->old_len = len;
		cheat->old_left = CHEAT_REVERT_AFTER;
		if (cheat->old && read_at(cheat, cheat->old, len, cheat->old_offset)) {
			free(cheat->old);
			cheat->old = NULL;
		}
	}
	pthread_mutex_unlock(&cheat->lock);
}

void fault_cheat_tick(struct fault_cheat *cheat)
{
	pthread_mutex_lock(&cheat->lock);
	if (cheat->old && !--cheat->old_left) {
		write_at(cheat, cheat->old, cheat->old_len, cheat->old_offset);
		free(cheat->old);
		cheat->old = NULL;
	}
	pthread_mutex_unlock(&cheat->lock);
}

void fault_cheat_clobber(struct fault_cheat *cheat, struct ublk_io *io)
{
	uint64_t behind = ublk_io_offset(io) + ublk_io_length(io);
	char *zeros = buffer(cheat->block);

	if (zeros && behind + cheat->block <= cheat->capacity) {
		memset(zeros, 0, cheat->block);
		write_at(cheat, zeros, cheat->block, behind);
	}
	free(zeros);
}
