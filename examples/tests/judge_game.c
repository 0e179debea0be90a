// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Histories in few words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "judge_game.h"

const struct stamp_owner owner = { { { 7, 1, 2 } }, 4711 };
struct judge *judge;
uint64_t now;

void begin(unsigned int flags)
{
	judge_free(judge);
	judge = judge_new(FIRST, BLOCKS, flags);
	assert_non_null(judge);
	now = 0;
}

int end(void **state)
{
	(void)state;
	judge_free(judge);
	judge = NULL;
	return 0;
}

uint64_t issue_n(enum judge_kind kind, unsigned int flags, uint64_t block, uint32_t nr)
{
	assert_int_equal(judge_issue(judge, ++now, kind, flags, FIRST + block, nr), 0);
	return now;
}

uint64_t issue(enum judge_kind kind, uint64_t block)
{
	return issue_n(kind, 0, block, 1);
}

void good(uint64_t op)
{
	assert_int_equal(judge_end(judge, ++now, op, 1), 0);
}

void failed(uint64_t op)
{
	assert_int_equal(judge_end(judge, ++now, op, 0), 0);
}

uint64_t did(enum judge_kind kind, uint64_t block)
{
	uint64_t op = issue(kind, block);

	good(op);
	return op;
}

uint64_t did_fua(uint64_t block)
{
	uint64_t op = issue_n(JUDGE_WRITE, JUDGE_FUA, block, 1);

	good(op);
	return op;
}

void crash(void)
{
	judge_crash_begins(judge, ++now);
	judge_crash_ends(judge, ++now);
}

void stamp_of(uint64_t block, uint64_t write, struct stamp *stamp)
{
	uint64_t data[BLOCK / 8] = { 0 };

	if (write != ZEROS)
		stamp_make(data, BLOCK, &owner, FIRST + block, write);
	stamp_read(data, BLOCK, &owner, stamp);
}

enum verdict read_ends(uint64_t read, uint64_t block, uint64_t write)
{
	enum verdict verdict;
	struct stamp stamp;

	stamp_of(block, write, &stamp);
	verdict = judge_found(judge, ++now, read, FIRST + block, &stamp);
	assert_int_equal(judge_end(judge, now, read, 1), 0);
	return verdict;
}

enum verdict finds(uint64_t block, uint64_t write)
{
	return read_ends(issue(JUDGE_READ, block), block, write);
}

enum verdict finds_torn(uint64_t block, uint64_t head, uint64_t tail)
{
	uint64_t data[BLOCK / 8], other[BLOCK / 8], read = issue(JUDGE_READ, block);
	enum verdict verdict;
	struct stamp stamp;

	stamp_make(data, BLOCK, &owner, FIRST + block, head);
	stamp_make(other, BLOCK, &owner, FIRST + block, tail);
	memcpy((char *)data + BLOCK / 2, (char *)other + BLOCK / 2, BLOCK / 2);
	stamp_read(data, BLOCK, &owner, &stamp);
	assert_int_equal(stamp.kind, STAMP_TORN);
	verdict = judge_found(judge, ++now, read, FIRST + block, &stamp);
	good(read);
	return verdict;
}
