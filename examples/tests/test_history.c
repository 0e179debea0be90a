// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A history tells the judge the same from its file as it did live; and the schedule repeats. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "history.h"
#include "plan.h"

#define BLOCK ((size_t)512)
#define BLOCKS 16

static char dir[] = "/tmp/history_XXXXXX", path[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/log", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void hear(const struct finding *finding, void *user)
{
	unsigned int *heard = user;

	heard[finding->verdict]++;
}

static void begin(struct history *history, unsigned int *heard)
{
	memset(history, 0, sizeof(*history));
	memset(heard, 0, VERDICT_NR * sizeof(*heard));
	history->head.owner.run = 99;
	history->head.seed = 5;
	history->head.nr = BLOCKS;
	history->head.block_bytes = BLOCK;
	history->say = hear;
	history->user = heard;
}

static uint64_t write_blocks(struct history *history, uint64_t block, uint32_t nr, char *data)
{
	uint64_t op = history_issue(history, JUDGE_WRITE, 0, block, nr);
	uint32_t i;

	assert_int_not_equal(op, 0);
	for (i = 0; i < nr; i++)
		stamp_make(data + (block + i) * BLOCK, BLOCK, &history->head.owner, block + i, op);
	assert_int_not_equal(history_end(history, op, 0), 0);
	return op;
}

static void read_back(struct history *history, const char *data)
{
	uint64_t op = history_issue(history, JUDGE_READ, 0, 0, BLOCKS);

	assert_int_not_equal(history_found(history, op, 0, BLOCKS, data), 0);
	assert_int_not_equal(history_end(history, op, 0), 0);
}

static void same_from_the_file(void **state)
{
	const struct finding error = { .verdict = VERDICT_IO_ERROR, .error = EIO };
	unsigned int live[VERDICT_NR], again[VERDICT_NR];
	static char data[BLOCKS * BLOCK], old[BLOCK];
	struct history history;

	(void)state;
	begin(&history, live);
	assert_int_equal(history_begin(&history, path, "--id\0007", 7), 0);
	write_blocks(&history, 0, BLOCKS, data);
	read_back(&history, data);
	assert_int_equal(live[VERDICT_LOST_WRITE], 0);
	memcpy(old, data + 3 * BLOCK, BLOCK);
	write_blocks(&history, 2, 4, data);
	history_crash_begins(&history);
	history_kill(&history, 3, 4);
	history_kill(&history, 0, 4);
	history_crash_ends(&history);
	memcpy(data + 3 * BLOCK, old, BLOCK);			/* lost */
	memcpy(data + 7 * BLOCK, data + 8 * BLOCK, BLOCK);	/* misplaced */
	memset(data + 9 * BLOCK + BLOCK / 2, 0, BLOCK / 2);	/* torn */
	memset(data + 10 * BLOCK, 0, 2 * BLOCK);
	data[12 * BLOCK] ^= 1;
	read_back(&history, data);
	history_violation(&history, &error);
	assert_int_equal(live[VERDICT_LOST_WRITE], 1);
	assert_int_equal(live[VERDICT_WRONG_BLOCK], 1);
	assert_int_equal(live[VERDICT_TORN_BLOCK], 2);
	assert_int_equal(live[VERDICT_STRAY_ZEROES], 2);
	assert_int_equal(live[VERDICT_IO_ERROR], 1);
	assert_int_equal(history.nr_kills, 2);
	assert_int_equal(history.nr_counted, 1);
	history_free(&history);

	begin(&history, again);
	assert_int_equal(history_load(&history, path), 0);
	assert_memory_equal(live, again, sizeof(live));
	assert_int_equal(history.head.seed, 5);
	assert_memory_equal(history.text, "--id\0007", 7);
	assert_int_equal(history.nr_counted, 1);
	history_free(&history);

	/* never over an old one */
	begin(&history, live);
	assert_int_equal(history_begin(&history, path, "", 0), -EEXIST);
	history_free(&history);
}

static void not_a_history(void **state)
{
	unsigned int heard[VERDICT_NR];
	struct history history;
	FILE *file;

	(void)state;
	begin(&history, heard);
	assert_int_equal(history_load(&history, "/nonexistent"), -ENOENT);
	history_free(&history);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("ublktort and nothing else that one could use, but long enough to be a head; "
	      "so it has to be looked at with care, and the rest is dots ..................", file);
	fclose(file);
	begin(&history, heard);
	assert_int_equal(history_load(&history, path), -EBADMSG);
	history_free(&history);
}

static void schedule(void **state)
{
	struct plan_options options = { .seed = 42, .first = 100, .nr = 64, .min = 1, .max = 16 };
	struct plan a, b;
	struct step x, y;
	int seen[5] = { 0 }, i;

	(void)state;
	assert_int_equal(plan_parse_mix("write=3,read=2,flush=1,fua=1,discard=1,zeroes=1",
					options.share), 0);
	plan_init(&a, &options);
	plan_init(&b, &options);
	for (i = 0; i < 20000; i++) {
		plan_next(&a, &x);
		plan_next(&b, &y);
		/* a kill is drawn for here or there: that changes no step */
		if (i % 7 == 0)
			plan_random(&b, 100);
		assert_memory_equal(&x, &y, sizeof(x));
		seen[x.kind]++;
		if (x.kind == JUDGE_FLUSH)
			continue;
		assert_in_range(x.nr, 1, 16);
		assert_in_range(x.block, 100, 163);
		assert_in_range(x.block + x.nr, 101, 164);
	}
	for (i = 0; i < 5; i++)
		assert_true(seen[i] > 500);
	options.seed++;
	plan_init(&b, &options);
	plan_next(&a, &x);
	plan_next(&b, &y);
	assert_memory_not_equal(&x, &y, sizeof(x));
}

static void mix(void **state)
{
	static const char *const bad[] = {
		"", "write", "write=", "write=-1", "wrote=1", "write=1,,x=2", "write=0", "read=1x",
	};
	uint32_t share[SHARE_NR];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(plan_parse_mix(bad[i], share), -EINVAL);
	assert_int_equal(plan_parse_mix("read=7", share), 0);
	assert_int_equal(share[SHARE_READ], 7);
	assert_int_equal(share[SHARE_WRITE], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_from_the_file),
		cmocka_unit_test(not_a_history),
		cmocka_unit_test(schedule),
		cmocka_unit_test(mix),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
