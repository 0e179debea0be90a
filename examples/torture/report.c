// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What came of a run. */
#include "report.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static const char *const kinds[] = { "write", "write-zeroes", "discard", "flush", "read" };

static void say(const struct report *report, const struct finding *f)
{
	const struct history_head *head = &report->history->head;

	if (f->verdict == VERDICT_IO_ERROR || f->verdict == VERDICT_UNREADABLE) {
		fprintf(stderr, "ublk-torture: %s: %s of block %" PRIu64 ": %s\n",
			verdict_name(f->verdict), kinds[f->kind], f->block, strerror(f->error));
		return;
	}
	fprintf(stderr, "ublk-torture: %s: block %" PRIu64 " (byte %" PRIu64 "): holds ",
		verdict_name(f->verdict), f->block, f->block * head->block_bytes);
	if (f->found)
		fprintf(stderr, "write %" PRIu64, f->found);
	else
		fprintf(stderr, "no write");
	fprintf(stderr, ", the newest is %" PRIu64 "; seen at event %" PRIu64 "\n", f->newest,
		f->event);
}

void report_finding(const struct finding *finding, void *user)
{
	struct report *report = user;

	report->verdicts[finding->verdict]++;
	if (!verdict_is_violation(finding->verdict) || report->nr_first == REPORT_FIRST)
		return;
	report->first[report->nr_first++] = *finding;
	say(report, finding);
}

uint64_t report_violations(const struct report *report)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < VERDICT_NR; i++)
		if (verdict_is_violation(i))
			sum += report->verdicts[i];
	return sum;
}

static const char *verdict_of(int status)
{
	static const char *const names[] = { "good", "violations", "failed", "hung" };

	return names[status];
}

static void add_number(json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_int64((int64_t)value));
}

static void add_text(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, text && *text ? json_object_new_string(text) : NULL);
}

static json_object *json_violations(const struct report *report)
{
	json_object *all = json_object_new_object();
	int i;

	for (i = 0; i < VERDICT_NR; i++)
		if (verdict_is_violation(i) && report->verdicts[i])
			add_number(all, verdict_name(i), report->verdicts[i]);
	return all;
}

static json_object *json_first(const struct report *report)
{
	json_object *list = json_object_new_array();
	unsigned int i;

	for (i = 0; i < report->nr_first; i++) {
		const struct finding *f = &report->first[i];
		json_object *one = json_object_new_object();

		add_text(one, "verdict", verdict_name(f->verdict));
		add_number(one, "block", f->block);
		add_number(one, "event", f->event);
		add_number(one, "found", f->found);
		add_number(one, "newest", f->newest);
		if (f->error)
			add_text(one, "error", strerror(f->error));
		json_object_array_add(list, one);
	}
	return list;
}

static json_object *json_counts(const struct writer_counts *counts)
{
	json_object *all = json_object_new_object();
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		add_number(all, kinds[i], counts->done[i]);
	add_number(all, "fua", counts->fua);
	add_number(all, "failed", counts->failed);
	add_number(all, "bytes_written", counts->bytes_written);
	return all;
}

static void print_json(const struct report *report, int status)
{
	const struct history *history = report->history;
	json_object *all = json_object_new_object();
	char seed[24];

	/* as text: not every reader of JSON has 64 bits */
	snprintf(seed, sizeof(seed), "%" PRIu64, report->settings->seed);
	add_text(all, "verdict", verdict_of(status));
	add_number(all, "status", (uint64_t)status);
	add_text(all, "seed", seed);
	add_text(all, "why", report->sentence);
	add_number(all, "rounds", report->rounds);
	add_number(all, "kills", history->nr_kills);
	add_number(all, "counted", history->nr_counted);
	add_text(all, "counted_by", report->is_counted_by_module ? "module" : "own");
	add_number(all, "died_itself", report->died_itself);
	add_number(all, "events", history->now);
	add_number(all, "blocks_judged", history->nr_judged);
	add_number(all, "excused", report->verdicts[VERDICT_EXCUSED]);
	if (report->counts)
		json_object_object_add(all, "ios", json_counts(report->counts));
	json_object_object_add(all, "violations", json_violations(report));
	json_object_object_add(all, "first", json_first(report));
	add_text(all, "log", report->settings->log);
	printf("%s\n", json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
							   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}

void report_print(const struct report *report, int status)
{
	const struct history *history = report->history;
	int i;

	if (report->settings->is_json) {
		print_json(report, status);
		fflush(stdout);
		return;
	}
	if (*report->sentence)
		fprintf(stderr, "ublk-torture: %s\n", report->sentence);
	for (i = 0; i < VERDICT_NR; i++)
		if (verdict_is_violation(i) && report->verdicts[i])
			printf("%s: %" PRIu64 "\n", verdict_name(i), report->verdicts[i]);
	printf("%s: %" PRIu64 " violations, %" PRIu64 " kills, %" PRIu64 " of them count, %" PRIu64
	       " blocks judged, seed %" PRIu64 "\n",
	       verdict_of(status), report_violations(report), history->nr_kills,
	       history->nr_counted, history->nr_judged, report->settings->seed);
	if (status && report->settings->log)
		printf("again: ublk-torture --replay %s\n", report->settings->log);
	fflush(stdout);
}
