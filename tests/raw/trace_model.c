// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The devices, sessions and slots that a trace tells of. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"
#include "trace.h"

static const char *const slot_names[NR_SLOT_STATES] = {
	[SLOT_UNKNOWN] = "?",
	[SLOT_FREE] = "FREE",
	[SLOT_FETCHING] = "FETCHING",
	[SLOT_READY] = "READY",
	[SLOT_LOOKING] = "LOOKING",
	[SLOT_QUEUED] = "QUEUED",
	[SLOT_HANDING] = "HANDING",
	[SLOT_GETDATA] = "GETDATA",
	[SLOT_SERVER] = "SERVER",
	[SLOT_COMMITTING] = "COMMITTING",
	[SLOT_ABORTED] = "ABORTED",
	[SLOT_ABANDONED] = "ABANDONED",
	[SLOT_REAPING] = "REAPING",
	[SLOT_CLOSED] = "CLOSED",
};

const char *trace_slot_name(enum slot_state state)
{
	return slot_names[state];
}

enum slot_state trace_slot_state(const char *name)
{
	int i;

	for (i = 0; i < NR_SLOT_STATES; i++)
		if (!strcmp(name, slot_names[i]))
			return i;
	return SLOT_UNKNOWN;
}

void trace_violation(struct checker *c, const char *rule, const char *format, ...)
{
	va_list args;

	/* the first few tell the story, the rest is its consequence */
	if (c->totals.violations++ >= 20)
		return;
	printf("reject: %s: %s:%lu: ", rule, c->file, c->event->line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

struct device_view *trace_device(struct checker *c, int id)
{
	int i;

	for (i = 0; i < TRACE_DEVICES; i++) {
		struct device_view *dev = &c->devices[i];

		if (dev->is_used && dev->id == id)
			return dev;
		if (!dev->is_used) {
			dev->is_used = true;
			dev->id = id;
			return dev;
		}
	}
	raw_die(RAW_EXIT_FAIL, "more than %d devices in one trace", TRACE_DEVICES);
}

/* Also for a number that was used before: the device was deleted and added anew. */
struct session_view *trace_new_session(struct device_view *dev, unsigned int seq)
{
	struct session_view *s = calloc(1, sizeof(*s));

	if (!s)
		raw_die(RAW_EXIT_FAIL, "no memory");
	s->seq = seq;
	s->next = dev->sessions;
	dev->sessions = s;
	return s;
}

struct session_view *trace_session(struct device_view *dev, unsigned int seq)
{
	struct session_view *s;

	for (s = dev->sessions; s; s = s->next)
		if (s->seq == seq)
			return s;
	return trace_new_session(dev, seq);
}

struct slot_view *trace_slot(struct session_view *s, int q, int tag)
{
	if (q < 0 || q >= TRACE_QUEUES || tag < 0 || tag > 4095)
		raw_die(RAW_EXIT_FAIL, "slot %d.%d in the trace", q, tag);
	if ((unsigned int)tag >= s->nr_tags[q]) {
		unsigned int nr = tag + 1;
		struct slot_view *slots = realloc(s->slots[q], nr * sizeof(*slots));

		if (!slots)
			raw_die(RAW_EXIT_FAIL, "no memory");
		memset(slots + s->nr_tags[q], 0, (nr - s->nr_tags[q]) * sizeof(*slots));
		s->slots[q] = slots;
		s->nr_tags[q] = nr;
	}
	return &s->slots[q][tag];
}

/* how many slots are in one of these states (SLOT_BIT) */
unsigned int trace_count(const struct session_view *s, unsigned int states)
{
	unsigned int q, tag, nr = 0;

	for (q = 0; q < TRACE_QUEUES; q++)
		for (tag = 0; tag < s->nr_tags[q]; tag++)
			nr += states >> s->slots[q][tag].state & 1;
	return nr;
}

void trace_free(struct checker *c)
{
	int i, q;

	for (i = 0; i < TRACE_DEVICES; i++) {
		struct session_view *s = c->devices[i].sessions;

		while (s) {
			struct session_view *next = s->next;

			for (q = 0; q < TRACE_QUEUES; q++)
				free(s->slots[q]);
			free(s);
			s = next;
		}
	}
}
