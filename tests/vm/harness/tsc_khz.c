// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* How many thousand times a second this machine's TSC ticks, on stdout. */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(void)
{
	const struct timespec pause = { .tv_nsec = 300000000 };
	double t0 = now();
	unsigned long long c0 = __rdtsc();

	nanosleep(&pause, NULL);
	printf("%.0f\n", (__rdtsc() - c0) / (now() - t0) * 1e6);
	return 0;
}
