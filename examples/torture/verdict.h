/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What may be said of a block, or of an I/O. */
#ifndef EXAMPLES_TORTURE_VERDICT_H
#define EXAMPLES_TORTURE_VERDICT_H

enum verdict {
	VERDICT_GOOD,
	VERDICT_EXCUSED,	/* torn by writes that race */
	VERDICT_LOST_WRITE,	/* an acknowledged write is not there */
	VERDICT_ROLL_BACK,	/* something newer had been read there */
	VERDICT_TORN_BLOCK,
	VERDICT_FLUSH_IGNORED,	/* lost by a crash after a flush */
	VERDICT_FUA_IGNORED,	/* lost by a crash, though written with FUA */
	VERDICT_WRONG_BLOCK,	/* data of another block */
	VERDICT_NOT_ZEROED,	/* old data after WRITE_ZEROES */
	VERDICT_STRAY_ZEROES,	/* zeros that nobody asked for */
	VERDICT_GARBAGE,	/* nothing that was ever written in this run */
	VERDICT_UNREADABLE,	/* cannot be read back */
	VERDICT_IO_ERROR,	/* an I/O failed that must not */
	VERDICT_NR,
};

/* As in the JSON: "lost_write". */
const char *verdict_name(enum verdict verdict);
/* Anything from VERDICT_LOST_WRITE on. */
int verdict_is_violation(enum verdict verdict);

#endif
