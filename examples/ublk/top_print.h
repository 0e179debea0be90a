/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* A sample as a table, as JSON, as Prometheus' text. */
#ifndef UBLK_TOP_PRINT_H
#define UBLK_TOP_PRINT_H

#include <stdio.h>

#include "top_sample.h"

struct json_object;

/* At most @lines lines (0: all) of at most @columns characters (0: all), each ended by @eol. */
void top_print_table(FILE *out, const struct top_sample *before, const struct top_sample *after,
		     int lines, int columns, const char *eol);

struct json_object *top_json(const struct top_sample *before, const struct top_sample *after);

/* Text exposition format 0.0.4: counters since the device was made, no rates. */
void top_print_prometheus(FILE *out, const struct top_sample *sample);

#endif
