// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The client of a disk whose server has registered shared memory, and the two commands for that. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shm_client.h"

#define MAX_PIECES	16

static const char usage_text[] =
"usage: ublk-shm VERB [OPTION..]\n"
"  reg     --id N --file FILE [--ro]      REG_BUF of all of FILE; prints res= errno=\n"
"  unreg   --id N --index N\n"
"  write   --disk DISK --file FILE --at PLACE --pos BYTES --len BYTES --seed N\n"
"  read    the same, and compares with what a write with that seed wrote\n"
"          one O_DIRECT request; PLACE: OFFSET within FILE, or OFFSET:LEN,.. pieces, each of which\n"
"          may be private:LEN, or just private\n"
"  mix     --disk DISK --file FILE --len BYTES --ios N --seed N [--blank]: reads and writes out\n"
"          of and into FILE, other memory, and both at once; --blank: write all of the disk first\n"
"  errnos  --id N --file FILE: what REG_BUF and UNREG_BUF answer to whom\n"
"  fill    --id N --count N: registers one page N times, prints how often it went and the errno\n";

unsigned char *shm_map(const char *file, bool read_only, size_t *ret_len)
{
	int fd = file ? open(file, read_only ? O_RDONLY : O_RDWR) : -1;
	unsigned char *at;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		raw_die(RAW_EXIT_FAIL, "%s: %s", file ? file : "no --file", strerror(errno));
	at = mmap(NULL, st.st_size, read_only ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  0);
	if (at == MAP_FAILED)
		raw_die(RAW_EXIT_FAIL, "%s: mmap: %s", file, strerror(errno));
	close(fd);
	*ret_len = st.st_size;
	return at;
}

static int said(struct raw_ctrl *ctrl, int res)
{
	printf("res=%d\nerrno=%s\n", res, raw_errno_name(res));
	fflush(stdout);
	if (ctrl->timed_out)
		_exit(RAW_EXIT_TIMEOUT);
	return res < 0 ? RAW_EXIT_FAIL : 0;
}

static int reg(const struct shm_args *args)
{
	struct raw_ctrl ctrl = { .fd = -1 };
	unsigned char *at;
	size_t len;

	at = shm_map(args->file, args->read_only, &len);
	raw_ctrl_open(&ctrl);
	ctrl.timeout_ms = 30000;
	return said(&ctrl, raw_reg_buf(&ctrl, args->id, at, len,
				       args->read_only ? UBLK_SHMEM_BUF_READ_ONLY : 0));
}

static int unreg(const struct shm_args *args)
{
	struct raw_ctrl ctrl = { .fd = -1 };

	raw_ctrl_open(&ctrl);
	ctrl.timeout_ms = 30000;
	return said(&ctrl, raw_simple(&ctrl, UBLK_U_CMD_UNREG_BUF, args->id, args->count));
}

/* The pieces of --at. */
static unsigned int pieces(const struct shm_args *args, struct iovec *vec)
{
	unsigned char *shared, *private;
	const char *next = args->at;
	unsigned int n = 0;
	size_t len;

	shared = shm_map(args->file, false, &len);
	private = mmap(NULL, args->len * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	if (!next || private == MAP_FAILED)
		raw_die(RAW_EXIT_USAGE, "--at?");
	while (*next) {
		uint64_t offset;
		char *end;

		if (n == MAX_PIECES)
			raw_die(RAW_EXIT_USAGE, "too many pieces");
		if (!strncmp(next, "private", 7)) {
			vec[n].iov_base = private;
			end = (char *)next + 7;
		} else {
			offset = strtoull(next, &end, 0);
			vec[n].iov_base = shared + offset;
		}
		vec[n].iov_len = *end == ':' ? strtoull(end + 1, &end, 0) : args->len;
		private += vec[n++].iov_len;
		if (*end && *end != ',')
			raw_die(RAW_EXIT_USAGE, "--at: '%s'?", next);
		next = end + (*end == ',');
	}
	return n;
}

static unsigned char pattern(unsigned int seed, uint64_t at)
{
	uint64_t x = (at + 1) * 0x9e3779b97f4a7c15ULL + seed * 0xd1b54a32d192ed03ULL;

	return (x ^ x >> 29) >> 24;
}

/* One request, as long as it is not above what the disk takes. */
static int one(const struct shm_args *args, bool is_write)
{
	struct iovec vec[MAX_PIECES];
	unsigned int i, n = pieces(args, vec);
	uint64_t at = args->pos;
	ssize_t done;
	size_t k;
	int fd = open(args->disk, O_RDWR | O_DIRECT);

	if (fd < 0)
		raw_die(RAW_EXIT_FAIL, "%s: %s", args->disk, strerror(errno));
	for (i = 0; i < n; i++)
		for (k = 0; k < vec[i].iov_len; k++)
			((unsigned char *)vec[i].iov_base)[k] =
				is_write ? pattern(args->seed, at++) : 0x5a;
	done = is_write ? pwritev(fd, vec, n, args->pos) : preadv(fd, vec, n, args->pos);
	if (done != (ssize_t)args->len)
		raw_die(RAW_EXIT_FAIL, "%zd of %llu bytes: %s", done,
			(unsigned long long)args->len, done < 0 ? strerror(errno) : "short");
	for (i = 0; !is_write && i < n; i++)
		for (k = 0; k < vec[i].iov_len; k++, at++)
			if (((unsigned char *)vec[i].iov_base)[k] != pattern(args->seed, at))
				raw_die(RAW_EXIT_FAIL, "byte %llu of the disk is wrong",
					(unsigned long long)at);
	return 0;
}

enum { OPT_ID = 256, OPT_DISK, OPT_FILE, OPT_AT, OPT_POS, OPT_LEN, OPT_SEED, OPT_IOS, OPT_RO,
       OPT_INDEX, OPT_COUNT, OPT_BLANK };

static const struct option options[] = {
	{ "id", required_argument, NULL, OPT_ID },
	{ "disk", required_argument, NULL, OPT_DISK },
	{ "file", required_argument, NULL, OPT_FILE },
	{ "at", required_argument, NULL, OPT_AT },
	{ "pos", required_argument, NULL, OPT_POS },
	{ "len", required_argument, NULL, OPT_LEN },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "ios", required_argument, NULL, OPT_IOS },
	{ "ro", no_argument, NULL, OPT_RO },
	{ "index", required_argument, NULL, OPT_INDEX },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "blank", no_argument, NULL, OPT_BLANK },
	{ NULL, 0, NULL, 0 },
};

static void parse_option(struct shm_args *args, int option, const char *arg)
{
	switch (option) {
	case OPT_ID: args->id = raw_signed(arg, "--id"); break;
	case OPT_DISK: args->disk = arg; break;
	case OPT_FILE: args->file = arg; break;
	case OPT_AT: args->at = arg; break;
	case OPT_POS: args->pos = raw_number(arg, "--pos"); break;
	case OPT_LEN: args->len = raw_number(arg, "--len"); break;
	case OPT_SEED: args->seed = raw_number(arg, "--seed"); break;
	case OPT_IOS: args->ios = raw_number(arg, "--ios"); break;
	case OPT_RO: args->read_only = true; break;
	case OPT_BLANK: args->is_blanked = true; break;
	case OPT_INDEX:
	case OPT_COUNT: args->count = raw_number(arg, "--index, --count"); break;
	default:
		fputs(usage_text, stderr);
		exit(RAW_EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	struct shm_args args = { .len = 4096, .seed = 1 };
	const char *verb = argc > 1 ? argv[1] : "";
	int option;

	optind = 2;
	while (argc > 1 && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_option(&args, option, optarg);
	if (!strcmp(verb, "reg"))
		return reg(&args);
	if (!strcmp(verb, "unreg"))
		return unreg(&args);
	if (!strcmp(verb, "write"))
		return one(&args, true);
	if (!strcmp(verb, "read"))
		return one(&args, false);
	if (!strcmp(verb, "mix"))
		return shm_mix(&args);
	if (!strcmp(verb, "errnos"))
		return shm_errnos(&args);
	if (!strcmp(verb, "fill"))
		return shm_fill(&args);
	fputs(usage_text, strcmp(verb, "--help") ? stderr : stdout);
	return strcmp(verb, "--help") ? RAW_EXIT_USAGE : 0;
}
