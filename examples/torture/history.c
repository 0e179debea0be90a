// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What was asked and answered. */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (1 << 20)
#define TEXT_MAX (1 << 16)

static int write_all(struct history *history, const void *data, size_t len)
{
	if (!history->file || fwrite(data, 1, len, history->file) == len)
		return 0;
	return -(errno ?: EIO);
}

static int make_judge(struct history *history)
{
	history->judge = judge_new(history->head.first, history->head.nr,
				   history->head.judge_flags);
	return history->judge ? 0 : -ENOMEM;
}

int history_begin(struct history *history, const char *path, const char *text,
		  uint32_t text_bytes)
{
	struct history_head *head = &history->head;
	int fd, r;

	memcpy(head->magic, HISTORY_MAGIC, sizeof(head->magic));
	head->version = HISTORY_VERSION;
	head->record_bytes = sizeof(struct history_record);
	head->text_bytes = text_bytes;
	r = make_judge(history);
	if (r || !path)
		return r;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	history->file = fdopen(fd, "a");
	if (!history->file) {
		close(fd);
		return -ENOMEM;
	}
	setvbuf(history->file, NULL, _IOFBF, BUFFER_BYTES);
	r = write_all(history, head, sizeof(*head));
	return r ? r : write_all(history, text, text_bytes);
}

int history_sync(struct history *history)
{
	return history->file && fflush(history->file) ? -errno : 0;
}

void history_free(struct history *history)
{
	if (history->file)
		fclose(history->file);
	judge_free(history->judge);
	free(history->text);
	memset(history, 0, sizeof(*history));
}

static void tell(struct history *history, enum verdict verdict, uint64_t block,
		 const struct stamp *stamp)
{
	struct finding finding = {
		.verdict = verdict, .event = history->now, .block = block,
		.found = stamp->write, .newest = judge_newest(history->judge, block),
	};

	if (history->say)
		history->say(&finding, history->user);
}

/* Blocks that are alike, each judged by itself. */
static void judge_run(struct history *history, const struct history_record *record)
{
	uint32_t i;

	for (i = 0; i < record->nr; i++) {
		uint64_t block = record->block + i;
		struct stamp stamp = { .kind = record->kind, .write = record->value };
		enum verdict verdict;

		if (stamp.kind == STAMP_WHOLE)
			stamp.block = record->other + i;
		else
			stamp.tail = record->other;
		verdict = judge_found(history->judge, history->now, record->op, block, &stamp);
		history->nr_judged++;
		if (verdict != VERDICT_GOOD)
			tell(history, verdict, block, &stamp);
	}
}

static void say_again(struct history *history, const struct history_record *record)
{
	const struct finding finding = {
		.verdict = record->kind, .event = history->now, .block = record->block,
		.error = (int)record->value, .kind = record->flags,
	};

	if (history->say && record->kind < VERDICT_NR && record->flags <= JUDGE_READ)
		history->say(&finding, history->user);
}

static int is_in_area(const struct history *history, const struct history_record *record)
{
	uint64_t at = record->block - history->head.first;

	return at <= history->head.nr && record->nr <= history->head.nr - at;
}

/* One event, live or from a file. Returns 0, -ENOMEM, -EINVAL. */
static int feed(struct history *history, const struct history_record *record)
{
	struct judge *judge = history->judge;

	history->now++;
	switch (record->type) {
	case HISTORY_ISSUE:
		return judge_issue(judge, history->now, record->kind, record->flags,
				   record->block, record->nr);
	case HISTORY_END:
		return judge_end(judge, history->now, record->op, !record->value);
	case HISTORY_FOUND:
		if (!is_in_area(history, record))
			return -EINVAL;
		judge_run(history, record);
		return 0;
	case HISTORY_CRASH_BEGINS:
		judge_crash_begins(judge, history->now);
		return 0;
	case HISTORY_CRASH_ENDS:
		judge_crash_ends(judge, history->now);
		return 0;
	case HISTORY_KILL:
		history->nr_kills++;
		history->nr_counted += !!record->value;
		return 0;
	case HISTORY_VERDICT:
		say_again(history, record);
		return 0;
	}
	return -EINVAL;
}

/* In the file before the judge hears it: what he says about it may end the run. */
static uint64_t event(struct history *history, const struct history_record *record)
{
	int r = write_all(history, record, sizeof(*record));

	if (!r)
		r = feed(history, record);
	if (r) {
		errno = -r;
		return 0;
	}
	return history->now;
}

uint64_t history_issue(struct history *history, enum judge_kind kind, unsigned int flags,
		       uint64_t block, uint32_t nr)
{
	const struct history_record record = {
		.type = HISTORY_ISSUE, .kind = (uint8_t)kind, .flags = (uint16_t)flags,
		.block = block, .nr = nr,
	};

	return event(history, &record);
}

uint64_t history_end(struct history *history, uint64_t op, int error)
{
	const struct history_record record = {
		.type = HISTORY_END, .op = op, .value = (uint64_t)error,
	};

	return event(history, &record);
}

uint64_t history_crash_begins(struct history *history)
{
	const struct history_record record = { .type = HISTORY_CRASH_BEGINS };

	return event(history, &record);
}

uint64_t history_crash_ends(struct history *history)
{
	const struct history_record record = { .type = HISTORY_CRASH_ENDS };

	return event(history, &record);
}

uint64_t history_kill(struct history *history, uint64_t caught, uint64_t own)
{
	const struct history_record record = {
		.type = HISTORY_KILL, .value = caught, .other = own,
	};

	return event(history, &record);
}

static void record_of(const struct stamp *stamp, uint64_t op, uint64_t block,
		      struct history_record *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->type = HISTORY_FOUND;
	ret->kind = (uint8_t)stamp->kind;
	ret->op = op;
	ret->block = block;
	ret->nr = 1;
	ret->value = stamp->write;
	ret->other = stamp->kind == STAMP_WHOLE ? stamp->block : stamp->tail;
}

static int goes_on(const struct history_record *run, const struct history_record *next)
{
	return run->kind == next->kind && run->value == next->value &&
	       (run->kind == STAMP_WHOLE ? run->other + run->nr == next->other :
					   run->kind != STAMP_TORN);
}

uint64_t history_found(struct history *history, uint64_t op, uint64_t block, uint32_t nr,
		       const void *data)
{
	size_t size = history->head.block_bytes;
	struct history_record run = { 0 }, next;
	struct stamp stamp;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		stamp_read((const char *)data + i * size, size, &history->head.owner, &stamp);
		record_of(&stamp, op, block + i, &next);
		if (run.nr && goes_on(&run, &next)) {
			run.nr++;
			continue;
		}
		if (run.nr && !event(history, &run))
			return 0;
		run = next;
	}
	return run.nr ? event(history, &run) : history->now;
}

void history_violation(struct history *history, const struct finding *finding)
{
	const struct history_record record = {
		.type = HISTORY_VERDICT, .kind = (uint8_t)finding->verdict,
		.flags = (uint16_t)finding->kind, .block = finding->block,
		.value = (uint64_t)finding->error,
	};

	event(history, &record);
}

static int read_head(struct history *history, FILE *file)
{
	struct history_head *head = &history->head;

	if (fread(head, sizeof(*head), 1, file) != 1 ||
	    memcmp(head->magic, HISTORY_MAGIC, sizeof(head->magic)) ||
	    head->version != HISTORY_VERSION ||
	    head->record_bytes != sizeof(struct history_record) ||
	    head->text_bytes > TEXT_MAX || head->block_bytes < 512 ||
	    head->block_bytes > 1 << 16 || head->block_bytes % 512 || !head->nr ||
	    head->nr > UINT64_C(1) << 32)
		return -EBADMSG;
	history->text = calloc(1, head->text_bytes + 1u);
	if (!history->text)
		return -ENOMEM;
	return fread(history->text, 1, head->text_bytes, file) == head->text_bytes ? 0 : -EBADMSG;
}

int history_load_head(struct history *history, const char *path)
{
	FILE *file = fopen(path, "re");
	int r;

	if (!file)
		return -errno;
	r = read_head(history, file);
	fclose(file);
	return r;
}

int history_load(struct history *history, const char *path)
{
	struct history_record record;
	FILE *file = fopen(path, "re");
	int r;

	if (!file)
		return -errno;
	r = read_head(history, file);
	if (!r)
		r = make_judge(history);
	while (!r && fread(&record, sizeof(record), 1, file) == 1)
		r = feed(history, &record) == -ENOMEM ? -ENOMEM : 0;
	if (!r && ferror(file))
		r = -EIO;
	fclose(file);
	return r;
}
