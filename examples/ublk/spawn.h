/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* A server in the background: found, started, heard of. */
#ifndef UBLK_SPAWN_H
#define UBLK_SPAWN_H

#include <limits.h>
#include <sys/types.h>

#include "ready.h"

/**
 * server_find() - the executable ublk-@type
 *
 * Looked for beside this program, in the libexec directory, then on PATH.
 * Return: 0, -EINVAL if @type could not be a target's name, -ENOENT.
 */
int server_find(const char *type, char ret_path[PATH_MAX]);

/**
 * server_start() - run @argv in the background and wait for its message
 * @argv: argv[0] is an absolute path
 * @ret_ready: what it said; if it said nothing, why not, as a failure
 *
 * The server gets a session of its own and /dev/null for standard input and output.
 * Standard error stays the caller's until the device is live, so that nothing it says
 * before that is lost; then the server itself lets go of it.
 *
 * Return: 0 with *@ret_ready filled; -errno if nothing could be started.
 */
int server_start(char *const argv[], struct ready *ret_ready);

/**
 * server_start_bounded() - the same, but not for ever
 * @exe_fd: the executable, whatever argv[0] is by now; -1 = argv[0]
 * @timeout_ms: then it is killed, with all that it started; -1 = no bound
 *
 * A server that fails leaves no process behind.
 */
int server_start_bounded(int exe_fd, char *const argv[], int timeout_ms, struct ready *ret_ready);

/*
 * The same after a server that has just died while it took the device over: the driver takes a
 * moment to notice, and says EBUSY until then. So it is started again and again, for @timeout_ms.
 */
int server_start_after_death(int exe_fd, char *const argv[], int timeout_ms,
			     struct ready *ret_ready);

#endif
