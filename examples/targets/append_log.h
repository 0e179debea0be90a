/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Appends that are done and maybe not yet acknowledged: after a death the kernel sends them again,
 * and a second copy would lie where no file system expects it.
 *
 * An entry is made before the write pointer moves and taken back when the kernel has the answer.
 * What the next server finds may come again; one that does has the same zone, length and data.
 */
#ifndef EXAMPLES_APPEND_LOG_H
#define EXAMPLES_APPEND_LOG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define APPEND_LOG_ENTRIES	64u

/* 32 bytes in the file; zeros are a free one. */
struct append_entry {
	_Atomic uint64_t owner;		/* zone + 1; stored last, and alone when it ends */
	uint64_t offset, len;		/* bytes, in the zone */
	uint64_t reserved;
};

struct append_log {
	struct append_entry *entries;
	pthread_mutex_t lock;
	uint64_t suspects;		/* by entry: of a server before this one */
	uint64_t patience;		/* requests until what was under way has come again */
};

/* @entries: APPEND_LOG_ENTRIES of them. @patience: how many requests can have been under way. */
void append_log_adopt(struct append_log *log, struct append_entry *entries, bool recovering,
		      uint64_t patience);

/* Returns the number of an entry, or -1: there is none free, so it could come twice. */
int append_log_begin(struct append_log *log, uint32_t zone, uint64_t offset, uint64_t len);
void append_log_end(struct append_log *log, int entry);

/* One more request has come. */
void append_log_count(struct append_log *log);

/*
 * The next entry from *@entry (0 at first) on that an append of @len to @zone, written up to
 * @written, could be a repetition of. Returns true, and *@entry and *@ret_offset say which.
 */
bool append_log_find(struct append_log *log, uint32_t zone, uint64_t len, uint64_t written,
		     int *entry, uint64_t *ret_offset);
/* The zone begins anew. */
void append_log_forget(struct append_log *log, uint32_t zone);

#endif
