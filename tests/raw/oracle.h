/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What every block of a region may hold, known from outside the device: for each
 * 4k block the last generation that was written with success and the last one
 * that was issued.  A block may hold anything from the one to the other; an older
 * one means that an acknowledged write was lost or rolled back.
 *
 * Every 512 byte sector carries its own header and checksum, because a write
 * that failed half way may have changed some of a block's sectors.
 */
#ifndef UBLK_TESTS_RAW_ORACLE_H
#define UBLK_TESTS_RAW_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#define ORACLE_BLOCK	4096u
#define ORACLE_SECTOR	512u

struct oracle_block {
	uint32_t issued;	/* generation; 0 = never written */
	uint32_t acked;
};

struct oracle {
	uint64_t seed;
	uint64_t first;		/* block number of blocks[0] on the device */
	uint64_t nr;
	struct oracle_block *blocks;
};

void oracle_init(struct oracle *o, uint64_t seed, uint64_t first, uint64_t nr);
void oracle_free(struct oracle *o);
int oracle_save(const struct oracle *o, const char *path);
int oracle_load(struct oracle *o, const char *path);

/* the content of a block of the region (index from 0) at a generation */
void oracle_fill(const struct oracle *o, uint64_t index, uint32_t generation, void *buf);
/* may the block hold this? if not, the first wrong sector is said on stderr */
bool oracle_check(const struct oracle *o, uint64_t index, const void *buf, const char *when);

#endif
