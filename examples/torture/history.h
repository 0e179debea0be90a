/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What was asked, what was answered, and when: told to the judge at once, and kept in a
 * file from which the judge can hear it again.
 *
 * The file: one struct history_head, then head.text_bytes of text (the arguments of the run,
 * each with its NUL), then struct history_record to the end, all in the byte order of the
 * machine. The number of an event, which is its time, is its place among the records,
 * from 1. A file that ends within a record was cut off there; what is before it holds.
 */
#ifndef EXAMPLES_TORTURE_HISTORY_H
#define EXAMPLES_TORTURE_HISTORY_H

#include <stdint.h>
#include <stdio.h>

#include "judge.h"

#define HISTORY_MAGIC "ublktort"
#define HISTORY_VERSION 1

struct history_head {
	char magic[8];
	uint32_t version;
	uint32_t record_bytes;	/* sizeof(struct history_record) */
	struct stamp_owner owner;
	uint64_t seed;
	uint64_t first, nr;	/* the area, in blocks */
	uint32_t block_bytes;
	uint32_t judge_flags;	/* JUDGE_VOLATILE */
	uint32_t text_bytes;
	uint32_t pad;
};

enum history_type {
	HISTORY_ISSUE = 1,	/* kind, flags, block, nr */
	HISTORY_END,		/* op, value = 0 or errno */
	HISTORY_FOUND,		/* op, block, nr; kind = enum stamp_kind; value = stamp.write,
				 * other = stamp.tail, or the block a WHOLE one names */
	HISTORY_CRASH_BEGINS,
	HISTORY_CRASH_ENDS,
	HISTORY_KILL,		/* value = requests caught, other = our own under way */
	HISTORY_VERDICT,	/* what no block shows: kind = enum verdict, flags = enum judge_kind
				 * of the I/O, block, value = errno */
};

struct history_record {
	uint8_t type;		/* enum history_type */
	uint8_t kind;
	uint16_t flags;
	uint32_t nr;		/* blocks: FOUND has one record for all that are alike */
	uint64_t op;		/* number of the ISSUE it belongs to */
	uint64_t block;		/* on the device */
	uint64_t value, other;
};

struct finding {
	enum verdict verdict;
	uint64_t event, block;
	uint64_t found;		/* the write that is there; 0 = none */
	uint64_t newest;	/* the newest that might be; 0 = none */
	int error;		/* IO_ERROR, UNREADABLE: errno */
	enum judge_kind kind;	/* IO_ERROR: of what */
};

struct history {
	struct history_head head;
	char *text;		/* after a load; else the caller's */
	struct judge *judge;
	FILE *file;		/* NULL = not kept */
	uint64_t now;		/* number of the last event */
	void (*say)(const struct finding *finding, void *user);	/* violations, and EXCUSED */
	void *user;
	uint64_t nr_judged;	/* blocks */
	uint64_t nr_kills, nr_counted;
};

/*
 * Begins one: head filled in but for magic and sizes, @path NULL or a file that is not there
 * yet. Returns 0, -errno (-EEXIST).
 */
int history_begin(struct history *history, const char *path, const char *text,
		  uint32_t text_bytes);
/* Reads one from a file, telling the judge all of it. Returns 0, -errno, -EBADMSG. */
int history_load(struct history *history, const char *path);
/* Only the head and the text. */
int history_load_head(struct history *history, const char *path);
/* Writes out what is buffered. Returns 0, -errno. */
int history_sync(struct history *history);
void history_free(struct history *history);

/* Each returns the event's number; 0: the judge or the file failed (errno). */
uint64_t history_issue(struct history *history, enum judge_kind kind, unsigned int flags,
		       uint64_t block, uint32_t nr);
uint64_t history_end(struct history *history, uint64_t op, int error);
uint64_t history_crash_begins(struct history *history);
uint64_t history_crash_ends(struct history *history);
uint64_t history_kill(struct history *history, uint64_t caught, uint64_t own);
/* What the READ @op found in @nr blocks from @block on. */
uint64_t history_found(struct history *history, uint64_t op, uint64_t block, uint32_t nr,
		       const void *data);

/* A violation that no block shows: verdict, kind, block and error of @finding. */
void history_violation(struct history *history, const struct finding *finding);

#endif
