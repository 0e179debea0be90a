/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Fault injection (CONFIG_FAULT_INJECTION): between fault_arm() and fault_disarm() the n-th
 * allocation or copy to or from user space of each thread fails.
 */
#ifndef UBLK_TESTS_RAW_FAULT_H
#define UBLK_TESTS_RAW_FAULT_H

#include <stdbool.h>

#define FAULT_MAX_THREADS	64

struct fault {
	/* /proc/self/task/N/fail-nth; the calling thread's is the first */
	int fds[FAULT_MAX_THREADS];
	unsigned int nr_fds;
};

/* the threads that there are now, workers of io_uring included */
void fault_arm(struct fault *fault, unsigned int n);
/* did something fail? */
bool fault_disarm(struct fault *fault);

#endif
