/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Which devices and records nobody needs any more, judged from facts alone.
 *
 * Finding the facts and removing (verb_reap.c) are apart from it: what is removed
 * by mistake does not come back, so each rule is tested without a device at hand.
 */
#ifndef UBLK_REAP_H
#define UBLK_REAP_H

#include <stdint.h>

#include "usage.h"

struct reap_facts {
	int id;
	int has_device;			/* 0: there is only a record */
	uint32_t state;			/* LIBUBLK_STATE_* */
	int server_pid;			/* the last one known; -1 = none */
	int is_server_alive;
	int has_record;			/* one that can be read, and is about this device */
	int record_error;		/* why not, -errno; 0 if none was looked for */
	char supervisor[USAGE_TEXT_MAX]; /* "" = none */
	char usage[USAGE_TEXT_MAX];	/* "" = nobody was found */
};

enum reap_verdict {
	REAP_LEAVE,	/* no orphan: not to be removed here, not even by force */
	REAP_IN_USE,	/* an orphan that somebody uses: only by force */
	REAP_REMOVE,	/* an orphan */
};

/**
 * reap_judge() - what is to be done about it
 * @ret: what it is, for who is asked: half a sentence behind the name
 */
enum reap_verdict reap_judge(const struct reap_facts *facts, char ret[256]);

#endif
