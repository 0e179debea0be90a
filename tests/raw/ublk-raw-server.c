// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The raw server's command line and its life from ADD_DEV to the end of the last worker. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "server.h"

static const char usage_text[] =
"usage: ublk-raw-server [OPTION..]\n"
"device:   --id N (-1) --queues N (1) --depth N (32) --size BYTES (64M) --buf BYTES (512K)\n"
"          --bs-shift N (9) --flags NAME,.. --recovery off|plain|reissue|fail-io\n"
"          --mode copy|get-data|user-copy|registered|auto --attrs MASK --discard\n"
"backing:  --file PATH (else memory) --direct  --block-in PATH: write there before each request\n"
"start:    default ADD, SET_PARAMS, START; --no-add: device is there; --takeover: of --id;\n"
"          --no-start: somebody else sends START or END; --timeout S (60) for each command\n"
"server:   --split N workers per queue, --sqpoll, --defer-taskrun, --iosqe-async,\n"
"          --fixed-file, --fetch-only K tags per worker, --inherit: no close-on-exec,\n"
"          --commit-delay-ms N, --partial BYTES, --result N instead of the true one,\n"
"          --bad-addr N from the first FETCH on\n"
"zero copy: --table N entries, --auto-offset N added to the index, --auto-word N instead of it,\n"
"          --fallback\n"
"--shm FILE[:ro], repeatable: maps it and, with a new device, registers it\n"
"metadata: --meta CSUM:SIZE:OFFSET:INTERVAL_SHIFT:FLAGS, kept in PATH.meta\n"
"--fail-nth STEP:N: have the N-th allocation or copy in it fail; prints FAULT STEP hit=0|1\n"
"   STEP:  add params open fetch live start-recovery (of a --takeover)\n"
"--do ACT[=ARG]@WHEN[:N], repeatable\n"
"   ACT:   die exit pause close-char close-ring[=W] exec exec-worker[=W] fork fork-ring\n"
"          thread-die[=W] stall resume uffd uffd-serve bad-addr=N stale vfork[=W]\n"
"          copy=N doze drop keep reg reg-owner[=W] meta\n"
"   WHEN:  added opened between-fetches fetched ready request:N commit:N usr1 usr2\n"
"prints ADDED, FETCHED, READY id=.. pid=.., CHILD pid=.., HELD .., CQE .., STALE op=.. res=..,\n"
"       STATS at each SIGUSR1/2, ENDED when all commands have come back\n";

enum {
	OPT_ID = 256, OPT_QUEUES, OPT_DEPTH, OPT_SIZE, OPT_BUF, OPT_BS_SHIFT, OPT_FLAGS,
	OPT_RECOVERY, OPT_MODE, OPT_ATTRS, OPT_DISCARD, OPT_FILE, OPT_BLOCK_IN, OPT_NO_ADD,
	OPT_TAKEOVER, OPT_NO_START, OPT_TIMEOUT, OPT_SPLIT, OPT_SQPOLL, OPT_DEFER, OPT_ASYNC,
	OPT_FIXED, OPT_FETCH_ONLY, OPT_INHERIT, OPT_DELAY, OPT_PARTIAL, OPT_RESULT, OPT_BAD_ADDR,
	OPT_DO, OPT_FAIL_NTH, OPT_TABLE, OPT_AUTO_OFFSET, OPT_AUTO_WORD, OPT_FALLBACK,
	OPT_DIRECT, OPT_SHM, OPT_META, OPT_HELP,
};

static const struct option long_options[] = {
	{ "id", required_argument, NULL, OPT_ID },
	{ "queues", required_argument, NULL, OPT_QUEUES },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "buf", required_argument, NULL, OPT_BUF },
	{ "bs-shift", required_argument, NULL, OPT_BS_SHIFT },
	{ "flags", required_argument, NULL, OPT_FLAGS },
	{ "recovery", required_argument, NULL, OPT_RECOVERY },
	{ "mode", required_argument, NULL, OPT_MODE },
	{ "attrs", required_argument, NULL, OPT_ATTRS },
	{ "discard", no_argument, NULL, OPT_DISCARD },
	{ "file", required_argument, NULL, OPT_FILE },
	{ "block-in", required_argument, NULL, OPT_BLOCK_IN },
	{ "no-add", no_argument, NULL, OPT_NO_ADD },
	{ "takeover", no_argument, NULL, OPT_TAKEOVER },
	{ "no-start", no_argument, NULL, OPT_NO_START },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "split", required_argument, NULL, OPT_SPLIT },
	{ "sqpoll", no_argument, NULL, OPT_SQPOLL },
	{ "defer-taskrun", no_argument, NULL, OPT_DEFER },
	{ "iosqe-async", no_argument, NULL, OPT_ASYNC },
	{ "fixed-file", no_argument, NULL, OPT_FIXED },
	{ "fetch-only", required_argument, NULL, OPT_FETCH_ONLY },
	{ "inherit", no_argument, NULL, OPT_INHERIT },
	{ "commit-delay-ms", required_argument, NULL, OPT_DELAY },
	{ "partial", required_argument, NULL, OPT_PARTIAL },
	{ "result", required_argument, NULL, OPT_RESULT },
	{ "bad-addr", required_argument, NULL, OPT_BAD_ADDR },
	{ "do", required_argument, NULL, OPT_DO },
	{ "fail-nth", required_argument, NULL, OPT_FAIL_NTH },
	{ "table", required_argument, NULL, OPT_TABLE },
	{ "auto-offset", required_argument, NULL, OPT_AUTO_OFFSET },
	{ "auto-word", required_argument, NULL, OPT_AUTO_WORD },
	{ "fallback", no_argument, NULL, OPT_FALLBACK },
	{ "direct", no_argument, NULL, OPT_DIRECT },
	{ "shm", required_argument, NULL, OPT_SHM },
	{ "meta", required_argument, NULL, OPT_META },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static void parse_mode(struct options *opt, const char *text)
{
	if (!strcmp(text, "copy"))
		opt->mode = MODE_COPY;
	else if (!strcmp(text, "get-data"))
		opt->mode = MODE_GET_DATA;
	else if (!strcmp(text, "user-copy"))
		opt->mode = MODE_USER_COPY;
	else if (!strcmp(text, "registered"))
		opt->mode = MODE_REGISTERED;
	else if (!strcmp(text, "auto"))
		opt->mode = MODE_AUTO;
	else
		raw_die(RAW_EXIT_USAGE, "--mode: '%s'?", text);
}

static void parse_recovery(struct options *opt, const char *text)
{
	if (!strcmp(text, "plain"))
		opt->flags |= UBLK_F_USER_RECOVERY;
	else if (!strcmp(text, "reissue"))
		opt->flags |= UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE;
	else if (!strcmp(text, "fail-io"))
		opt->flags |= UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_FAIL_IO;
	else if (strcmp(text, "off"))
		raw_die(RAW_EXIT_USAGE, "--recovery: '%s'?", text);
}

static void parse_flags(struct options *opt, const char *text)
{
	uint64_t flags;

	if (!raw_parse_flags(text, &flags))
		raw_die(RAW_EXIT_USAGE, "--flags: '%s'?", text);
	opt->flags |= flags;
}

static void parse_option(struct server *srv, int option, const char *arg)
{
	struct options *opt = &srv->opt;

	switch (option) {
	case OPT_ID: opt->id = raw_signed(arg, "--id"); break;
	case OPT_QUEUES: opt->queues = raw_number(arg, "--queues"); break;
	case OPT_DEPTH: opt->depth = raw_number(arg, "--depth"); break;
	case OPT_SIZE: opt->size = raw_number(arg, "--size"); break;
	case OPT_BUF: opt->max_io_bytes = raw_number(arg, "--buf"); break;
	case OPT_BS_SHIFT: opt->bs_shift = raw_number(arg, "--bs-shift"); break;
	case OPT_FLAGS: parse_flags(opt, arg); break;
	case OPT_RECOVERY: parse_recovery(opt, arg); break;
	case OPT_MODE: parse_mode(opt, arg); break;
	case OPT_ATTRS: opt->attrs = raw_number(arg, "--attrs"); break;
	case OPT_DISCARD: opt->discard = true; break;
	case OPT_FILE: opt->file = arg; break;
	case OPT_BLOCK_IN: opt->block_in = arg; break;
	case OPT_NO_ADD: opt->no_add = true; break;
	case OPT_TAKEOVER: opt->takeover = true; break;
	case OPT_NO_START: opt->no_start = true; break;
	case OPT_TIMEOUT: opt->timeout_ms = 1000 * raw_number(arg, "--timeout"); break;
	case OPT_SPLIT: opt->split = raw_number(arg, "--split"); break;
	case OPT_SQPOLL: opt->sqpoll = true; break;
	case OPT_DEFER: opt->defer_taskrun = true; break;
	case OPT_ASYNC: opt->iosqe_async = true; break;
	case OPT_FIXED: opt->fixed_file = true; break;
	case OPT_FETCH_ONLY: opt->fetch_only = raw_number(arg, "--fetch-only"); break;
	case OPT_INHERIT: opt->inherit = true; break;
	case OPT_DELAY: opt->commit_delay_ms = raw_number(arg, "--commit-delay-ms"); break;
	case OPT_PARTIAL: opt->partial = raw_number(arg, "--partial"); break;
	case OPT_RESULT: opt->forced_result = raw_signed(arg, "--result"); break;
	case OPT_BAD_ADDR: atomic_store(&srv->bad_addr, raw_number(arg, "--bad-addr")); break;
	case OPT_TABLE: opt->table = raw_number(arg, "--table"); break;
	case OPT_AUTO_OFFSET: opt->auto_offset = raw_number(arg, "--auto-offset"); break;
	case OPT_AUTO_WORD: opt->auto_word = raw_number(arg, "--auto-word"); break;
	case OPT_FALLBACK: opt->fallback = true; break;
	case OPT_DIRECT: opt->direct = true; break;
	case OPT_SHM: shm_open_file(srv, arg); break;
	case OPT_DO:
		if (!action_parse(opt, arg))
			raw_die(RAW_EXIT_USAGE, "--do: '%s'?", arg);
		break;
	case OPT_META:
		if (!meta_parse(opt, arg))
			raw_die(RAW_EXIT_USAGE, "--meta: '%s'?", arg);
		break;
	case OPT_FAIL_NTH:
		if (!fail_parse(opt, (char *)arg))
			raw_die(RAW_EXIT_USAGE, "--fail-nth: '%s'?", arg);
		break;
	case OPT_HELP:
		fputs(usage_text, stdout);
		exit(0);
	default:
		fputs(usage_text, stderr);
		exit(RAW_EXIT_USAGE);
	}
}

static void parse(struct server *srv, int argc, char **argv)
{
	struct options *opt = &srv->opt;
	int option;

	opt->id = -1;
	opt->queues = 1;
	opt->depth = 32;
	opt->split = 1;
	opt->size = 64 << 20;
	opt->max_io_bytes = 512 << 10;
	opt->bs_shift = 9;
	opt->timeout_ms = 60000;
	opt->forced_result = LONG_MIN;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		parse_option(srv, option, optarg);
	if (optind != argc)
		raw_die(RAW_EXIT_USAGE, "what is '%s'?", argv[optind]);
	if ((opt->takeover || opt->no_add) && opt->id < 0)
		raw_die(RAW_EXIT_USAGE, "--takeover and --no-add need --id");
}

static void ignore_signal(int sig)
{
	(void)sig;
}

static void block_signals(sigset_t *ret_set)
{
	struct sigaction nudge = { .sa_handler = ignore_signal };

	sigaction(SERVER_NUDGE, &nudge, NULL);
	sigemptyset(ret_set);
	sigaddset(ret_set, SIGUSR1);
	sigaddset(ret_set, SIGUSR2);
	sigaddset(ret_set, SIGTERM);
	sigaddset(ret_set, SIGINT);
	sigaddset(ret_set, SERVER_NUDGE);
	pthread_sigmask(SIG_BLOCK, ret_set, NULL);
}

static void say_stats(struct server *srv, const char *what)
{
	raw_say("%s id=%u requests=%lu commits=%lu held=%ld aborted=%lu errors=%lu "
		"matched=%lu copied=%lu meta=%lu registered=%lu", what, srv->info.dev_id,
		atomic_load(&srv->nr_requests), atomic_load(&srv->nr_commits),
		atomic_load(&srv->nr_held), atomic_load(&srv->nr_aborted),
		atomic_load(&srv->nr_errors), atomic_load(&srv->nr_matched),
		atomic_load(&srv->nr_copied), atomic_load(&srv->nr_meta),
		atomic_load(&srv->nr_registered));
}

/* Until all workers have ended, or SIGTERM; then the exit status. */
static int live(struct server *srv, const sigset_t *signals)
{
	while (!server_all_ended(srv)) {
		siginfo_t info;

		switch (sigwaitinfo(signals, &info)) {
		case SIGUSR1:
			action_fire(srv, WHEN_USR1, 0);
			say_stats(srv, "STATS");
			break;
		case SIGUSR2:
			action_fire(srv, WHEN_USR2, 0);
			say_stats(srv, "STATS");
			break;
		case SIGTERM:
		case SIGINT:
			/* no clean-up: the end of a process is the same for all */
			_exit(0);
		}
	}
	say_stats(srv, "ENDED");
	return atomic_load(&srv->nr_errors) ? RAW_EXIT_FAIL : 0;
}

static void open_char(struct server *srv)
{
	struct fault fault;
	bool is_failing = fail_begin(srv, "open", &fault);

	srv->cfd = raw_char_open(srv->info.dev_id, srv->opt.timeout_ms);
	if (is_failing)
		fail_end(srv, "open", &fault);
	if (srv->cfd < 0)
		raw_die(RAW_EXIT_FAIL, "/dev/ublkc%u: %s", srv->info.dev_id, strerror(-srv->cfd));
	if (srv->opt.inherit)
		fcntl(srv->cfd, F_SETFD, 0);
}

int main(int argc, char **argv)
{
	static struct server srv;
	sigset_t signals;
	int res;

	parse(&srv, argc, argv);
	block_signals(&signals);
	res = server_open_backing(&srv);
	if (res < 0)
		raw_die(RAW_EXIT_FAIL, "backing: %s", strerror(-res));
	raw_ctrl_open(&srv.ctrl);
	srv.ctrl.timeout_ms = srv.opt.timeout_ms;

	res = srv.opt.takeover || srv.opt.no_add ? server_attach(&srv) : server_create(&srv);
	if (res < 0)
		return RAW_EXIT_FAIL;
	raw_say("ADDED id=%u pid=%d queues=%u depth=%u", srv.info.dev_id, getpid(),
		srv.info.nr_hw_queues, srv.info.queue_depth);
	action_fire(&srv, WHEN_ADDED, 0);
	open_char(&srv);
	action_fire(&srv, WHEN_OPENED, 0);
	server_start_workers(&srv);
	if (!server_wait_fetched(&srv, srv.opt.timeout_ms))
		raw_die(RAW_EXIT_TIMEOUT, "the FETCHes were not taken");
	raw_say("FETCHED id=%u pid=%d", srv.info.dev_id, getpid());
	action_fire(&srv, WHEN_FETCHED, 0);

	res = srv.opt.no_start ? 0 : server_go_live(&srv);
	raw_ctrl_close(&srv.ctrl);
	if (res < 0) {
		raw_say("NOT_READY id=%u pid=%d res=%d", srv.info.dev_id, getpid(), res);
	} else if (!srv.opt.no_start) {
		raw_say("READY id=%u pid=%d queues=%u depth=%u", srv.info.dev_id, getpid(),
			srv.info.nr_hw_queues, srv.info.queue_depth);
		action_fire(&srv, WHEN_READY, 0);
	}
	return live(&srv, &signals);
}
