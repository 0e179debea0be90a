/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Waiting for what a server leaves behind: itself, and its last writes. */
#ifndef UBLK_FENCE_WAIT_H
#define UBLK_FENCE_WAIT_H

#include <sys/types.h>

/**
 * fence_wait() - wait until nobody has the lock on @path
 *
 * While the server or one of its requests still holds its open file, one of its
 * writes may still land (DESIGN.md 5, Fence).
 *
 * Return: 0 the lock is free (or the file is gone), -ETIMEDOUT, -EINTR, -errno.
 */
int fence_wait(const char *path, int timeout_ms);

/* A descriptor of process @pid, readable at its end; -ESRCH if it is gone, -errno. */
int process_open(pid_t pid);

/* Sends SIGKILL to exactly the process behind @pidfd. Return: 0 or -errno. */
int process_kill(int pidfd);

/* Waits for its end. Return: 0, -ETIMEDOUT, -EINTR. */
int process_wait(int pidfd, int timeout_ms);

#endif
