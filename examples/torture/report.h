/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What came of a run, for people and for programs. */
#ifndef EXAMPLES_TORTURE_REPORT_H
#define EXAMPLES_TORTURE_REPORT_H

#include "history.h"
#include "settings.h"
#include "writer.h"

#define REPORT_FIRST 16

enum report_status {
	STATUS_GOOD = 0,
	STATUS_VIOLATIONS = 1,
	STATUS_SETUP = 2,
	STATUS_HUNG = 3,
};

struct report {
	const struct settings *settings;
	const struct history *history;
	const struct writer_counts *counts;	/* NULL: nothing was written in this run */
	uint64_t verdicts[VERDICT_NR];
	struct finding first[REPORT_FIRST];
	unsigned int nr_first;
	uint64_t rounds, died_itself;
	int is_counted_by_module;
	int is_hung;
	char sentence[320];			/* why it hung, or did not begin */
};

/* One thing that was found; @report is the user pointer of the history. */
void report_finding(const struct finding *finding, void *user);

/* All violations. */
uint64_t report_violations(const struct report *report);

/* Prints the verdict; @status is what the program will end with. */
void report_print(const struct report *report, int status);

#endif
