/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Commands that bring servers up: started, waited for with a bound. */
#ifndef EXAMPLES_TORTURE_SHELL_H
#define EXAMPLES_TORTURE_SHELL_H

#include <sys/types.h>

/*
 * @argv as it is, or @line for the shell. @kill_at: what UBLK_KILL_AT shall be, NULL: not there.
 * Its output goes to our standard error. Returns the pid, or -errno.
 */
pid_t shell_start(char *const *argv, const char *line, const char *kill_at);
/* Returns the exit status (128 + signal), -ETIMEDOUT, -errno. @ms: 0 only looks. */
int shell_wait(pid_t pid, int ms);

#endif
