/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * ublk-badinput: a healthy device that must go on serving, a victim device that
 * every round makes anew, and tables of what is thrown at them.
 */
#ifndef UBLK_TESTS_RAW_BAD_H
#define UBLK_TESTS_RAW_BAD_H

#include <errno.h>

#include "raw.h"
#include "server.h"

#define BAD_MAX_EXPECTED	4
#define VICTIM_DEPTH		4

/* results that a row allows; unused places are RES_NONE */
#define RES_NONE		1000000
#define EXPECT(...)		{ __VA_ARGS__, RES_NONE }

struct bad {
	struct raw_ctrl ctrl;
	struct server healthy;
	int healthy_block;		/* ublkbN of it, O_DIRECT */
	struct ublksrv_ctrl_dev_info victim;	/* no parameters, not started */
	uint64_t random;
	unsigned int round;
	unsigned long nr_checked, nr_random, nr_failed;
	/* memory that must not be used as it is asked for */
	unsigned char *unmapped;	/* a page that is not there */
	unsigned char *read_only;	/* a page that cannot be written */
	unsigned char *edge;		/* last byte before an unmapped page */
};

/* bad_rig.c */
void rig_start(struct bad *b);
void rig_new_victim(struct bad *b);
void rig_drop_victim(struct bad *b);
void rig_check_healthy(struct bad *b);
void rig_finish(struct bad *b);
uint64_t rig_random(struct bad *b);
/* was res one of those? if not, say so and count a failure */
void rig_expect(struct bad *b, const char *what, int res, const int *expected);
void rig_failed(struct bad *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* one round of each */
void bad_ctrl_round(struct bad *b);
void bad_params_round(struct bad *b);
void bad_io_round(struct bad *b);
void bad_node_round(struct bad *b);
void bad_random_round(struct bad *b, unsigned int nr);

#endif
