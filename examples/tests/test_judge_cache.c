// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The judge where the server has a cache that dies with it: flush, FUA, and who answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "judge_game.h"

static void cache_that_dies(void **state)
{
	uint64_t a, b, c;

	(void)state;
	begin(JUDGE_VOLATILE);
	a = did(JUDGE_WRITE, 0);
	did(JUDGE_FLUSH, 0);
	b = did(JUDGE_WRITE, 0);
	/* while the server lives its cache counts */
	assert_int_equal(finds(0, b), VERDICT_GOOD);
	crash();
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	assert_int_equal(finds(0, b), VERDICT_ROLL_BACK);
	/* what lies between the flush and the crash may be there or not, any of it */
	begin(JUDGE_VOLATILE);
	did(JUDGE_WRITE, 0);
	did(JUDGE_FLUSH, 0);
	b = did(JUDGE_WRITE, 0);
	c = did(JUDGE_WRITE, 0);
	crash();
	assert_int_equal(finds(0, b), VERDICT_GOOD);
	assert_int_equal(finds(0, c), VERDICT_ROLL_BACK);
	/* alive it must not lose anything */
	begin(JUDGE_VOLATILE);
	a = did(JUDGE_WRITE, 0);
	did(JUDGE_WRITE, 0);
	assert_int_equal(finds(0, a), VERDICT_LOST_WRITE);
}

static void flush_ignored(void **state)
{
	uint64_t a, b, flush;

	(void)state;
	begin(JUDGE_VOLATILE);
	a = did(JUDGE_WRITE, 0);
	did(JUDGE_WRITE, 0);
	did(JUDGE_FLUSH, 0);
	crash();
	assert_int_equal(finds(0, a), VERDICT_FLUSH_IGNORED);
	/* it covers what has ended before it was issued, nothing else */
	begin(JUDGE_VOLATILE);
	a = did(JUDGE_WRITE, 0);
	b = issue(JUDGE_WRITE, 0);
	flush = issue(JUDGE_FLUSH, 0);
	good(b);
	good(flush);
	crash();
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	/* and not if it failed */
	begin(JUDGE_VOLATILE);
	a = did(JUDGE_WRITE, 0);
	did(JUDGE_WRITE, 0);
	failed(issue(JUDGE_FLUSH, 0));
	crash();
	assert_int_equal(finds(0, a), VERDICT_GOOD);
}

/* Who answered: the server that has the data in its cache, or the one after it? */
static void flush_across_a_crash(void **state)
{
	uint64_t a, b, flush;

	(void)state;
	begin(JUDGE_VOLATILE);
	a = did(JUDGE_WRITE, 0);
	did(JUDGE_WRITE, 0);
	flush = issue(JUDGE_FLUSH, 0);
	crash();
	good(flush);
	crash();
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	/* the same with an acknowledgement */
	begin(JUDGE_VOLATILE);
	a = did(JUDGE_WRITE, 0);
	b = issue(JUDGE_WRITE, 0);
	crash();
	good(b);
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	/* after it all is as before */
	a = did(JUDGE_WRITE, 0);
	did(JUDGE_WRITE, 0);
	did(JUDGE_FLUSH, 0);
	crash();
	assert_int_equal(finds(0, a), VERDICT_FLUSH_IGNORED);
}

static void fua_ignored(void **state)
{
	uint64_t a, b;

	(void)state;
	begin(JUDGE_VOLATILE);
	a = did(JUDGE_WRITE, 0);
	did_fua(0);
	crash();
	assert_int_equal(finds(0, a), VERDICT_FUA_IGNORED);
	begin(JUDGE_VOLATILE);
	did(JUDGE_WRITE, 0);
	b = did_fua(0);
	crash();
	assert_int_equal(finds(0, b), VERDICT_GOOD);
	/* whoever has answered: it is on the medium */
	begin(JUDGE_VOLATILE);
	a = did(JUDGE_WRITE, 0);
	b = issue_n(JUDGE_WRITE, JUDGE_FUA, 0, 1);
	crash();
	good(b);
	crash();
	assert_int_equal(finds(0, a), VERDICT_FUA_IGNORED);
}

static void crash_in_a_row(void **state)
{
	uint64_t a, b;

	(void)state;
	begin(JUDGE_VOLATILE);
	a = did_fua(0);
	b = issue(JUDGE_WRITE, 0);
	judge_crash_begins(judge, ++now);
	judge_crash_begins(judge, ++now);
	good(b);
	judge_crash_ends(judge, ++now);
	assert_int_equal(finds(0, a), VERDICT_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(cache_that_dies, end),
		cmocka_unit_test_teardown(flush_ignored, end),
		cmocka_unit_test_teardown(flush_across_a_crash, end),
		cmocka_unit_test_teardown(fua_ignored, end),
		cmocka_unit_test_teardown(crash_in_a_row, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
