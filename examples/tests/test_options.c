// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Command lines from tables, and the form in which they are recorded. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "options.h"

struct values {
	int flag, color, calls;
	int64_t number;
	uint64_t size;
	const char *text, *file, *secret;
};

static int on_call(void *at, const char *value, struct option_error *err)
{
	if (!strcmp(value, "bad"))
		return option_fail(err, "--call cannot be bad");
	++*(int *)at;
	return 0;
}

static const char *const colors[] = { "red", "green", NULL };

#define AT(field) offsetof(struct values, field)
static const struct option_def defs[] = {
	{ .name = "flag", .type = OPTION_FLAG, .offset = AT(flag), .help = "a flag" },
	{ .name = "number", .arg = "N", .type = OPTION_NUMBER, .offset = AT(number), .min = 1,
	  .max = 9, .help = "a number" },
	{ .name = "size", .arg = "BYTES", .type = OPTION_SIZE, .offset = AT(size),
	  .help = "a size" },
	{ .name = "text", .arg = "T", .type = OPTION_TEXT, .offset = AT(text), .help = "a text" },
	{ .name = "file", .arg = "F", .type = OPTION_PATH, .flags = OPTION_REQUIRED,
	  .offset = AT(file), .help = "a file" },
	{ .name = "color", .arg = "C", .type = OPTION_CHOICE, .choices = colors,
	  .offset = AT(color), .help = "a color" },
	{ .name = "call", .arg = "X", .type = OPTION_CALL, .call = on_call, .offset = AT(calls),
	  .help = "a call" },
	{ .name = "secret", .arg = "S", .type = OPTION_TEXT, .flags = OPTION_LOCAL | OPTION_HIDDEN,
	  .offset = AT(secret), .help = "not recorded" },
	{ .name = NULL },
};

/* Parses @argv (NULL-terminated); the caller ends *@opts. */
static int parse(struct options *opts, struct values *values, const char *const *argv)
{
	static struct option_table tables[2];
	int argc = 0;

	memset(opts, 0, sizeof(*opts));
	memset(values, 0, sizeof(*values));
	tables[0].defs = defs;
	tables[0].base = values;
	opts->tables = tables;
	while (argv[argc])
		argc++;
	return options_parse(opts, argc, (char **)argv);
}

static void options_fill(void **state)
{
	static const char *const argv[] = { "first", "--flag", "--number", "7", "--size=4K",
					    "--text", "--dash", "--file", "/a", "--color=green",
					    "--call", "x", "--call=y", "--", "--last", NULL };
	struct options opts;
	struct values values;

	(void)state;
	assert_int_equal(parse(&opts, &values, argv), 0);
	assert_int_equal(values.flag, 1);
	assert_int_equal(values.number, 7);
	assert_int_equal(values.size, 4096);
	assert_string_equal(values.text, "--dash");
	assert_string_equal(values.file, "/a");
	assert_int_equal(values.color, 1);
	assert_int_equal(values.calls, 2);
	assert_int_equal(opts.nr_rest, 2);
	assert_string_equal(opts.rest[0], "first");
	assert_string_equal(opts.rest[1], "--last");
	options_free(&opts);
}

static void options_refuse(void **state)
{
	static const struct {
		const char *const argv[6];
		const char *says;
	} bad[] = {
		{ { "--file=/a", "--nope" }, "no option --nope" },
		{ { "--file=/a", "--number", "x" }, "wants a number" },
		{ { "--file=/a", "--number", "0" }, "1 to 9" },
		{ { "--file=/a", "--number", "10" }, "1 to 9" },
		{ { "--file=/a", "--number" }, "wants N after it" },
		{ { "--file=/a", "--size", "big" }, "wants a size" },
		{ { "--file=/a", "--flag=1" }, "takes no value" },
		{ { "--file=/a", "--color", "blue" }, "one of red, green" },
		{ { "--file=/a", "--call", "bad" }, "cannot be bad" },
		{ { "--file=/a", "--text=" }, "is empty" },
		{ { "--file=" }, "is empty" },
		{ { "--file=/a", "-x" }, "two dashes" },
		{ { "--flag" }, "--file F is needed" },
	};
	struct options opts;
	struct values values;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(parse(&opts, &values, bad[i].argv), -EINVAL);
		if (!strstr(opts.err.text, bad[i].says))
			fail_msg("\"%s\" does not say \"%s\"", opts.err.text, bad[i].says);
		options_free(&opts);
	}
}

/* The recorded line means the same from another directory and in another process. */
static void options_record(void **state)
{
	static const char *const argv[] = { "--flag", "--number", "7", "--file", "disk.img",
					    "--secret", "s", "--call", "a,b=c", NULL };
	char cwd[PATH_MAX], wanted[PATH_MAX + 32];
	struct options opts;
	struct values values;

	(void)state;
	assert_int_equal(parse(&opts, &values, argv), 0);
	assert_int_equal(opts.nr_record, 4);
	assert_string_equal(opts.record[0], "--flag");
	assert_string_equal(opts.record[1], "--number=7");
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(wanted, sizeof(wanted), "--file=%s/disk.img", cwd);
	assert_string_equal(opts.record[2], wanted);
	assert_string_equal(opts.record[3], "--call=a,b=c");
	assert_null(opts.record[4]);
	/* the program sees the absolute path too: it may change its directory */
	assert_string_equal(values.file, wanted + strlen("--file="));
	options_free(&opts);
}

static void options_last_wins(void **state)
{
	static const char *const argv[] = { "--file=/a", "--number=1", "--file=/b", "--number=2",
					    NULL };
	struct options opts;
	struct values values;

	(void)state;
	assert_int_equal(parse(&opts, &values, argv), 0);
	assert_string_equal(values.file, "/b");
	assert_int_equal(values.number, 2);
	options_free(&opts);
}

static void options_help(void **state)
{
	static const char *const argv[] = { "--number=1", "--help", "--nope", NULL };
	struct options opts;
	struct values values;

	(void)state;
	assert_int_equal(parse(&opts, &values, argv), 0);
	assert_int_equal(opts.help, 1);
	options_free(&opts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_fill),
		cmocka_unit_test(options_refuse),
		cmocka_unit_test(options_record),
		cmocka_unit_test(options_last_wins),
		cmocka_unit_test(options_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
