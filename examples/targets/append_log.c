// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Appends that are done and maybe not yet acknowledged. */
#include "append_log.h"

_Static_assert(sizeof(struct append_entry) == 32, "the layout is that of files that exist");

static bool is_suspect(const struct append_log *log, unsigned i)
{
	return log->suspects >> i & 1;
}

static void drop(struct append_log *log, unsigned i)
{
	log->suspects &= ~(UINT64_C(1) << i);
	atomic_store(&log->entries[i].owner, 0);
}

void append_log_adopt(struct append_log *log, struct append_entry *entries, bool recovering,
		      uint64_t patience)
{
	unsigned i;

	*log = (struct append_log) { .entries = entries, .patience = patience };
	pthread_mutex_init(&log->lock, NULL);
	for (i = 0; i < APPEND_LOG_ENTRIES; i++) {
		if (!recovering)
			drop(log, i);
		else if (atomic_load(&entries[i].owner))
			log->suspects |= UINT64_C(1) << i;
	}
}

int append_log_begin(struct append_log *log, uint32_t zone, uint64_t offset, uint64_t len)
{
	int found = -1;
	unsigned i;

	pthread_mutex_lock(&log->lock);
	for (i = 0; i < APPEND_LOG_ENTRIES && found < 0; i++) {
		if (atomic_load(&log->entries[i].owner))
			continue;
		log->entries[i].offset = offset;
		log->entries[i].len = len;
		atomic_store(&log->entries[i].owner, (uint64_t)zone + 1);
		found = (int)i;
	}
	pthread_mutex_unlock(&log->lock);
	return found;
}

void append_log_end(struct append_log *log, int entry)
{
	if (entry < 0)
		return;
	pthread_mutex_lock(&log->lock);
	drop(log, (unsigned)entry);
	pthread_mutex_unlock(&log->lock);
}

void append_log_count(struct append_log *log)
{
	unsigned i;

	pthread_mutex_lock(&log->lock);
	if (log->suspects && !log->patience--) {
		for (i = 0; i < APPEND_LOG_ENTRIES; i++)
			if (is_suspect(log, i))
				drop(log, i);
	}
	pthread_mutex_unlock(&log->lock);
}

bool append_log_find(struct append_log *log, uint32_t zone, uint64_t len, uint64_t written,
		     int *entry, uint64_t *ret_offset)
{
	bool found = false;
	unsigned i;

	pthread_mutex_lock(&log->lock);
	for (i = (unsigned)*entry; i < APPEND_LOG_ENTRIES && !found; i++) {
		const struct append_entry *e = &log->entries[i];

		/* death before the pointer moved: it was not done */
		found = is_suspect(log, i) && atomic_load(&e->owner) == (uint64_t)zone + 1 &&
			e->len == len && len <= written && e->offset <= written - len;
		if (found) {
			*entry = (int)i;
			*ret_offset = e->offset;
		}
	}
	pthread_mutex_unlock(&log->lock);
	return found;
}

void append_log_forget(struct append_log *log, uint32_t zone)
{
	unsigned i;

	pthread_mutex_lock(&log->lock);
	for (i = 0; i < APPEND_LOG_ENTRIES; i++)
		if (is_suspect(log, i) && atomic_load(&log->entries[i].owner) == (uint64_t)zone + 1)
			drop(log, i);
	pthread_mutex_unlock(&log->lock);
}
