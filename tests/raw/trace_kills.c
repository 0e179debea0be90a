// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * What was in flight when a server was killed.  A kill counts only if at least
 * one request was on its way to the server or with it: killing an idle server
 * proves nothing.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"
#include "trace.h"

struct kill {
	unsigned long line;
	int pid;
	uint64_t time_us;
	uint64_t settled_us;	/* QUIESCED, FAIL_IO or DEAD; 0 = not seen */
	unsigned int queued, handing, server, committing, slots;
};

static struct kill *kills;
static unsigned int nr_kills;
static int wanted[1024];
static unsigned int nr_wanted;
static unsigned int full_depth;
static int only_dev = -1;

void kills_want(int pid)
{
	if (nr_wanted == raw_array_size(wanted))
		raw_die(RAW_EXIT_USAGE, "too many pids");
	wanted[nr_wanted++] = pid;
}

void kills_full_depth(unsigned int nr)
{
	full_depth = nr;
}

void kills_of_device(int dev)
{
	only_dev = dev;
}

static bool is_wanted(int pid)
{
	unsigned int i;

	for (i = 0; i < nr_wanted; i++)
		if (wanted[i] == pid)
			return true;
	return nr_wanted == 0;
}

static void add_kill(struct checker *c, const struct event *e)
{
	struct kill *k;
	int i;

	kills = realloc(kills, (nr_kills + 1) * sizeof(*kills));
	if (!kills)
		raw_die(RAW_EXIT_FAIL, "no memory");
	k = &kills[nr_kills++];
	memset(k, 0, sizeof(*k));
	k->line = e->line;
	k->pid = e->pid;
	k->time_us = e->time_us;
	for (i = 0; i < TRACE_DEVICES && c->devices[i].is_used; i++) {
		const struct session_view *s = c->devices[i].sessions;

		if (!s || (only_dev >= 0 && c->devices[i].id != only_dev))
			continue;
		k->queued += trace_count(s, SLOT_BIT(QUEUED));
		k->handing += trace_count(s, SLOT_BIT(HANDING));
		k->server += trace_count(s, SLOT_BIT(SERVER) | SLOT_BIT(GETDATA));
		k->committing += trace_count(s, SLOT_BIT(COMMITTING));
		k->slots += trace_count(s, ~0U);
	}
}

void kills_event(struct checker *c, const struct event *e)
{
	unsigned int i;

	if (e->type == EVENT_SIGNAL && e->value == 9 && is_wanted(e->pid))
		add_kill(c, e);
	if (e->type != EVENT_STATE || !strcmp(e->to, "LIVE") ||
	    (only_dev >= 0 && e->dev != only_dev))
		return;
	for (i = nr_kills; i-- > 0 && !kills[i].settled_us; )
		kills[i].settled_us = e->time_us;
}

static bool counts(const struct kill *k)
{
	return k->queued + k->server > 0;
}

static unsigned int in_flight(const struct kill *k)
{
	return k->queued + k->handing + k->server + k->committing;
}

static bool is_full(const struct kill *k)
{
	unsigned int full = full_depth ? full_depth : k->slots;

	return counts(k) && in_flight(k) >= full;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void print_spread(const char *name, uint64_t *values, unsigned int nr)
{
	if (!nr)
		return;
	qsort(values, nr, sizeof(*values), by_value);
	printf("%s nr=%u min=%" PRIu64 " median=%" PRIu64 " max=%" PRIu64 "\n", name, nr, values[0],
	       values[nr / 2], values[nr - 1]);
}

static void print_spreads(void)
{
	uint64_t *values = calloc(nr_kills + 1, sizeof(*values));
	unsigned int i, nr = 0;

	if (!values)
		raw_die(RAW_EXIT_FAIL, "no memory");
	for (i = 0; i < nr_kills; i++)
		values[i] = in_flight(&kills[i]);
	print_spread("in_flight", values, nr_kills);
	for (i = 0; i < nr_kills; i++)
		if (kills[i].settled_us)
			values[nr++] = kills[i].settled_us - kills[i].time_us;
	print_spread("kill_to_settled_us", values, nr);
	free(values);
}

unsigned long kills_counted(void)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < nr_kills; i++)
		nr += counts(&kills[i]);
	return nr;
}

void kills_report(bool is_listed)
{
	unsigned int nr_full = 0, nr_queued = 0, i;

	for (i = 0; i < nr_kills; i++) {
		const struct kill *k = &kills[i];
		int64_t settled = k->settled_us ? (int64_t)(k->settled_us - k->time_us) : -1;

		nr_full += is_full(k);
		nr_queued += k->queued > 0;
		if (is_listed)
			printf("kill line=%lu pid=%d queued=%u handing=%u server=%u committing=%u "
			       "slots=%u counts=%d settled_us=%" PRId64 "\n", k->line, k->pid,
			       k->queued, k->handing, k->server, k->committing, k->slots, counts(k),
			       settled);
	}
	print_spreads();
	printf("kills=%u counted=%lu full_depth=%u with_queued=%u\n", nr_kills, kills_counted(),
	       nr_full, nr_queued);
}
