/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The file behind ublk-zoned: a page that says what it is and which appends are under way, an entry
 * for each zone, the data.
 *
 * The entries are mapped, shared: what is stored there belongs to the kernel at once, whatever
 * becomes of the process. A FLUSH brings them to the disk together with the data.
 */
#ifndef EXAMPLES_ZONED_FILE_H
#define EXAMPLES_ZONED_FILE_H

#include "append_log.h"
#include "options.h"
#include "zone_table.h"

struct zoned_file {
	int fd;
	struct zone_geometry geo;	/* as the file says */
	struct zone_entry *entries;
	struct append_entry *appends;
	void *map;
	uint64_t map_size;
	uint64_t data_offset;
};

/*
 * zoned_file_open() - open such a file, or make one of a file that is empty or all zeros there
 * @wish: for a new one; of one that exists a number that is not 0 has to be the file's
 *
 * Return: 0, or -errno with a sentence in @err.
 */
int zoned_file_open(struct zoned_file *ret, const char *path, const struct zone_geometry *wish,
		    struct option_error *err);
void zoned_file_close(struct zoned_file *file);

/* Each moves all of @len or fails: 0 or -errno. @offset: of the disk. */
int zoned_file_read(const struct zoned_file *file, void *data, uint64_t len, uint64_t offset);
int zoned_file_write(const struct zoned_file *file, const void *data, uint64_t len,
		     uint64_t offset);
/* Reads as zeros from now on. */
int zoned_file_clear(const struct zoned_file *file, uint64_t len, uint64_t offset);

#endif
