/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Fields of the control structures by name, to set and to print them. */
#ifndef UBLK_TESTS_RAW_FIELDS_H
#define UBLK_TESTS_RAW_FIELDS_H

#include <stdbool.h>

#include "raw.h"

struct field {
	const char *name;
	unsigned short offset;
	unsigned short size;
};

extern const struct field header_fields[];	/* struct ublksrv_ctrl_cmd */
extern const struct field info_fields[];	/* struct ublksrv_ctrl_dev_info */
extern const struct field param_fields[];	/* struct ublk_params */

/* "name=value" into the structure; leave with RAW_EXIT_USAGE if there is no such field */
void field_set(const struct field *table, void *structure, const char *assignment);
/* one "name=value" line for each field */
void field_print(const struct field *table, const void *structure);

#endif
