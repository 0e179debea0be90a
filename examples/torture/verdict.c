// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What may be said of a block, or of an I/O. */
#include "verdict.h"

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICT_NR] = {
		"good", "excused", "lost_write", "roll_back", "torn_block", "flush_ignored",
		"fua_ignored", "wrong_block", "not_zeroed", "stray_zeroes", "garbage",
		"unreadable", "io_error",
	};

	return verdict < VERDICT_NR ? names[verdict] : "?";
}

int verdict_is_violation(enum verdict verdict)
{
	return verdict >= VERDICT_LOST_WRITE;
}
