/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* The command line that makes a server of an existing device. */
#ifndef UBLK_SERVER_COMMAND_H
#define UBLK_SERVER_COMMAND_H

#include "device_view.h"

/**
 * server_command() - @command for the device in @view
 * @command: NULL-terminated; its first word a full path, or ublk-TYPE
 * @is_held:  the program itself is open: its file may be gone, its name is only what it is called
 * @extra:    one more option for this start, or NULL
 * @ret_argv: with the full path, and --id and --uuid behind it, so that they overrule what the
 *            command says itself; ends with server_command_free()
 *
 * Return: 0; -EINVAL it names no server; -ENOENT, -EACCES it cannot be run; -ENOMEM.
 */
int server_command(const char *const *command, const struct device_view *view, int is_held,
		   const char *extra, char ***ret_argv);
void server_command_free(char **argv);

#endif
