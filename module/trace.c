// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace.c - the one place where the tracepoints are made
 */
#define CREATE_TRACE_POINTS
#include "trace.h"

/* A state that has no name in trace.h would be printed as a number. */
#define UBLK_COUNT(value, name) + 1
static_assert(0 UBLK_STATE_NAMES(UBLK_COUNT, UBLK_COUNT) == UBLK_NR_STATES);
static_assert(0 UBLK_PHASE_NAMES(UBLK_COUNT, UBLK_COUNT) == UBLK_NR_PHASES);
static_assert(0 UBLK_SLOT_NAMES(UBLK_COUNT, UBLK_COUNT) == UBLK_NR_SLOT_STATES);
