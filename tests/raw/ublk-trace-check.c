// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Judge saved traces: the order of the crash path, and what kills found in flight. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"
#include "trace.h"

static const char usage_text[] =
"usage: ublk-trace-check [OPTION..] TRACE..   (- is standard input)\n"
"  --need recovery|stop|crash-stop[=N]   the trace must show that at least N times\n"
"  --no-order           do not judge the order, only count kills\n"
"  --count-kills        report SIGKILLs; of --pid only, if any is given\n"
"  --pid PID,..         servers\n"
"  --dev N              only this device's slots and states\n"
"  --full N             so many requests in flight are full depth (default: all slots)\n"
"  --min-counted N      fail if fewer kills count\n"
"  --quiet              no line per kill\n"
"  --allow-lost         a hole in the trace is not an error (order is not judged then)\n"
"exit: 0 good, 1 rejected or something needed is missing, 2 usage\n";

enum { OPT_NEED = 256, OPT_NO_ORDER, OPT_KILLS, OPT_PID, OPT_DEV, OPT_FULL, OPT_MIN, OPT_QUIET,
       OPT_LOST, OPT_HELP };

static const struct option options[] = {
	{ "need", required_argument, NULL, OPT_NEED },
	{ "no-order", no_argument, NULL, OPT_NO_ORDER },
	{ "count-kills", no_argument, NULL, OPT_KILLS },
	{ "pid", required_argument, NULL, OPT_PID },
	{ "dev", required_argument, NULL, OPT_DEV },
	{ "full", required_argument, NULL, OPT_FULL },
	{ "min-counted", required_argument, NULL, OPT_MIN },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "allow-lost", no_argument, NULL, OPT_LOST },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

struct wishes {
	unsigned long recovery, stop, crash_stop, min_counted;
	bool wants_kills, is_quiet, allows_lost;
};

static void parse_need(struct wishes *w, const char *text)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	unsigned long nr = equals ? raw_number(equals + 1, "--need") : 1;

	if (!strncmp(text, "recovery", len))
		w->recovery = nr;
	else if (!strncmp(text, "stop", len))
		w->stop = nr;
	else if (!strncmp(text, "crash-stop", len))
		w->crash_stop = nr;
	else
		raw_die(RAW_EXIT_USAGE, "--need: '%s'?", text);
}

static void parse_pids(char *text)
{
	char *save, *word;

	for (word = strtok_r(text, ", \n", &save); word; word = strtok_r(NULL, ", \n", &save))
		kills_want(raw_number(word, "--pid"));
}

static void parse(struct checker *c, struct wishes *w, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPT_NEED: parse_need(w, optarg); break;
		case OPT_NO_ORDER: c->check_order = false; break;
		case OPT_KILLS: w->wants_kills = true; break;
		case OPT_PID: parse_pids(optarg); break;
		case OPT_DEV: kills_of_device(raw_number(optarg, "--dev")); break;
		case OPT_FULL: kills_full_depth(raw_number(optarg, "--full")); break;
		case OPT_MIN: w->min_counted = raw_number(optarg, "--min-counted"); break;
		case OPT_QUIET: w->is_quiet = true; break;
		case OPT_LOST: w->allows_lost = true; break;
		case OPT_HELP:
			fputs(usage_text, stdout);
			exit(0);
		default:
			fputs(usage_text, stderr);
			exit(RAW_EXIT_USAGE);
		}
	}
	if (optind == argc)
		raw_die(RAW_EXIT_USAGE, "no trace given");
}

static void judge(struct checker *c, const struct event *e)
{
	switch (e->type) {
	case EVENT_STATE: check_state(c, e); break;
	case EVENT_SESSION: check_session(c, e); break;
	case EVENT_SLOT: check_slot(c, e); break;
	case EVENT_ABORT: check_abort(c, e); break;
	case EVENT_REQUEUE: check_requeue(c, e); break;
	case EVENT_CMD_DONE: check_cmd_done(c, e); break;
	case EVENT_STEP: check_step(c, e); break;
	case EVENT_LOST: c->totals.lost++; break;
	default: break;
	}
}

static void read_trace(struct checker *c, const struct wishes *w, const char *name)
{
	FILE *file = strcmp(name, "-") ? fopen(name, "r") : stdin;
	static struct event event;

	if (!file)
		raw_die(RAW_EXIT_FAIL, "%s: %s", name, strerror(errno));
	c->file = name;
	c->event = &event;
	while (trace_next(file, &event)) {
		c->totals.lines++;
		c->totals.events += event.type != EVENT_NONE && event.type != EVENT_LOST;
		judge(c, &event);
		if (w->wants_kills)
			kills_event(c, &event);
	}
	if (file != stdin)
		fclose(file);
}

static bool is_missing(const char *what, unsigned long have, unsigned long want)
{
	if (have < want)
		printf("missing: %s: %lu of %lu\n", what, have, want);
	return have < want;
}

static bool is_good(const struct checker *c, const struct wishes *w)
{
	const struct totals *t = &c->totals;
	bool bad = t->violations > 0;

	if (t->lost && !w->allows_lost) {
		printf("reject: lost-events: the trace has %lu holes\n", t->lost);
		bad = true;
	}
	bad |= is_missing("takeover-ready crash", t->quiesced + t->failed_over, w->recovery);
	bad |= is_missing("stop", t->stops, w->stop);
	bad |= is_missing("stop after a crash", t->crash_stops, w->crash_stop);
	bad |= is_missing("kills that count", kills_counted(), w->min_counted);
	return !bad;
}

int main(int argc, char **argv)
{
	static struct checker checker = { .check_order = true };
	struct wishes wishes = { 0 };
	bool good;
	int i;

	parse(&checker, &wishes, argc, argv);
	if (wishes.allows_lost)
		checker.check_order = false;
	for (i = optind; i < argc; i++)
		read_trace(&checker, &wishes, argv[i]);
	check_slots_end(&checker);
	if (wishes.wants_kills)
		kills_report(!wishes.is_quiet);
	good = is_good(&checker, &wishes);
	printf("events=%lu retired=%lu quiesced=%lu fail_io=%lu stops=%lu crash_stops=%lu "
	       "late_done=%lu violations=%lu\n", checker.totals.events, checker.totals.retired,
	       checker.totals.quiesced, checker.totals.failed_over, checker.totals.stops,
	       checker.totals.crash_stops, checker.totals.late_done, checker.totals.violations);
	trace_free(&checker);
	return good ? 0 : RAW_EXIT_FAIL;
}
