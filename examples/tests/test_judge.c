// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The judge of ublk-torture against histories made up for each verdict, guilty and innocent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "judge_game.h"

static void stamps(void **state)
{
	const struct stamp_owner other_run = { owner.uuid, owner.run + 1 };
	const struct stamp_owner other_disk = { { { 8 } }, owner.run };
	uint64_t data[BLOCK / 8];
	struct stamp stamp;
	size_t i;

	(void)state;
	stamp_make(data, BLOCK, &owner, 5, 99);
	stamp_read(data, BLOCK, &owner, &stamp);
	assert_int_equal(stamp.kind, STAMP_WHOLE);
	assert_int_equal(stamp.block, 5);
	assert_int_equal(stamp.write, 99);
	stamp_read(data, BLOCK, &other_run, &stamp);
	assert_int_equal(stamp.kind, STAMP_ALIEN);
	stamp_read(data, BLOCK, &other_disk, &stamp);
	assert_int_not_equal(stamp.kind, STAMP_WHOLE);
	/* every bit counts */
	for (i = 0; i < BLOCK * 8; i++) {
		data[i / 64] ^= UINT64_C(1) << i % 64;
		stamp_read(data, BLOCK, &owner, &stamp);
		assert_int_not_equal(stamp.kind, STAMP_WHOLE);
		data[i / 64] ^= UINT64_C(1) << i % 64;
	}
	memset(data, 0, sizeof(data));
	stamp_read(data, BLOCK, &owner, &stamp);
	assert_int_equal(stamp.kind, STAMP_ZERO);
	data[BLOCK / 8 - 1] = 1;
	stamp_read(data, BLOCK, &owner, &stamp);
	assert_int_equal(stamp.kind, STAMP_ALIEN);
}

static void last_one_is_there(void **state)
{
	uint64_t a, b;

	(void)state;
	begin(0);
	assert_int_equal(finds(0, ZEROS), VERDICT_GOOD);	/* before it was written to */
	a = did(JUDGE_WRITE, 0);
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	b = did(JUDGE_WRITE, 0);
	assert_int_equal(finds(0, b), VERDICT_GOOD);
	crash();
	assert_int_equal(finds(0, b), VERDICT_GOOD);
}

static void lost_write(void **state)
{
	uint64_t a, b;

	(void)state;
	begin(0);
	a = did(JUDGE_WRITE, 0);
	b = did(JUDGE_WRITE, 0);
	assert_int_equal(finds(0, a), VERDICT_LOST_WRITE);
	/* told once, and again only after the block has been written again */
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	did(JUDGE_WRITE, 0);
	assert_int_equal(finds(0, b), VERDICT_LOST_WRITE);
	/* the content before the first write */
	begin(0);
	did(JUDGE_WRITE, 1);
	assert_int_equal(finds(1, ZEROS), VERDICT_STRAY_ZEROES);
}

static void lost_by_a_crash(void **state)
{
	uint64_t a;

	(void)state;
	begin(0);
	a = did(JUDGE_WRITE, 0);
	did(JUDGE_WRITE, 0);
	crash();
	assert_int_equal(finds(0, a), VERDICT_LOST_WRITE);
}

static void one_of_a_long_past(void **state)
{
	uint64_t a;
	int i;

	(void)state;
	begin(0);
	a = did(JUDGE_WRITE, 0);
	for (i = 0; i < 100; i++)
		did(JUDGE_WRITE, 0);
	assert_int_equal(finds(0, a), VERDICT_LOST_WRITE);
}

static void roll_back(void **state)
{
	uint64_t a, b;

	(void)state;
	begin(0);
	a = did(JUDGE_WRITE, 0);
	b = did(JUDGE_WRITE, 0);
	assert_int_equal(finds(0, b), VERDICT_GOOD);
	assert_int_equal(finds(0, a), VERDICT_ROLL_BACK);
	/* with two writes that raced the first read decides */
	begin(0);
	a = issue(JUDGE_WRITE, 0);
	b = issue(JUDGE_WRITE, 0);
	good(b);
	good(a);
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	assert_int_equal(finds(0, b), VERDICT_ROLL_BACK);
}

static void either_of_two_that_race(void **state)
{
	uint64_t a, b, c;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		begin(0);
		c = did(JUDGE_WRITE, 0);
		a = issue(JUDGE_WRITE, 0);
		b = issue(JUDGE_WRITE, 0);
		good(i ? a : b);
		good(i ? b : a);
		assert_int_equal(finds(0, i ? a : b), VERDICT_GOOD);
		assert_int_equal(finds(0, c), VERDICT_ROLL_BACK);
	}
}

/* Under way it may be applied once more: that is what reissue does. */
static void unfinished_may_come_again(void **state)
{
	uint64_t a, b, c;

	(void)state;
	begin(0);
	a = issue(JUDGE_WRITE, 0);
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	b = did(JUDGE_WRITE, 0);
	assert_int_equal(finds(0, b), VERDICT_GOOD);
	crash();
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	good(a);
	/* but b has ended before that was seen */
	assert_int_equal(finds(0, b), VERDICT_ROLL_BACK);
	/* and a after its own end must not come again */
	begin(0);
	a = issue(JUDGE_WRITE, 0);
	crash();
	good(a);
	c = did(JUDGE_WRITE, 0);
	assert_int_equal(finds(0, c), VERDICT_GOOD);
	assert_int_equal(finds(0, a), VERDICT_ROLL_BACK);
}

static void reads_race_with_writes(void **state)
{
	uint64_t a, b, read, early;

	(void)state;
	begin(0);
	a = did(JUDGE_WRITE, 0);
	read = issue(JUDGE_READ, 0);
	early = issue(JUDGE_READ, 0);
	b = did(JUDGE_WRITE, 0);
	/* issued before b was: it may not have got there yet */
	assert_int_equal(read_ends(read, 0, a), VERDICT_GOOD);
	assert_int_equal(read_ends(early, 0, b), VERDICT_GOOD);
	assert_int_equal(finds(0, a), VERDICT_ROLL_BACK);
}

static void failed_is_unknown(void **state)
{
	uint64_t a, b;

	(void)state;
	begin(0);
	a = did(JUDGE_WRITE, 0);
	b = issue(JUDGE_WRITE, 0);
	judge_crash_begins(judge, ++now);
	failed(b);
	judge_crash_ends(judge, ++now);
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	/* what the dead server had under way must have landed before the next one came */
	assert_int_equal(finds(0, b), VERDICT_ROLL_BACK);
	begin(0);
	a = did(JUDGE_WRITE, 0);
	b = issue(JUDGE_WRITE, 0);
	failed(b);
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	assert_int_equal(finds(0, b), VERDICT_GOOD);
}

static void torn(void **state)
{
	uint64_t a, b;

	(void)state;
	begin(0);
	a = did(JUDGE_WRITE, 0);
	b = did(JUDGE_WRITE, 0);
	assert_int_equal(finds_torn(0, b, a), VERDICT_TORN_BLOCK);
	/* a write that failed half way must not have torn a block either */
	begin(0);
	a = did(JUDGE_WRITE, 0);
	b = issue(JUDGE_WRITE, 0);
	judge_crash_begins(judge, ++now);
	failed(b);
	judge_crash_ends(judge, ++now);
	assert_int_equal(finds_torn(0, b, a), VERDICT_TORN_BLOCK);
	/* but nobody orders writes that race, or a read and a write */
	begin(0);
	did(JUDGE_WRITE, 0);
	a = issue(JUDGE_WRITE, 0);
	b = issue(JUDGE_WRITE, 0);
	good(a);
	assert_int_equal(finds_torn(0, a, b), VERDICT_EXCUSED);
	good(b);
	assert_int_equal(finds_torn(0, a, b), VERDICT_EXCUSED);
	did(JUDGE_WRITE, 0);
	assert_int_equal(finds_torn(0, a, b), VERDICT_TORN_BLOCK);
}

static void wrong_block(void **state)
{
	struct stamp stamp;
	uint64_t a, read;

	(void)state;
	begin(0);
	a = did(JUDGE_WRITE, 2);
	did(JUDGE_WRITE, 3);
	stamp_of(2, a, &stamp);
	read = issue(JUDGE_READ, 3);
	assert_int_equal(judge_found(judge, ++now, read, FIRST + 3, &stamp), VERDICT_WRONG_BLOCK);
	/* even where nothing was ever written */
	assert_int_equal(judge_found(judge, now, read, FIRST + 4, &stamp), VERDICT_WRONG_BLOCK);
	assert_int_equal(finds(2, a), VERDICT_GOOD);
}

static void never_written(void **state)
{
	uint64_t a, read;
	struct stamp alien = { .kind = STAMP_ALIEN };

	(void)state;
	begin(0);
	a = issue(JUDGE_WRITE, 0);
	read = issue(JUDGE_READ, 0);
	assert_int_equal(judge_found(judge, ++now, read, FIRST, &alien), VERDICT_GOOD);
	good(a);
	read = issue(JUDGE_READ, 0);
	assert_int_equal(judge_found(judge, ++now, read, FIRST, &alien), VERDICT_GARBAGE);
	assert_int_equal(finds(1, a), VERDICT_GARBAGE);
}

static void zeroes(void **state)
{
	uint64_t a;

	(void)state;
	begin(0);
	did(JUDGE_WRITE, 0);
	did(JUDGE_ZEROES, 0);
	assert_int_equal(finds(0, ZEROS), VERDICT_GOOD);
	a = did(JUDGE_WRITE, 0);
	did(JUDGE_ZEROES, 0);
	assert_int_equal(finds(0, a), VERDICT_NOT_ZEROED);
	begin(0);
	did(JUDGE_WRITE, 0);
	did(JUDGE_ZEROES, 0);
	did(JUDGE_WRITE, 0);
	assert_int_equal(finds(0, ZEROS), VERDICT_LOST_WRITE);
	begin(0);
	did(JUDGE_WRITE, 0);
	did(JUDGE_WRITE, 1);
	did(JUDGE_ZEROES, 1);
	assert_int_equal(finds(0, ZEROS), VERDICT_STRAY_ZEROES);
}

static void discards(void **state)
{
	uint64_t a;

	(void)state;
	begin(0);
	a = did(JUDGE_WRITE, 0);
	did(JUDGE_DISCARD, 0);
	assert_int_equal(finds(0, a), VERDICT_GOOD);
	/* decided now */
	assert_int_equal(finds(0, ZEROS), VERDICT_ROLL_BACK);
	begin(0);
	a = did(JUDGE_WRITE, 0);
	did(JUDGE_DISCARD, 0);
	assert_int_equal(finds(0, ZEROS), VERDICT_GOOD);
	assert_int_equal(finds(0, a), VERDICT_ROLL_BACK);
	begin(0);
	did(JUDGE_WRITE, 0);
	did(JUDGE_WRITE, 1);
	did(JUDGE_DISCARD, 1);
	assert_int_equal(finds(0, ZEROS), VERDICT_STRAY_ZEROES);
}

static void damaged_history(void **state)
{
	(void)state;
	begin(0);
	assert_int_not_equal(judge_issue(judge, 1, JUDGE_WRITE, 0, FIRST + BLOCKS, 1), 0);
	assert_int_not_equal(judge_issue(judge, 1, JUDGE_WRITE, 0, FIRST, BLOCKS + 1), 0);
	assert_int_not_equal(judge_issue(judge, 1, JUDGE_WRITE, 0, FIRST - 1, 1), 0);
	assert_int_not_equal(judge_issue(judge, 1, 17, 0, FIRST, 1), 0);
	assert_int_not_equal(judge_end(judge, 2, 1, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps),
		cmocka_unit_test_teardown(last_one_is_there, end),
		cmocka_unit_test_teardown(lost_write, end),
		cmocka_unit_test_teardown(lost_by_a_crash, end),
		cmocka_unit_test_teardown(one_of_a_long_past, end),
		cmocka_unit_test_teardown(roll_back, end),
		cmocka_unit_test_teardown(either_of_two_that_race, end),
		cmocka_unit_test_teardown(unfinished_may_come_again, end),
		cmocka_unit_test_teardown(reads_race_with_writes, end),
		cmocka_unit_test_teardown(failed_is_unknown, end),
		cmocka_unit_test_teardown(torn, end),
		cmocka_unit_test_teardown(wrong_block, end),
		cmocka_unit_test_teardown(never_written, end),
		cmocka_unit_test_teardown(zeroes, end),
		cmocka_unit_test_teardown(discards, end),
		cmocka_unit_test_teardown(damaged_history, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
