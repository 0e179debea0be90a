/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* ublk-io: jobs that load a region and know what every block of it may hold. */
#ifndef UBLK_TESTS_RAW_IO_H
#define UBLK_TESTS_RAW_IO_H

#include <pthread.h>
#include <stdatomic.h>

#include "oracle.h"
#include "raw.h"

struct io_options {
	const char *path, *until, *save, *load;
	uint64_t offset, size, seed;
	unsigned long nr_ios;
	unsigned int jobs, depth, io_bytes, write_percent, max_seconds;
	bool allows_errors, verify_only, is_buffered;
};

struct io_run {
	struct io_options opt;
	int fd;
	struct oracle oracle;		/* each job has a part of its own */
	atomic_bool is_over;
	atomic_bool is_running;		/* the first I/O has completed */
	atomic_ulong nr_ios, nr_reads, nr_writes, nr_errors, nr_wrong;
};

struct io_job {
	struct io_run *run;
	unsigned int index;
	pthread_t thread;
	uint64_t first, nr;		/* its blocks, in the oracle */
	uint64_t longest_us;		/* of one I/O */
	uint64_t stall_us;		/* longest time without a completion */
	int first_error;
};

/* thread function: load until run->is_over or its share of I/Os is done */
void *io_job_main(void *arg);
/* read all blocks of the job's part back and check them */
void io_job_verify(struct io_job *job);

#endif
