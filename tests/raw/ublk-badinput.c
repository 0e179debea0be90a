// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Throws malformed control and I/O commands at the driver, while a healthy device serves. */
#define _GNU_SOURCE
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bad.h"

static const char usage_text[] =
"usage: ublk-badinput [--rounds N (5)] [--random N per round (200)] [--seed N]\n"
"prints seed=N first, FAILED lines, and checked=.. random=.. failed=.. last\n"
"exit: 0 all answers were as they must be, 1 not, 2 usage\n";

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "random", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int rounds = 5, nr_random = 200;
	uint64_t seed = raw_now_ms();
	static struct bad bad;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'r': rounds = raw_number(optarg, "--rounds"); break;
		case 'n': nr_random = raw_number(optarg, "--random"); break;
		case 's': seed = raw_number(optarg, "--seed"); break;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		default:
			fputs(usage_text, stderr);
			return RAW_EXIT_USAGE;
		}
	}
	raw_say("seed=%" PRIu64, seed);
	bad.random = seed * 0x9e3779b97f4a7c15ULL | 1;

	rig_start(&bad);
	rig_new_victim(&bad);
	for (bad.round = 1; bad.round <= rounds; bad.round++) {
		bad_ctrl_round(&bad);
		bad_params_round(&bad);
		bad_io_round(&bad);
		bad_node_round(&bad);
		bad_random_round(&bad, nr_random);
		rig_check_healthy(&bad);
		raw_say("round=%u checked=%lu random=%lu failed=%lu", bad.round, bad.nr_checked,
			bad.nr_random, bad.nr_failed);
	}
	rig_drop_victim(&bad);
	rig_finish(&bad);
	raw_say("checked=%lu random=%lu failed=%lu", bad.nr_checked, bad.nr_random, bad.nr_failed);
	return bad.nr_failed ? RAW_EXIT_FAIL : 0;
}
