// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * SIGKILL a server and measure, by GET_DEV_INFO alone, how long its device takes to reach a state:
 * works with any ublk driver, also one without our events.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "raw.h"

static const char usage_text[] =
"usage: ublk-kill --id N --pid PID [--state N] [--timeout S]\n"
"  --state N     as in dev_info.state (2, QUIESCED)\n"
"  --timeout S   (60)\n"
"prints us=N, the microseconds from the kill until the state is seen (asked for each 500 us)\n"
"exit: 0 good, 1 no such process or device, 2 usage, 124 not within the time\n";

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000) + ts.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "id", required_argument, NULL, 'i' },
		{ "pid", required_argument, NULL, 'p' },
		{ "state", required_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t from, limit_us = 60 * UINT64_C(1000000);
	unsigned int state = UBLK_S_DEV_QUIESCED;
	struct ublksrv_ctrl_dev_info info;
	struct raw_ctrl ctrl = { .timeout_ms = 60000 };
	int64_t id = -1, pid = 0;
	int opt, res;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'i': id = raw_signed(optarg, "--id"); break;
		case 'p': pid = raw_signed(optarg, "--pid"); break;
		case 's': state = raw_number(optarg, "--state"); break;
		case 't': limit_us = raw_number(optarg, "--timeout") * 1000000; break;
		default:
			fputs(usage_text, stderr);
			return RAW_EXIT_USAGE;
		}
	}
	if (id < 0 || pid <= 0 || optind != argc) {
		fputs(usage_text, stderr);
		return RAW_EXIT_USAGE;
	}

	/* everything is ready before the kill: the time is the driver's, not this program's */
	raw_ctrl_open(&ctrl);
	res = raw_info(&ctrl, id, &info);
	if (res < 0)
		raw_die(RAW_EXIT_FAIL, "device %" PRId64 ": %s", id, raw_errno_name(res));
	if (info.state == state)
		raw_die(RAW_EXIT_FAIL, "device %" PRId64 " is %s already", id,
			raw_state_name(state));
	from = now_us();
	if (kill(pid, SIGKILL) < 0)
		raw_die(RAW_EXIT_FAIL, "there is no process %" PRId64, pid);
	do {
		res = raw_info(&ctrl, id, &info);
		if (res >= 0 && info.state == state) {
			raw_say("us=%" PRIu64, now_us() - from);
			return 0;
		}
		usleep(500);
	} while (now_us() - from < limit_us);
	raw_die(RAW_EXIT_TIMEOUT, "device %" PRId64 " is not %s but %s", id, raw_state_name(state),
		res < 0 ? raw_errno_name(res) : raw_state_name(info.state));
}
