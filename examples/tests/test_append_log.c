// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Appends that a death left unanswered: found once more, for a while, and only those. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "append_log.h"

static struct append_entry entries[APPEND_LOG_ENTRIES];
static struct append_log alog;

static int setup(void **state)
{
	(void)state;
	memset(entries, 0, sizeof(entries));
	append_log_adopt(&alog, entries, false, 4);
	return 0;
}

static bool found(uint32_t zone, uint64_t len, uint64_t written, uint64_t *offset)
{
	int entry = 0;

	return append_log_find(&alog, zone, len, written, &entry, offset);
}

static void what_was_answered_is_not_found(void **state)
{
	uint64_t offset;

	(void)state;
	append_log_end(&alog, append_log_begin(&alog, 3, 4096, 4096));
	append_log_begin(&alog, 4, 0, 4096);
	/* one's own is no suspect */
	assert_false(found(4, 4096, 4096, &offset));
	append_log_adopt(&alog, entries, true, 4);
	assert_false(found(3, 4096, 8192, &offset));
	assert_true(found(4, 4096, 4096, &offset));
	assert_int_equal(offset, 0);
}

static void zone_length_and_pointer_have_to_fit(void **state)
{
	uint64_t offset;

	(void)state;
	append_log_begin(&alog, 1, 8192, 4096);
	append_log_adopt(&alog, entries, true, 4);
	assert_false(found(2, 4096, 65536, &offset));
	assert_false(found(1, 8192, 65536, &offset));
	/* the pointer had not moved */
	assert_false(found(1, 4096, 8192, &offset));
	assert_false(found(1, 4096, 0, &offset));
	assert_true(found(1, 4096, 12288, &offset));
	assert_int_equal(offset, 8192);
	append_log_forget(&alog, 2);
	assert_true(found(1, 4096, 12288, &offset));
	append_log_forget(&alog, 1);
	assert_false(found(1, 4096, 12288, &offset));
	assert_int_equal(atomic_load(&entries[0].owner), 0);
}

static void several_of_a_kind_are_told_apart_by_the_caller(void **state)
{
	uint64_t offset;
	int entry = 0;

	(void)state;
	append_log_begin(&alog, 1, 0, 4096);
	append_log_begin(&alog, 1, 4096, 4096);
	append_log_adopt(&alog, entries, true, 4);
	assert_true(append_log_find(&alog, 1, 4096, 8192, &entry, &offset));
	assert_int_equal(offset, 0);
	entry++;
	assert_true(append_log_find(&alog, 1, 4096, 8192, &entry, &offset));
	assert_int_equal(offset, 4096);
	append_log_end(&alog, entry);
	assert_false(append_log_find(&alog, 1, 4096, 8192, &entry, &offset));
}

static void a_second_death_loses_none(void **state)
{
	uint64_t offset;

	(void)state;
	append_log_begin(&alog, 1, 0, 4096);
	append_log_adopt(&alog, entries, true, 4);
	/* new ones do not take its place */
	assert_int_equal(append_log_begin(&alog, 2, 0, 512), 1);
	append_log_adopt(&alog, entries, true, 4);
	assert_true(found(1, 4096, 4096, &offset));
	assert_true(found(2, 512, 512, &offset));
}

static void patience_ends(void **state)
{
	uint64_t offset;

	(void)state;
	append_log_begin(&alog, 1, 0, 4096);
	append_log_adopt(&alog, entries, true, 4);
	for (int i = 0; i < 4; i++)
		append_log_count(&alog);
	assert_true(found(1, 4096, 4096, &offset));
	append_log_count(&alog);
	assert_false(found(1, 4096, 4096, &offset));
	/* and a disk that is switched on has none */
	append_log_begin(&alog, 1, 0, 4096);
	append_log_adopt(&alog, entries, false, 4);
	append_log_adopt(&alog, entries, true, 4);
	assert_false(found(1, 4096, 4096, &offset));
}

static void a_full_log_is_no_error(void **state)
{
	(void)state;
	for (unsigned i = 0; i < APPEND_LOG_ENTRIES; i++)
		assert_int_equal(append_log_begin(&alog, i, 0, 512), i);
	assert_int_equal(append_log_begin(&alog, 0, 0, 512), -1);
	append_log_end(&alog, -1);
	append_log_end(&alog, 7);
	assert_int_equal(append_log_begin(&alog, 0, 0, 512), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_answered_is_not_found, setup),
		cmocka_unit_test_setup(zone_length_and_pointer_have_to_fit, setup),
		cmocka_unit_test_setup(several_of_a_kind_are_told_apart_by_the_caller, setup),
		cmocka_unit_test_setup(a_second_death_loses_none, setup),
		cmocka_unit_test_setup(patience_ends, setup),
		cmocka_unit_test_setup(a_full_log_is_no_error, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
