/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The second file of ublk-loop: metadata of its blocks (--integrity).
 *
 * The kernel makes protection information for each write and compares it after each read; here it
 * is kept, size bytes for each interval of data, and as its complement. So what was never written,
 * and what was discarded, is a hole: all ones, by which the kernel knows that there is nothing to
 * compare.
 *
 * Its I/O is done at once, in the queue's thread: when a server is dead so is that, and needs no
 * fence. It comes before the data's, so a write that was not acknowledged may leave a block whose
 * metadata are those of the new data, and which cannot be read until it is written again.
 */
#ifndef EXAMPLES_METADATA_H
#define EXAMPLES_METADATA_H

#include <stdint.h>
#include <ublk.h>

#include "options.h"

struct metadata {
	const char *path;		/* NULL = the disk has none */
	int csum;			/* index of metadata_csums */
	uint64_t size, offset, interval; /* bytes; 0 = the tuple's, at the front, a block */
	int has_no_ref;
	int fd;
};

extern const char *const metadata_csums[];

/* What the options ask of the device; opens the file. 0 or -errno with a sentence in @err. */
int metadata_prepare(struct metadata *metadata, struct ublk_device_config *config,
		     struct option_error *err);
/* Is @config, the device's, what the options say? A takeover has the device's. */
int metadata_fits(const struct metadata *metadata, const struct ublk_device_config *config);
void metadata_close(struct metadata *metadata);

/* Return: 0 or -errno. */
int metadata_store(const struct metadata *metadata, struct ublk_io *io);	/* a WRITE's */
int metadata_load(const struct metadata *metadata, struct ublk_io *io);		/* a READ's */
int metadata_forget(const struct metadata *metadata, const struct ublk_io *io);	/* any range's */

#endif
