/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * ublk-trace-check: reads the text of a trace and judges the crash path.
 *
 * trace_parse.c turns lines into events; trace_model.c keeps devices, sessions
 * and slots; trace_slots.c and trace_steps.c hold the rules; trace_kills.c tells
 * what was in flight when a server was killed.  The rules are written down from
 * DESIGN.md 4.2 and PROTOCOL.md, not from the module: they have to notice when
 * the module's own tables are wrong.
 */
#ifndef UBLK_TESTS_RAW_TRACE_H
#define UBLK_TESTS_RAW_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TRACE_NAME	24
#define TRACE_QUEUES	64
#define TRACE_DEVICES	64

enum event_type {
	EVENT_NONE,		/* not one of ours */
	EVENT_STATE, EVENT_SESSION, EVENT_SLOT, EVENT_DISPATCH, EVENT_COMMIT, EVENT_ABORT,
	EVENT_REQUEUE, EVENT_CMD_DONE, EVENT_STEP, EVENT_SIGNAL,
	EVENT_LOST,		/* the ring buffer overflowed here */
};

struct event {
	enum event_type type;
	unsigned long line;
	uint64_t time_us;
	int task;			/* who ran when it was traced */
	int dev, q, tag, value;		/* value: result, step's value, signal */
	unsigned int session;
	int pid;			/* of EVENT_SIGNAL: who gets it */
	char from[TRACE_NAME], to[TRACE_NAME];	/* EVENT_STEP: actor, step */
	char action[TRACE_NAME];
};

enum slot_state {
	SLOT_UNKNOWN,			/* traced from the middle of its life */
	SLOT_FREE, SLOT_FETCHING, SLOT_READY, SLOT_LOOKING, SLOT_QUEUED, SLOT_HANDING,
	SLOT_GETDATA, SLOT_SERVER, SLOT_COMMITTING, SLOT_ABORTED, SLOT_ABANDONED, SLOT_REAPING,
	SLOT_CLOSED,
	NR_SLOT_STATES
};

/* does the driver have a command of this slot? */
enum held { HELD_UNKNOWN, HELD_NO, HELD_YES };

/* so many changes of owner can overtake one whose winner was interrupted before it traced */
#define SLOT_PENDING	3

struct slot_view {
	enum slot_state state;
	enum held held;
	bool is_early;			/* its ABORT came before the slot's change was traced */
	bool was_parked;		/* ublk_requeue since the request came */
	bool must_park;			/* ublk_abort said requeue, not seen yet */
	/* changes traced before the one that led to them, in no order */
	unsigned int nr_pending;
	struct { enum slot_state from, to; } pending[SLOT_PENDING];
};

struct session_view {
	struct session_view *next;	/* older one of the same device */
	unsigned int seq;
	char phase[TRACE_NAME];
	unsigned int nr_tags[TRACE_QUEUES];
	struct slot_view *slots[TRACE_QUEUES];
	/* the monitor's steps: over the session's life, and in its present pass */
	bool has_gone, has_closed, has_quiesced, has_checked, has_retired, has_changed_state;
	bool in_pass, pass_checked;
	bool by_stop;			/* closed by STOP, not by the monitor */
};

struct device_view {
	bool is_used;
	int id;
	char state[TRACE_NAME];
	struct session_view *sessions;	/* latest first */
	int stoppers;
	/* since the first of the STOPs under way */
	bool is_cancelled, has_force, has_del, has_disk_gone, has_abort_off;
	/* the monitor scheduled a STOP because the server died (recovery off) */
	bool stop_scheduled;
};

struct totals {
	unsigned long lines, events, violations, lost;
	unsigned long retired, quiesced, failed_over, stops, crash_stops;
	unsigned long late_done;	/* commands that ended after RETIRED */
};

struct checker {
	struct device_view devices[TRACE_DEVICES];
	struct totals totals;
	const char *file;
	bool check_order;
	const struct event *event;	/* being looked at, for messages */
};

/* trace_parse.c: false at the end of the file */
bool trace_next(FILE *file, struct event *event);

/* trace_model.c */
void trace_violation(struct checker *c, const char *rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct device_view *trace_device(struct checker *c, int id);
struct session_view *trace_session(struct device_view *dev, unsigned int seq);
struct session_view *trace_new_session(struct device_view *dev, unsigned int seq);
struct slot_view *trace_slot(struct session_view *s, int q, int tag);
const char *trace_slot_name(enum slot_state state);
enum slot_state trace_slot_state(const char *name);
unsigned int trace_count(const struct session_view *s, unsigned int states);
void trace_free(struct checker *c);

#define SLOT_BIT(state)		(1U << SLOT_##state)

/* trace_slots.c */
void check_slot(struct checker *c, const struct event *e);
void check_slots_end(struct checker *c);
void check_cmd_done(struct checker *c, const struct event *e);
void check_abort(struct checker *c, const struct event *e);
void check_requeue(struct checker *c, const struct event *e);

/* trace_steps.c */
void check_step(struct checker *c, const struct event *e);
void check_state(struct checker *c, const struct event *e);
void check_session(struct checker *c, const struct event *e);

/* trace_kills.c */
void kills_want(int pid);
void kills_full_depth(unsigned int nr);
void kills_of_device(int dev);
void kills_event(struct checker *c, const struct event *e);
void kills_report(bool is_listed);
unsigned long kills_counted(void);

#endif
