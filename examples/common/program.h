/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* The one target of this process, between the files that make a program of it. */
#ifndef EXAMPLES_PROGRAM_H
#define EXAMPLES_PROGRAM_H

#include "target.h"
#include "target_options.h"

#define EXIT_FAILED	1

struct program {
	struct target target;
	struct target_options common;
	struct options options;
	struct ublk_device_config config;
	char **argv;		/* as recorded: executable, operands, options */
	struct ublk_target_ops ops;
	int is_retry;		/* a supervised worker's second or later start */
	int is_given_up;	/* by somebody else, while the server was dying */
};

/* started() has only the target to go by; there is one program per process. */
extern struct program program;

void say_error(const char *sentence);

/* The caller's terminal was good for start-up errors; from here on it is not ours. */
void leave_terminal(void);

/* In the background: spared when memory runs out. Children inherit it. */
void avoid_oom(void);

/* Serves from start to end in this process. Returns its exit status. */
int serve(void);

/* The same in a child, and again whenever that dies. */
int supervise(void);

#endif
