/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What other programs know. */
#ifndef UBLK_ASK_H
#define UBLK_ASK_H

#include <stddef.h>

/**
 * program_ask() - run a program of the system, and read what it prints
 * @argv: its name without a path (sbin is not on everybody's PATH), its arguments, NULL
 * @buf: its output, cut to @size; an empty string if it failed
 *
 * Return: 0, -ENOENT if it is not there or ended with another status than 0, -errno.
 */
int program_ask(const char *const argv[], char *buf, size_t size);

#endif
