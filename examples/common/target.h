/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What the example targets share: one kind of target is a struct target_type, and
 * target_main() makes a program of it (options, background, supervision).
 *
 * The callbacks in ops get a struct target as their user pointer, and end requests
 * through target_done(), not ublk_io_complete(): that is the seam at which
 * ublk-fault puts itself around any other target.
 */
#ifndef EXAMPLES_TARGET_H
#define EXAMPLES_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <ublk.h>

#include "options.h"
#include "pulse.h"

struct target;

struct target_type {
	const char *name;		/* as in "ublk add NAME" */
	const char *summary;		/* one line for --help */
	const char *operands;		/* for the usage line; NULL = takes none */
	const struct option_def *options; /* offsets into the state */
	size_t state_size;		/* zeroed before the options are parsed */
	uint32_t recovery;		/* LIBUBLK_RECOVERY_*: the default */
	const struct ublk_target_ops *ops; /* .started stays with target_main() */

	/*
	 * The operands, before the options are parsed: a type that wraps another one
	 * chooses it here. May be NULL.
	 */
	int (*choose)(struct target *target, const char *operand, struct option_error *err);

	/*
	 * Makes what has to outlive a worker that dies (--supervise): runs in the
	 * parent, once. May be NULL. What must not be inherited (a fenced open
	 * file) belongs in prepare instead.
	 */
	int (*keep)(struct target *target, struct option_error *err);

	/*
	 * Opens the backing as far as needed to fill in @config (capacity, blocks,
	 * attributes); runs in the process that will serve. Sentence in @err.
	 */
	int (*prepare)(struct target *target, struct ublk_device_config *config,
		       struct option_error *err);

	/*
	 * What is stored, at once and past all requests: for a layer around that lies about
	 * it. Whole blocks, page-aligned memory, any thread. NULL = it stores nothing.
	 * Return: 0 or -errno.
	 */
	int (*read_at)(const struct target *target, void *data, uint64_t len, uint64_t offset);
	int (*write_at)(const struct target *target, const void *data, uint64_t len,
			uint64_t offset);

	void (*cleanup)(struct target *target);	/* may be NULL; after prepare, failed or not */
};

struct target {
	const struct target_type *type;
	void *state;			/* type->state_size bytes */
	const struct ublk_target_ops *ops; /* chosen at run time; NULL = type->ops */
	size_t priv_offset;		/* of this target's part in ublk_io_priv() */
	const struct target *outer;	/* who wraps this one; NULL = the library is next */
	const struct target *inner;	/* whom this one wraps; NULL = nobody. Its state
					 * is allocated by choose, freed by target_main() */
	void (*done)(const struct target *outer, struct ublk_io *io, int result);
	struct pulse *pulse;		/* of the outermost one only */
};

static inline const struct ublk_target_ops *target_ops(const struct target *target)
{
	return target->ops ? target->ops : target->type->ops;
}

static inline void target_count_answer(const struct target *target, struct ublk_io *io)
{
	pulse_count(&target->pulse->queues[ublk_queue_index(ublk_io_queue(io))].answered);
}

/* Ends a request of this target, in the queue's thread: 0 or -errno. */
static inline void target_done(const struct target *target, struct ublk_io *io, int result)
{
	if (target->done) {
		target->done(target->outer, io, result);
	} else {
		target_count_answer(target, io);
		ublk_io_complete(io, result);
	}
}

/* This target's per-tag memory. */
static inline void *target_priv(const struct target *target, const struct ublk_io *io)
{
	return (char *)ublk_io_priv(io) + target->priv_offset;
}

/* The whole program. Returns its exit status: 0, 1 failed, 2 wrong command line. */
int target_main(const struct target_type *type, int argc, char **argv);

extern const struct target_type null_target, mem_target, loop_target, fault_target, zoned_target;

#endif
