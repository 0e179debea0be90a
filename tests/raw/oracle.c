// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Block contents with a generation, and what a block may hold. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oracle.h"
#include "raw.h"

#define SECTOR_MAGIC	0x6b6c62752d6f6921ULL

struct sector {
	uint64_t magic;
	uint64_t seed;
	uint64_t block;		/* on the device */
	uint32_t generation;
	uint32_t index;		/* of the sector in its block */
	uint64_t check;		/* over all the rest */
	uint64_t data[59];
};

_Static_assert(sizeof(struct sector) == ORACLE_SECTOR, "a sector is a sector");

struct file_head {
	uint64_t magic, seed, first, nr;
};

void oracle_init(struct oracle *o, uint64_t seed, uint64_t first, uint64_t nr)
{
	o->seed = seed;
	o->first = first;
	o->nr = nr;
	o->blocks = calloc(nr, sizeof(*o->blocks));
	if (!o->blocks)
		raw_die(RAW_EXIT_FAIL, "no memory for %" PRIu64 " blocks", nr);
}

void oracle_free(struct oracle *o)
{
	free(o->blocks);
	o->blocks = NULL;
}

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static uint64_t checksum(const struct sector *s)
{
	uint64_t sum = s->seed ^ s->block << 20 ^ (uint64_t)s->generation << 3 ^ s->index;
	size_t i;

	for (i = 0; i < raw_array_size(s->data); i++)
		sum = (sum << 7 | sum >> 57) ^ s->data[i];
	return mix(sum);
}

void oracle_fill(const struct oracle *o, uint64_t index, uint32_t generation, void *buf)
{
	struct sector *s = buf;
	unsigned int i;
	size_t j;

	for (i = 0; i < ORACLE_BLOCK / ORACLE_SECTOR; i++, s++) {
		uint64_t x;

		s->magic = SECTOR_MAGIC;
		s->seed = o->seed;
		s->block = o->first + index;
		s->generation = generation;
		s->index = i;
		x = mix(o->seed ^ (s->block * 8 + i)) ^ generation;
		for (j = 0; j < raw_array_size(s->data); j++) {
			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
			s->data[j] = x;
		}
		s->check = checksum(s);
	}
}

static const char *what_is_wrong(const struct oracle *o, uint64_t index, const struct sector *s,
				 unsigned int nr)
{
	const struct oracle_block *b = &o->blocks[index];
	static const struct sector zeroes;

	if (!memcmp(s, &zeroes, sizeof(zeroes)))
		return b->acked ? "zeroes, though a write was acknowledged" : NULL;
	if (s->magic != SECTOR_MAGIC || s->check != checksum(s))
		return "garbage";
	if (s->seed != o->seed || s->block != o->first + index || s->index != nr)
		return "data of another place or run";
	if (s->generation < b->acked)
		return "an acknowledged write was lost or rolled back";
	if (s->generation > b->issued)
		return "a generation that was never written";
	return NULL;
}

bool oracle_check(const struct oracle *o, uint64_t index, const void *buf, const char *when)
{
	const struct oracle_block *b = &o->blocks[index];
	const struct sector *s = buf;
	unsigned int i;

	/* what is there before the first write is not ours to judge */
	if (!b->issued)
		return true;
	for (i = 0; i < ORACLE_BLOCK / ORACLE_SECTOR; i++, s++) {
		const char *wrong = what_is_wrong(o, index, s, i);

		/* a block that was never acknowledged may hold what was there before */
		if (!wrong || (!b->acked && (s->magic != SECTOR_MAGIC || s->seed != o->seed)))
			continue;
		fprintf(stderr, "wrong: block %" PRIu64 " sector %u (%s): %s: holds %u, acked %u, "
			"issued %u\n", o->first + index, i, when, wrong, s->generation, b->acked,
			b->issued);
		return false;
	}
	return true;
}

static int transfer_all(int fd, void *buf, size_t len, bool writes)
{
	char *p = buf;

	while (len) {
		ssize_t done = writes ? write(fd, p, len) : read(fd, p, len);

		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		p += done;
		len -= done;
	}
	return 0;
}

int oracle_save(const struct oracle *o, const char *path)
{
	struct file_head head = { SECTOR_MAGIC, o->seed, o->first, o->nr };
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return -errno;
	ret = transfer_all(fd, &head, sizeof(head), true);
	if (ret == 0)
		ret = transfer_all(fd, o->blocks, o->nr * sizeof(*o->blocks), true);
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	return ret;
}

int oracle_load(struct oracle *o, const char *path)
{
	struct file_head head;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = transfer_all(fd, &head, sizeof(head), false);
	if (ret == 0 && (head.magic != SECTOR_MAGIC || head.nr > 1ULL << 32))
		ret = -EINVAL;
	if (ret == 0) {
		oracle_init(o, head.seed, head.first, head.nr);
		ret = transfer_all(fd, o->blocks, o->nr * sizeof(*o->blocks), false);
	}
	close(fd);
	return ret;
}
