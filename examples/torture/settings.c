// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What ublk-torture is to do. */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "history.h"
#include "size.h"

static const char *const modes[] = { "reissue", "plain", "fail-io", "off", NULL };
static const char *const durabilities[] = { "write", "flush", NULL };

#define AT(field) offsetof(struct settings, field)

static const struct option_def options[] = {
	{ .name = "id", .arg = "N", .type = OPTION_NUMBER, .offset = AT(id),
	  .help = "the device (0)" },
	{ .name = "rounds", .arg = "N", .type = OPTION_NUMBER, .offset = AT(rounds),
	  .help = "kill, recover and judge so often (10); 0: write and judge, no kill" },
	{ .name = "seconds", .arg = "N", .type = OPTION_NUMBER, .offset = AT(seconds),
	  .help = "no new round after that time; with --rounds 0 (5): how long to write" },
	{ .name = "seed", .arg = "S", .type = OPTION_TEXT, .offset = AT(seed_text),
	  .help = "the schedule follows from it (random)" },
	{ .name = "depth", .arg = "N", .type = OPTION_NUMBER, .offset = AT(depth),
	  .min = 1, .max = 1024, .help = "I/Os under way (32)" },
	{ .name = "mix", .arg = "LIST", .type = OPTION_TEXT, .offset = AT(mix_text),
	  .help = "write=48,read=36,flush=4,fua=5,discard=3,zeroes=4: weights" },
	{ .name = "bs", .arg = "MIN-MAX", .type = OPTION_TEXT, .offset = AT(bs_text),
	  .help = "sizes, from the logical block on (4K-64K)" },
	{ .name = "area", .arg = "BYTES", .type = OPTION_SIZE, .offset = AT(area),
	  .min = 1 << 16, .max = INT64_C(1) << 36,
	  .help = "from the start of the device on (16M); it is overwritten" },
	{ .name = "recover", .arg = "'COMMAND'", .type = OPTION_TEXT, .offset = AT(recover),
	  .help = "for the shell (ublk recover ID); none: it comes by itself" },
	{ .name = "kills-in-a-row", .arg = "N", .type = OPTION_NUMBER,
	  .offset = AT(kills_in_a_row), .min = 1, .max = 100,
	  .help = "the new server too, during its recovery or just after (1)" },
	{ .name = "kill-at", .arg = "POINT", .type = OPTION_TEXT, .offset = AT(kill_at),
	  .help = "random, or the server kills itself at UBLK_KILL_AT=POINT, which\n"
		  "                               CMD and COMMAND find in their environment" },
	{ .name = "after", .arg = "N", .type = OPTION_NUMBER, .offset = AT(after), .min = 1,
	  .max = 1000000, .help = "kill after N to 4*N I/Os (400)" },
	{ .name = "stop-first", .type = OPTION_FLAG, .offset = AT(is_stop_first),
	  .help = "SIGSTOP before the SIGKILL" },
	{ .name = "mode", .arg = "reissue|plain|fail-io|off", .type = OPTION_CHOICE,
	  .offset = AT(mode), .choices = modes,
	  .help = "as the device's; in all but\n"
		  "                               reissue an I/O may fail: then it is unknown. "
		  "off: CMD again" },
	{ .name = "durability", .arg = "write|flush", .type = OPTION_CHOICE,
	  .offset = AT(durability), .choices = durabilities,
	  .help = "flush: the server's cache dies with it" },
	{ .name = "file", .arg = "DIR", .type = OPTION_PATH, .offset = AT(file),
	  .help = "a file in DIR, half of it through the page cache" },
	{ .name = "log", .arg = "FILE", .type = OPTION_PATH, .offset = AT(log),
	  .help = "keep the history (format: examples/torture/history.h)" },
	{ .name = "replay", .arg = "LOG|SEED", .type = OPTION_TEXT, .offset = AT(replay),
	  .help = "the options, the command and the schedule of that run again" },
	{ .name = "judge", .arg = "LOG", .type = OPTION_TEXT, .offset = AT(judge),
	  .help = "no run: judge what the log says, and then what is on" },
	{ .name = "device", .arg = "PATH", .type = OPTION_TEXT, .offset = AT(device),
	  .help = "the disk, or an image of it" },
	{ .name = "hang-seconds", .arg = "N", .type = OPTION_NUMBER, .offset = AT(hang_seconds),
	  .min = 1, .max = 86400, .help = "nothing moves for so long: it hangs (60)" },
	{ .name = "json", .type = OPTION_FLAG, .offset = AT(is_json), .help = "the verdict" },
	{ .name = NULL },
};

static void print_help(void)
{
	const struct option_table tables[] = { { NULL, options, NULL }, { NULL, NULL, NULL } };

	printf("usage: ublk-torture [OPTIONS] [-- CMD [ARG..]]\n\n"
	       "Kills the server of a ublk device again and again, under I/O that is never killed, "
	       "and\njudges every block that was written. CMD brings the device up and returns "
	       "when it is there:\n  ublk-torture -- ublk add loop --recovery reissue --file F\n\n");
	options_print(tables, stdout);
	printf("\nA kill counts if it caught a request on its way to the server or with it: by the "
	       "module's\ncounters in debugfs, or, with another driver, by I/O of our own under "
	       "way.\n"
	       "Exit status: 0 nothing is wrong, 1 something is, 2 usage or set-up, 3 it hangs\n");
}

static int parse_bs(struct settings *s, struct option_error *err)
{
	const char *text = s->bs_text ? s->bs_text : "4K-64K", *dash = strchr(text, '-');
	char low[32];

	if (!dash || (size_t)(dash - text) >= sizeof(low))
		return option_fail(err, "--bs wants MIN-MAX, such as 512-64K, not \"%s\"", text);
	memcpy(low, text, (size_t)(dash - text));
	low[dash - text] = '\0';
	if (size_parse(low, &s->min) || size_parse(dash + 1, &s->max) || s->min < 512 ||
	    s->min > s->max || s->max > 16 << 20)
		return option_fail(err, "--bs wants two sizes from 512 to 16M, the smaller one "
					"first, not \"%s\"",
				   text);
	return 0;
}

static int parse_seed(struct settings *s, struct option_error *err)
{
	char *end;

	if (!s->seed_text) {
		if (getrandom(&s->seed, sizeof(s->seed), 0) != sizeof(s->seed))
			return option_fail(err, "no random numbers: give --seed");
		s->seed >>= 16;
		return 0;
	}
	errno = 0;
	s->seed = strtoull(s->seed_text, &end, 0);
	if (errno || end == s->seed_text || *end || *s->seed_text == '-')
		return option_fail(err, "a seed is a number, not \"%s\"", s->seed_text);
	return 0;
}

static void defaults(struct settings *s)
{
	s->rounds = 10;
	s->depth = 32;
	s->after = 400;
	s->area = 16 << 20;
	s->kills_in_a_row = 1;
	s->hang_seconds = 60;
}

static int check(struct settings *s, struct option_error *err)
{
	if (s->kill_at && !strcmp(s->kill_at, "random"))
		s->kill_at = NULL;
	if (s->device && !s->judge)
		return option_fail(err, "--device goes with --judge");
	if (s->judge && s->command)
		return option_fail(err, "--judge runs nothing: no command behind --");
	if (s->file && (s->mode != MODE_REISSUE || s->durability != DURABILITY_WRITE))
		return option_fail(err, "a file system does not survive failed or lost I/O: "
					"--file goes with --mode reissue and --durability write");
	if (s->mode == MODE_OFF && !s->command && s->rounds)
		return option_fail(err, "with --mode off the device goes, and the command behind "
					"-- has to bring it back");
	if (s->mode == MODE_OFF && s->kills_in_a_row > 1)
		return option_fail(err, "with --mode off nobody recovers: no --kills-in-a-row");
	if (plan_parse_mix(s->mix_text ? s->mix_text :
			   "write=48,read=36,flush=4,fua=5,discard=3,zeroes=4", s->share))
		return option_fail(err, "--mix wants weights such as write=50,read=50 of write, "
					"read, flush, fua, discard, zeroes; not \"%s\"",
				   s->mix_text);
	return parse_bs(s, err) ?: parse_seed(s, err);
}

/* The words of @argv into *@s; they have to live as long. */
static int parse_words(struct settings *s, int argc, char **argv, struct option_error *err)
{
	struct option_table tables[] = { { NULL, options, s }, { NULL, NULL, NULL } };
	struct options *opts = &s->lines[s->nr_lines++];
	int i, r;

	for (i = 0; i < argc && strcmp(argv[i], "--"); i++)
		;
	opts->tables = tables;
	r = options_parse(opts, i, argv);
	opts->tables = NULL;
	if (!r && opts->help) {
		print_help();
		r = 1;
	}
	if (!r && opts->nr_rest)
		r = option_fail(&opts->err, "\"%s\": a command comes behind --", opts->rest[0]);
	*err = opts->err;
	if (!r && i + 1 < argc)
		s->command = argv + i + 1;
	return r;
}

static int keep_text(struct settings *s, int argc, char **argv)
{
	char *at;
	int i;

	for (i = 0; i < argc; i++)
		s->text_bytes += (uint32_t)strlen(argv[i]) + 1;
	at = s->text = malloc(s->text_bytes + 1);
	if (!at)
		return -ENOMEM;
	for (i = 0; i < argc; i++)
		at = stpcpy(at, argv[i]) + 1;
	return 0;
}

/* The words of an earlier run. */
static int replay_log(struct settings *s, const char *log, int *ret_argc)
{
	struct history history = { 0 };
	uint32_t at = 0;
	int r;

	r = history_load_head(&history, log);
	s->old_text = history.text;
	if (r)
		return r;
	s->old_argv = calloc(history.head.text_bytes + 1u, sizeof(*s->old_argv));
	if (!s->old_argv)
		return -ENOMEM;
	for (*ret_argc = 0; at < history.head.text_bytes; ++*ret_argc) {
		s->old_argv[*ret_argc] = history.text + at;
		at += (uint32_t)strlen(history.text + at) + 1;
	}
	s->seed = history.head.seed;
	return 0;
}

/* The words of an earlier run, but for where its own history went, then those given now. */
static int replay(struct settings *s, int argc, char **argv, struct option_error *err)
{
	const char *log = s->replay;
	int old_argc, r;
	uint64_t seed;
	char *end;

	seed = strtoull(log, &end, 0);
	if (*log >= '0' && *log <= '9' && !*end) {
		s->seed = seed;
		return 0;
	}
	r = replay_log(s, log, &old_argc);
	if (r)
		return option_fail(err, "%s: %s", log, r == -EBADMSG ?
				   "no history of ublk-torture" : strerror(-r));
	seed = s->seed;
	defaults(s);
	r = parse_words(s, old_argc, s->old_argv, err);
	s->log = NULL;
	if (!r)
		r = parse_words(s, argc, argv, err) ?: check(s, err);
	s->seed = seed;
	return r;
}

int settings_parse(struct settings *s, int argc, char **argv, struct option_error *err)
{
	int r;

	memset(s, 0, sizeof(*s));
	defaults(s);
	r = parse_words(s, argc, argv, err) ?: check(s, err);
	if (!r && s->replay)
		r = replay(s, argc, argv, err);
	return r ? r : keep_text(s, argc, argv);
}

void settings_free(struct settings *s)
{
	int i;

	for (i = 0; i < s->nr_lines; i++)
		options_free(&s->lines[i]);
	free(s->old_argv);
	free(s->old_text);
	free(s->text);
	memset(s, 0, sizeof(*s));
}

int settings_is_bring_up_point(const char *point)
{
	static const char *const points[] = {
		"after-start-recovery", "before-record", "after-record", "between-fetches",
		"before-start", "before-end-recovery", NULL,
	};
	int i;

	for (i = 0; points[i]; i++)
		if (!strcmp(points[i], point))
			return 1;
	return 0;
}
