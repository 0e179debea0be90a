/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * /etc/ublk/ID.conf: what a device is to be, for "ublk up ID" and its systemd service.
 *
 *	# comment
 *	target = loop
 *	file = /srv/disk.img
 *	queues = 2
 *	read-only
 *	oom-protect
 *
 * One setting per line. "target" is the program: ublk-TYPE, or a full path, and the word
 * after it its operand. "oom-protect" is for ublk up itself; all others are options of the
 * target: "key = value" is --key=value, "key" is --key. A value goes on to the end of its
 * line; blanks around it do not count, quotes do. Nothing continues on the next line.
 */
#ifndef UBLK_CONF_H
#define UBLK_CONF_H

#include "options.h"

#define CONF_DIR	"/etc/ublk"	/* $UBLK_CONF_DIR, for tests */

struct conf {
	char *text;		/* all strings point into it or are options of argv */
	char *target;
	char *operand;		/* NULL = none */
	char **options;		/* "--key=value", "--key"; NULL-terminated */
	int nr_options;
	int is_oom_protected;
};

/**
 * conf_load() - read the file of device @id
 * @err: a sentence that names file and line
 *
 * It says what root runs, so it is believed only if nobody but root (or the caller) could
 * have written it: file and folder.
 *
 * Return: 0, or -errno: -EPERM not to be believed, -EINVAL not understood.
 */
int conf_load(int id, struct conf *ret, struct option_error *err);
void conf_free(struct conf *conf);

/* The value of option @name as the file has it; NULL = it is not there. */
const char *conf_option(const struct conf *conf, const char *name);

#endif
