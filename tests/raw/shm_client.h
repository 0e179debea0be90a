/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Who does I/O on a disk out of memory that it shares with the disk's server. */
#ifndef UBLK_TESTS_SHM_CLIENT_H
#define UBLK_TESTS_SHM_CLIENT_H

#include <sys/types.h>

#include "raw.h"

struct shm_args {
	uint32_t id;
	const char *disk, *file;
	const char *at;		/* OFFSET[:LEN],.. within the file; "private" for other memory */
	uint64_t pos, len;
	unsigned int seed, ios, count;
	bool read_only, is_blanked;
};

/* of the whole file, shared */
unsigned char *shm_map(const char *file, bool read_only, size_t *ret_len);

int shm_errnos(const struct shm_args *args);
int shm_fill(const struct shm_args *args);
int shm_mix(const struct shm_args *args);

#endif
