/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What ublk-torture is to do. */
#ifndef EXAMPLES_TORTURE_SETTINGS_H
#define EXAMPLES_TORTURE_SETTINGS_H

#include <stdint.h>

#include "options.h"
#include "plan.h"

enum settings_mode { MODE_REISSUE, MODE_PLAIN, MODE_FAIL_IO, MODE_OFF };
enum settings_durability { DURABILITY_WRITE, DURABILITY_FLUSH };

struct settings {
	int64_t id, rounds, seconds, depth, kills_in_a_row, hang_seconds, seed_number;
	int64_t after;		/* steps from LIVE to the kill, at least */
	uint64_t area, min, max;
	uint32_t share[SHARE_NR];
	uint64_t seed;
	int mode, durability;
	int is_json, is_stop_first;
	const char *seed_text, *mix_text, *bs_text;
	const char *recover, *kill_at, *file, *log, *replay, *judge, *device;
	char **command;		/* NULL-terminated; NULL = the device is there already */
	/* the arguments as given, each with its NUL: what --replay runs again */
	char *text;
	uint32_t text_bytes;
	/* what the strings above point into */
	struct options lines[3];
	int nr_lines;
	char *old_text, **old_argv;
};

/*
 * From the command line. Returns 0; 1: --help was asked for, and given; -EINVAL with a sentence
 * in @err, -ENOMEM.
 */
int settings_parse(struct settings *settings, int argc, char **argv, struct option_error *err);
void settings_free(struct settings *settings);

/* Is @point passed while a device is brought up, and not again as long as it serves? */
int settings_is_bring_up_point(const char *point);

#endif
