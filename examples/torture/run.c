// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A run: the writer and the victim together. */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "victim.h"

#define TURN_MS 20
#define PATIENCE 400		/* steps more, for a server that is idle whenever we look */
#define DEFAULT_SECONDS 5
#define OPEN_TRIES 200		/* times 20 ms */

struct run {
	const struct settings *settings;
	struct subject subject;
	struct history history;
	struct plan plan;
	struct writer writer;
	struct victim victim;
	struct report report;
	uint64_t strike_at;	/* when so many steps were made; 0 = no strike is due */
	int is_crashed;		/* the history knows of the crash, and not yet of its end */
	int status;		/* other than GOOD: the run is over */
};

static int give_up(struct run *run, int status, const char *sentence)
{
	run->status = status;
	if (!*run->report.sentence)
		snprintf(run->report.sentence, sizeof(run->report.sentence), "%s", sentence);
	return status;
}

static void crash_begins(struct run *run)
{
	if (!run->is_crashed)
		history_crash_begins(&run->history);
	run->is_crashed = 1;
}

/* The writer has answers in hand and asks who gave them. */
static void look(void *user)
{
	struct run *run = user;

	if (!victim_is_alive(&run->victim))
		crash_begins(run);
}

static void strike(struct run *run, int has_died_itself)
{
	crash_begins(run);
	run->report.died_itself += has_died_itself && !run->victim.is_armed;
	if (victim_strike(&run->victim, plan_random(&run->plan, UINT64_MAX), has_died_itself))
		give_up(run, STATUS_SETUP, "cannot start a thread");
}

/*
 * The kernel has just got all that fits: the moment to strike, if the server did not keep pace. A
 * blow at an idle server proves nothing.
 */
static void submitted(void *user)
{
	struct run *run = user;

	if (!run->strike_at || run->plan.nr_steps < run->strike_at || !run->writer.nr_busy ||
	    !victim_is_alive(&run->victim))
		return;
	if (!server_is_busy(run->victim.server.id) &&
	    run->plan.nr_steps < run->strike_at + PATIENCE)
		return;
	run->strike_at = 0;
	run->victim.own = run->writer.nr_busy;
	strike(run, 0);
}

static int open_disk(struct run *run, struct option_error *err)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000000L };
	char path[64];
	int r, tries = OPEN_TRIES;

	snprintf(path, sizeof(path), "/dev/ublkb%d", (int)run->settings->id);
	do {
		r = subject_open_disk(&run->subject, path, err);
		if (!r || (r != -ENOENT && r != -ENXIO && r != -EBUSY))
			return r;
		nanosleep(&pause, NULL);
	} while (--tries);
	return r;
}

/* mode off: what the old disk has fails by and by; then nobody holds it any more. */
static void let_disk_go(struct run *run)
{
	if (run->writer.nr_busy) {
		run->writer.calm_until_ms = clock_ms() + 2ULL * TURN_MS;
		return;
	}
	if (run->victim.is_closed)
		return;
	subject_close(&run->subject);
	run->victim.is_closed = 1;
}

static void settle(struct run *run)
{
	struct option_error err = { "" };
	int i;

	victim_settle(&run->victim);
	for (i = 0; i < run->victim.nr_kills; i++)
		history_kill(&run->history, (uint64_t)run->victim.kills[i].caught,
			     (uint64_t)run->victim.kills[i].own);
	if (run->subject.fd < 0 && open_disk(run, &err))
		give_up(run, STATUS_VIOLATIONS, err.text);
	run->writer.moved_ms = clock_ms();
	run->writer.calm_until_ms = 0;
	history_crash_ends(&run->history);
	run->is_crashed = 0;
}

static int is_hung(const struct run *run)
{
	return clock_ms() - run->writer.moved_ms >
	       (uint64_t)run->settings->hang_seconds * 1000;
}

/* One turn of everything. Returns the run's status. */
static int turn(struct run *run)
{
	struct writer *writer = &run->writer;
	int stage = run->victim.stage;

	run->victim.own = writer->nr_busy;
	if (stage == VICTIM_WANTS_CLOSED || run->subject.fd < 0)
		writer->calm_until_ms = clock_ms() + 2ULL * TURN_MS;
	writer_turn(writer, TURN_MS);
	if (writer->is_broken)
		return give_up(run, STATUS_SETUP, "the history cannot be kept: no space, or no "
						  "memory");
	switch (stage) {
	case VICTIM_SERVES:
		/* a strike may have begun within this turn */
		if (run->victim.stage != VICTIM_SERVES)
			break;
		if (!victim_is_alive(&run->victim))
			strike(run, 1);
		else if (writer->source != SOURCE_NONE || writer->nr_busy)
			if (is_hung(run))
				give_up(run, STATUS_HUNG, "no I/O ends, though the device is LIVE");
		break;
	case VICTIM_STRUCK:
		break;
	case VICTIM_WANTS_CLOSED:
		let_disk_go(run);
		break;
	case VICTIM_BACK:
		/* what the driver had answered before is in the history now, by this turn */
		settle(run);
		break;
	case VICTIM_STUCK:
		give_up(run, run->victim.error == -ENOMSG ? STATUS_SETUP : STATUS_HUNG,
			run->victim.sentence);
		break;
	}
	return run->status;
}

/* Until everything from @source is done and a server is there. */
static int do_all(struct run *run, enum writer_source source)
{
	writer_use(&run->writer, source);
	run->writer.moved_ms = clock_ms();
	do {
		if (turn(run))
			return run->status;
	} while (run->victim.stage != VICTIM_SERVES || !writer_is_done(&run->writer));
	return 0;
}

static int judge_all(struct run *run)
{
	int r = do_all(run, SOURCE_NONE) ?: do_all(run, SOURCE_READ_BACK);

	if (!r && history_sync(&run->history))
		return give_up(run, STATUS_SETUP, "the log cannot be written");
	return r;
}

/* Writes until the schedule says, kills, writes on until there is a server again. */
static int round_of_kills(struct run *run)
{
	uint64_t after = (uint64_t)run->settings->after;
	uint64_t at = run->plan.nr_steps + after + plan_random(&run->plan, 3 * after);
	uint64_t kills = run->history.nr_kills, since = clock_ms();

	run->strike_at = run->victim.is_armed ? 0 : at;
	writer_use(&run->writer, SOURCE_PLAN);
	run->writer.moved_ms = since;
	while (run->history.nr_kills == kills) {
		if (turn(run))
			return run->status;
		if (run->victim.is_armed && run->victim.stage == VICTIM_SERVES &&
		    clock_ms() - since > (uint64_t)run->settings->hang_seconds * 1000)
			return give_up(run, STATUS_SETUP, "the server does not kill itself: it has "
							  "to look at UBLK_KILL_AT");
	}
	run->strike_at = 0;
	run->report.rounds++;
	return judge_all(run);
}

static int write_for_a_while(struct run *run)
{
	int64_t seconds = run->settings->seconds ?: DEFAULT_SECONDS;
	uint64_t end = clock_ms() + (uint64_t)seconds * 1000;

	writer_use(&run->writer, SOURCE_PLAN);
	run->writer.moved_ms = clock_ms();
	while (clock_ms() < end)
		if (turn(run))
			return run->status;
	return judge_all(run);
}

static int rounds(struct run *run)
{
	const struct settings *s = run->settings;
	uint64_t end = clock_ms() + (uint64_t)s->seconds * 1000;
	int64_t i;

	if (do_all(run, SOURCE_FILL))
		return run->status;
	if (!s->rounds)
		return write_for_a_while(run);
	for (i = 0; i < s->rounds && (!s->seconds || clock_ms() < end); i++)
		if (round_of_kills(run))
			return run->status;
	return 0;
}

/* The device's own identity, or none if it is not libublk's. */
static void identify(struct run *run, struct stamp_owner *owner)
{
	struct ublk_record *record;

	memset(owner, 0, sizeof(*owner));
	if (getrandom(&owner->run, sizeof(owner->run), 0) != sizeof(owner->run))
		owner->run = clock_ms();
	if (ublk_record_load(run->victim.server.ctl, run->victim.server.id, &record) < 0)
		return;
	owner->uuid = *ublk_record_uuid(record);
	ublk_record_free(record);
}

static int begin_history(struct run *run, struct option_error *err)
{
	const struct settings *s = run->settings;
	struct history_head *head = &run->history.head;
	uint32_t block = run->subject.block_bytes;
	uint64_t bytes = s->area < run->subject.bytes ? s->area : run->subject.bytes;
	int r;

	if (s->min % block || s->max % block)
		return option_fail(err, "--bs: sizes have to be multiples of %u, the logical block",
				   block);
	identify(run, &head->owner);
	head->seed = s->seed;
	head->nr = bytes / block;
	head->block_bytes = block;
	head->judge_flags = s->durability == DURABILITY_FLUSH ? JUDGE_VOLATILE : 0;
	run->history.say = report_finding;
	run->history.user = &run->report;
	r = history_begin(&run->history, s->log, s->text, s->text_bytes);
	if (r)
		return option_fail(err, "%s: %s", s->log ? s->log : "history", strerror(-r));
	return 0;
}

static int prepare(struct run *run, struct option_error *err)
{
	const struct settings *s = run->settings;
	struct plan_options plan = { .seed = s->seed };
	int r;

	run->subject.fd = run->subject.buffered_fd = -1;
	r = victim_bring_up(&run->victim, err);
	if (!r)
		r = s->file ? subject_open_file(&run->subject, s->file, s->area, err) :
			      open_disk(run, err);
	if (!r)
		r = begin_history(run, err);
	if (r)
		return r;
	memcpy(plan.share, s->share, sizeof(plan.share));
	plan.nr = run->history.head.nr;
	plan.min = (uint32_t)(s->min / run->subject.block_bytes);
	plan.max = (uint32_t)(s->max / run->subject.block_bytes);
	plan_init(&run->plan, &plan);
	run->writer = (struct writer){
		.settings = s, .subject = &run->subject, .history = &run->history,
		.plan = &run->plan, .is_permissive = s->mode != MODE_REISSUE, .look = look,
		.submitted = submitted,
		.user = run,
	};
	run->report.is_counted_by_module = server_caught(run->victim.server.id) >= 0;
	return writer_open(&run->writer, err);
}

int run_torture(const struct settings *settings)
{
	static struct run run;
	struct option_error err = { "" };
	int status;

	run.settings = run.report.settings = run.victim.settings = settings;
	run.report.history = &run.history;
	run.report.counts = &run.writer.counts;
	fprintf(stderr, "ublk-torture: seed %" PRIu64 "\n", settings->seed);
	if (prepare(&run, &err)) {
		snprintf(run.report.sentence, sizeof(run.report.sentence), "%s", err.text);
		report_print(&run.report, STATUS_SETUP);
		return STATUS_SETUP;
	}
	status = rounds(&run);
	if (status != STATUS_HUNG && report_violations(&run.report))
		status = STATUS_VIOLATIONS;
	if (history_sync(&run.history) && !status)
		status = give_up(&run, STATUS_SETUP, "the log cannot be written");
	report_print(&run.report, status);
	if (status == STATUS_HUNG)
		return status;
	if (!run.writer.nr_busy)
		writer_close(&run.writer);
	subject_close(&run.subject);
	if (!status)
		subject_remove(&run.subject);
	victim_let_go(&run.victim);
	history_free(&run.history);
	return status;
}
