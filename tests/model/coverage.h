/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Part of pan: which edges of the driver's tables the search took, and how often each property was
 * asked. Not part of the state; printed when pan ends, for check.sh.
 */
#ifndef MODEL_COVERAGE_H
#define MODEL_COVERAGE_H

#include <stdio.h>
#include <stdlib.h>

static unsigned char slot_edges_taken[UBLK_NR_SLOT_STATES][UBLK_NR_SLOT_STATES];
static unsigned char phase_edges_taken[UBLK_NR_PHASES][UBLK_NR_PHASES];
static unsigned char state_edges_taken[UBLK_NR_STATES][UBLK_NR_STATES];

static unsigned long property_once, property_command, property_stop, property_quiesced,
	property_monitor, property_table;

static inline void slot_edge(int from, int to)
{
	slot_edges_taken[from][to] = 1;
}

static inline void phase_edge(int from, int to)
{
	phase_edges_taken[from][to] = 1;
}

static inline void state_edge(int from, int to)
{
	state_edges_taken[from][to] = 1;
}

/* One line for each, before pan's own report. */
static void print_coverage(void)
{
	int i, j;

	for (i = 0; i < UBLK_NR_SLOT_STATES; i++)
		for (j = 0; j < UBLK_NR_SLOT_STATES; j++)
			if (slot_edges_taken[i][j])
				printf("edge: slot %s %s\n", ublk_slot_state_name(i),
				       ublk_slot_state_name(j));
	for (i = 0; i < UBLK_NR_PHASES; i++)
		for (j = 0; j < UBLK_NR_PHASES; j++)
			if (phase_edges_taken[i][j])
				printf("edge: phase %s %s\n", ublk_phase_name(i),
				       ublk_phase_name(j));
	for (i = 0; i < UBLK_NR_STATES; i++)
		for (j = 0; j < UBLK_NR_STATES; j++)
			if (state_edges_taken[i][j])
				printf("edge: state %s %s\n", ublk_state_name(i),
				       ublk_state_name(j));
	printf("property: once %lu\nproperty: command %lu\nproperty: stop %lu\n", property_once,
	       property_command, property_stop);
	printf("property: quiesced %lu\nproperty: monitor %lu\nproperty: table %lu\n",
	       property_quiesced, property_monitor, property_table);
}

static void __attribute__((constructor)) arrange_coverage(void)
{
	atexit(print_coverage);
}

#endif /* MODEL_COVERAGE_H */
