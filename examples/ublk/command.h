/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What the verbs of ublk share: their table, their exit statuses, their way to fail. */
#ifndef UBLK_COMMAND_H
#define UBLK_COMMAND_H

#include <stdint.h>
#include <ublk.h>

#include "options.h"

struct json_object;
struct command_call;

/* Exit statuses, the same for all verbs. Documented in "ublk --help". */
enum command_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_NO_DEVICE = 3,
	STATUS_PERMISSION = 4,
	STATUS_BUSY = 5,		/* in use, in the wrong state, another identity */
	STATUS_TIMEOUT = 6,
	STATUS_NO_DRIVER = 7,		/* or no io_uring: ublk doctor says more */
	STATUS_FINDINGS = 8,		/* doctor: something is wrong */
};

struct command {
	const char *verb;
	const char *operands;		/* for the usage line; "" = none */
	const char *summary;
	const char *details;		/* for --help; may be NULL */
	const struct option_def *options; /* besides --json; offsets into command_call */
	int (*run)(struct command_call *call);
	int is_raw;			/* run() parses its arguments itself */
};

#define ID_LIST_MAX 64

struct id_list {
	unsigned int nr;
	int ids[ID_LIST_MAX];
};

/* One call of one verb. */
struct command_call {
	const struct command *command;
	int argc;			/* operands, or all arguments if is_raw */
	char **argv;
	int is_json;
	struct ublk_ctl *ctl;		/* command_connect() */
	/* the options, of whatever verb has them */
	int64_t timeout_s;		/* -1 = not given */
	int is_kill, is_if_unused, is_yes, is_dry_run, is_check;
	struct id_list forced;
	int is_prometheus;
	int sort;			/* enum top_key */
	int64_t count, interval_s;	/* 0 = not given */
};

extern const struct command commands[];		/* ends with a NULL verb */

/* Opens the control node into call->ctl. Returns a status; it has been reported. */
int command_connect(struct command_call *call);

/* The operand @index as a device id. Returns a status; a failure has been reported. */
int command_id(struct command_call *call, int index, int *ret_id);

/* "3", "ublkb3" or "/dev/ublkb3" as a number; -EINVAL if it is none of them. */
int command_parse_id(const char *text);

/* Timeout for the library in ms: as given, or @default_s. */
int command_timeout_ms(const struct command_call *call, int default_s);

/**
 * command_fail() - report a failure
 * @error: negative errno, decides the status; 0 = STATUS_FAILED
 *
 * The sentence goes to stderr; with --json an object {"error": ..} goes to stdout too.
 *
 * Return: the exit status.
 */
int command_fail(const struct command_call *call, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with a status of the caller's choice. */
int command_fail_status(const struct command_call *call, enum command_status status, int error,
			const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Prints @object to stdout, indented, and drops it. Returns STATUS_OK. */
int command_print_json(struct json_object *object);

/* Runs one call from its command line (without program and verb). Returns the exit status. */
int command_run(const struct command *command, int argc, char **argv);

/* The verb's --help. */
void command_help(const struct command *command);

int verb_add(struct command_call *call);
int verb_del(struct command_call *call);
int verb_doctor(struct command_call *call);
int verb_events(struct command_call *call);
int verb_features(struct command_call *call);
int verb_info(struct command_call *call);
int verb_list(struct command_call *call);
int verb_quiesce(struct command_call *call);
int verb_reap(struct command_call *call);
int verb_recover(struct command_call *call);
int verb_resize(struct command_call *call);
int verb_stop(struct command_call *call);
int verb_top(struct command_call *call);
int verb_up(struct command_call *call);
int verb_upgrade(struct command_call *call);
int verb_wait(struct command_call *call);

/* reap --force ID: into a struct id_list. */
int reap_force(void *at, const char *value, struct option_error *err);

#endif
