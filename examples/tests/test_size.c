// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Sizes as people write them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "size.h"

static void size_parses(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 }, { "1", 1 }, { "4096", 4096 }, { "4k", 4096 }, { "4K", 4096 },
		{ "4KiB", 4096 }, { "4KB", 4096 }, { "7B", 7 }, { "1M", 1 << 20 },
		{ "3G", 3ull << 30 }, { "2T", 2ull << 40 }, { "1P", 1ull << 50 },
		{ "15E", 15ull << 60 }, { "18446744073709551615", UINT64_MAX },
	};
	uint64_t bytes;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(size_parse(good[i].text, &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
}

static void size_refuses(void **state)
{
	static const char *const bad[] = { "", "K", "-1", "+1", " 1", "1 ", "1 K", "1.5G", "0x10",
					   "1KK", "1Ki", "1iB", "1BB", "ten" };
	static const char *const huge[] = { "18446744073709551616", "16E", "99999999999999999999",
					    "18014398509481984K" };
	uint64_t bytes = 42;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(size_parse(bad[i], &bytes), -EINVAL);
	for (i = 0; i < sizeof(huge) / sizeof(*huge); i++)
		assert_int_equal(size_parse(huge[i], &bytes), -ERANGE);
	/* written only on success */
	assert_int_equal(bytes, 42);
}

static void size_formats(void **state)
{
	char buf[SIZE_TEXT_MAX];

	(void)state;
	assert_string_equal(size_format(0, buf), "0 B");
	assert_string_equal(size_format(1023, buf), "1023 B");
	assert_string_equal(size_format(1024, buf), "1 KiB");
	assert_string_equal(size_format(1536, buf), "1.5 KiB");
	assert_string_equal(size_format(1024 * 1024 - 1, buf), "1023.9 KiB");
	assert_string_equal(size_format(250ull << 30, buf), "250 GiB");
	assert_string_equal(size_format(UINT64_MAX, buf), "15.9 EiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_parses),
		cmocka_unit_test(size_refuses),
		cmocka_unit_test(size_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
