// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Load for crash tests, with an oracle: the process is not killed with the
 * server, so it knows every write that was issued and every one acknowledged.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"

#define MAX_JOBS	64

static const char usage_text[] =
"usage: ublk-io --file PATH [OPTION..]\n"
"  --offset BYTES --size BYTES   region (default: the first 16M)\n"
"  --depth N (8) --jobs N (1) --bs BYTES (4096, largest I/O) --writes PERCENT (70)\n"
"  --ios N              so many in all; or\n"
"  --until FILE         until FILE is there; or\n"
"  --seconds N          for that time (0, with neither of the others: error)\n"
"  --seed N             printed, and the same seed makes the same I/Os\n"
"  --allow-errors       failed I/Os do not make the run fail; wrong data do\n"
"  --save FILE          what every block may hold, for a later --load\n"
"  --load FILE          go on from there; with --verify-only just read back and check\n"
"  --buffered           without O_DIRECT\n"
"prints RUNNING after the first completed I/O, then one line\n"
"  ios=.. reads=.. writes=.. errors=.. wrong=.. longest_ms=.. stall_ms=.. first_error=..\n"
"exit: 0 good, 1 errors or wrong data, 2 usage\n";

enum { OPT_FILE = 256, OPT_OFFSET, OPT_SIZE, OPT_DEPTH, OPT_JOBS, OPT_BS, OPT_WRITES, OPT_IOS,
       OPT_UNTIL, OPT_SECONDS, OPT_SEED, OPT_ALLOW, OPT_SAVE, OPT_LOAD, OPT_VERIFY, OPT_BUFFERED,
       OPT_HELP };

static const struct option options[] = {
	{ "file", required_argument, NULL, OPT_FILE },
	{ "offset", required_argument, NULL, OPT_OFFSET },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "jobs", required_argument, NULL, OPT_JOBS },
	{ "bs", required_argument, NULL, OPT_BS },
	{ "writes", required_argument, NULL, OPT_WRITES },
	{ "ios", required_argument, NULL, OPT_IOS },
	{ "until", required_argument, NULL, OPT_UNTIL },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "allow-errors", no_argument, NULL, OPT_ALLOW },
	{ "save", required_argument, NULL, OPT_SAVE },
	{ "load", required_argument, NULL, OPT_LOAD },
	{ "verify-only", no_argument, NULL, OPT_VERIFY },
	{ "buffered", no_argument, NULL, OPT_BUFFERED },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static void parse_option(struct io_options *opt, int option, const char *arg)
{
	switch (option) {
	case OPT_FILE: opt->path = arg; break;
	case OPT_OFFSET: opt->offset = raw_number(arg, "--offset"); break;
	case OPT_SIZE: opt->size = raw_number(arg, "--size"); break;
	case OPT_DEPTH: opt->depth = raw_number(arg, "--depth"); break;
	case OPT_JOBS: opt->jobs = raw_number(arg, "--jobs"); break;
	case OPT_BS: opt->io_bytes = raw_number(arg, "--bs"); break;
	case OPT_WRITES: opt->write_percent = raw_number(arg, "--writes"); break;
	case OPT_IOS: opt->nr_ios = raw_number(arg, "--ios"); break;
	case OPT_UNTIL: opt->until = arg; break;
	case OPT_SECONDS: opt->max_seconds = raw_number(arg, "--seconds"); break;
	case OPT_SEED: opt->seed = raw_number(arg, "--seed"); break;
	case OPT_ALLOW: opt->allows_errors = true; break;
	case OPT_SAVE: opt->save = arg; break;
	case OPT_LOAD: opt->load = arg; break;
	case OPT_VERIFY: opt->verify_only = true; break;
	case OPT_BUFFERED: opt->is_buffered = true; break;
	case OPT_HELP:
		fputs(usage_text, stdout);
		exit(0);
	default:
		fputs(usage_text, stderr);
		exit(RAW_EXIT_USAGE);
	}
}

static void parse(struct io_options *opt, int argc, char **argv)
{
	int option;

	opt->size = 16 << 20;
	opt->depth = 8;
	opt->jobs = 1;
	opt->io_bytes = ORACLE_BLOCK;
	opt->write_percent = 70;
	opt->seed = raw_now_ms() ^ (uint64_t)getpid() << 20;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_option(opt, option, optarg);
	if (optind != argc || !opt->path)
		raw_die(RAW_EXIT_USAGE, "--file is needed, nothing else may be left over");
	if (!opt->nr_ios && !opt->until && !opt->max_seconds && !opt->verify_only)
		raw_die(RAW_EXIT_USAGE, "--ios, --until, --seconds or --verify-only is needed");
	if (opt->verify_only && !opt->load)
		raw_die(RAW_EXIT_USAGE, "--verify-only needs --load");
	if (!opt->depth || opt->depth > 1024 || !opt->jobs || opt->jobs > MAX_JOBS ||
	    opt->io_bytes < ORACLE_BLOCK || opt->io_bytes % ORACLE_BLOCK ||
	    opt->offset % ORACLE_BLOCK || opt->size / ORACLE_BLOCK < opt->jobs)
		raw_die(RAW_EXIT_USAGE, "depth, jobs, bs, offset or size make no sense");
}

static void open_target(struct io_run *run)
{
	const struct io_options *opt = &run->opt;
	int flags = (opt->verify_only ? O_RDONLY : O_RDWR) | O_CLOEXEC;

	run->fd = open(opt->path, opt->is_buffered ? flags : flags | O_DIRECT);
	if (run->fd < 0)
		raw_die(RAW_EXIT_FAIL, "%s: %s", opt->path, strerror(errno));
	if (opt->load) {
		int ret = oracle_load(&run->oracle, opt->load);

		if (ret < 0)
			raw_die(RAW_EXIT_FAIL, "%s: %s", opt->load, strerror(-ret));
	} else {
		oracle_init(&run->oracle, opt->seed, opt->offset / ORACLE_BLOCK,
			    opt->size / ORACLE_BLOCK);
	}
}

/* Blocks are shared out for good, so that no two jobs ever meet on one. */
static void share_out(struct io_run *run, struct io_job *jobs)
{
	unsigned int i, nr = run->opt.jobs;

	for (i = 0; i < nr; i++) {
		jobs[i].run = run;
		jobs[i].index = i;
		jobs[i].first = run->oracle.nr * i / nr;
		jobs[i].nr = run->oracle.nr * (i + 1) / nr - jobs[i].first;
	}
}

static bool is_over(const struct io_run *run, uint64_t started_ms)
{
	const struct io_options *opt = &run->opt;
	struct stat st;

	if (opt->nr_ios && atomic_load(&run->nr_ios) >= opt->nr_ios)
		return true;
	if (opt->until && stat(opt->until, &st) == 0)
		return true;
	return opt->max_seconds && raw_now_ms() - started_ms >= opt->max_seconds * 1000ULL;
}

static void load(struct io_run *run, struct io_job *jobs)
{
	uint64_t started_ms = raw_now_ms();
	bool said = false;
	unsigned int i;

	for (i = 0; i < run->opt.jobs; i++)
		if (pthread_create(&jobs[i].thread, NULL, io_job_main, &jobs[i]))
			raw_die(RAW_EXIT_FAIL, "no thread for job %u", i);
	while (!is_over(run, started_ms)) {
		if (!said && atomic_load(&run->is_running)) {
			raw_say("RUNNING");
			said = true;
		}
		usleep(10000);
	}
	atomic_store(&run->is_over, true);
	for (i = 0; i < run->opt.jobs; i++)
		pthread_join(jobs[i].thread, NULL);
}

static void report(struct io_run *run, const struct io_job *jobs)
{
	uint64_t longest = 0, stall = 0;
	int first_error = 0;
	unsigned int i;

	for (i = 0; i < run->opt.jobs; i++) {
		if (jobs[i].longest_us > longest)
			longest = jobs[i].longest_us;
		if (jobs[i].stall_us > stall)
			stall = jobs[i].stall_us;
		if (!first_error)
			first_error = jobs[i].first_error;
	}
	raw_say("ios=%lu reads=%lu writes=%lu errors=%lu wrong=%lu longest_ms=%" PRIu64
		" stall_ms=%" PRIu64 " first_error=%s seed=%" PRIu64, atomic_load(&run->nr_ios),
		atomic_load(&run->nr_reads), atomic_load(&run->nr_writes),
		atomic_load(&run->nr_errors), atomic_load(&run->nr_wrong), longest / 1000,
		stall / 1000, raw_errno_name(first_error), run->oracle.seed);
}

int main(int argc, char **argv)
{
	static struct io_run run;
	static struct io_job jobs[MAX_JOBS];
	unsigned int i;

	parse(&run.opt, argc, argv);
	open_target(&run);
	share_out(&run, jobs);
	if (!run.opt.verify_only)
		load(&run, jobs);
	for (i = 0; i < run.opt.jobs; i++)
		io_job_verify(&jobs[i]);
	report(&run, jobs);
	if (run.opt.save) {
		int ret = oracle_save(&run.oracle, run.opt.save);

		if (ret < 0)
			raw_die(RAW_EXIT_FAIL, "%s: %s", run.opt.save, strerror(-ret));
	}
	oracle_free(&run.oracle);
	if (atomic_load(&run.nr_wrong))
		return RAW_EXIT_FAIL;
	return atomic_load(&run.nr_errors) && !run.opt.allows_errors ? RAW_EXIT_FAIL : 0;
}
