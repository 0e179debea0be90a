/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* A run: the writer and the victim together, round after round. */
#ifndef EXAMPLES_TORTURE_RUN_H
#define EXAMPLES_TORTURE_RUN_H

#include "report.h"
#include "settings.h"

/*
 * All of it; prints the verdict. May come back with I/O stuck in the kernel, so that the process
 * cannot end before the device does. Returns the program's exit status.
 */
int run_torture(const struct settings *settings);

/* --judge: a history from its file, then what is on the device. The same statuses. */
int run_judge(const struct settings *settings);

#endif
