/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Command lines from tables.
 *
 * A target's command line is more than input: it is written to the device's
 * record and run again by `ublk recover`, maybe from another directory and by
 * another shell. So parsing also yields the line in a form that means the same
 * everywhere: "--name=value", paths absolute, options that concern only this
 * run (OPTION_LOCAL) left out. That is why this is not getopt_long().
 */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG,	/* int, set to 1 */
	OPTION_NUMBER,	/* int64_t within min..max */
	OPTION_SIZE,	/* uint64_t bytes within min..max */
	OPTION_TEXT,	/* const char *, points into argv */
	OPTION_PATH,	/* as OPTION_TEXT, made absolute; lives until options_free() */
	OPTION_CHOICE,	/* int, index into choices */
	OPTION_CALL,	/* call(base + offset, value, err): may repeat */
};

#define OPTION_LOCAL	1u	/* of this run only: not recorded */
#define OPTION_REQUIRED	2u
#define OPTION_HIDDEN	4u	/* between our own programs: not in --help */

struct option_error {
	char text[256];
};

struct option_def {
	const char *name;
	const char *arg;		/* placeholder in --help; NULL for a flag */
	enum option_type type;
	unsigned int flags;
	size_t offset;			/* into the table's base */
	int64_t min, max;		/* NUMBER, SIZE; both 0 = any not negative */
	const char *const *choices;	/* CHOICE: NULL-terminated */
	int (*call)(void *at, const char *value, struct option_error *err);
	const char *help;
};

struct option_table {
	const char *title;		/* heading in --help; NULL = none */
	const struct option_def *defs;	/* ends with a NULL name */
	void *base;
};

struct options {
	const struct option_table *tables;	/* ends with a NULL defs */
	char **record;		/* recorded form, NULL-terminated; options_free() */
	int nr_record;
	char **rest;		/* operands, in order; points into argv */
	int nr_rest;
	int help;		/* --help or -h was given; nothing else was checked */
	uint64_t given;		/* scratch: which defs were seen, for REQUIRED */
	struct option_error err;
};

/**
 * options_parse() - fill the tables' bases from a command line
 * @opts: tables set, everything else zero
 * @argv: without the program's name, @argc strings
 *
 * "--name value" and "--name=value" are the same; "--" ends the options; what is
 * no option is an operand. The last of two equal options counts.
 *
 * Return: 0, -EINVAL with a sentence in opts->err, -ENOMEM.
 */
int options_parse(struct options *opts, int argc, char **argv);

void options_free(struct options *opts);

/* Prints the options of @tables, one per line, aligned. @out is a FILE. */
void options_print(const struct option_table *tables, void *out);

/* Sets @err to a formatted sentence and returns -EINVAL. */
int option_fail(struct option_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
