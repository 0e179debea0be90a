/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Who uses a disk, as far as can be seen from here. */
#ifndef UBLK_USAGE_H
#define UBLK_USAGE_H

#include <stddef.h>

#define USAGE_TEXT_MAX 160

/**
 * usage_find() - somebody who uses device @id
 * @ret: a sentence's end ("is mounted on /mnt", "has I/O waiting")
 *
 * Looks at swap, holders (device mapper, md), waiting I/O, and at each process that it may look at:
 * its mounts and its open files. What it cannot see, another container's say, only the driver
 * knows: LIBUBLK_STOP_IF_UNUSED asks that.
 *
 * Return: 1 if there is somebody, 0 if none was found.
 */
int usage_find(int id, char ret[USAGE_TEXT_MAX]);

/**
 * usage_supervisor() - who starts a new server for device @id when it has none
 * @parent: of the last server, by the record; 0 = unknown
 * @program: the server's executable, by the record; NULL = unknown
 * @ret: "process 17", "ublk@3.service"
 *
 * Return: 1 if there is somebody, 0 if not.
 */
int usage_supervisor(int id, int parent, const char *program, char ret[USAGE_TEXT_MAX]);

#endif
