// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The file behind ublk-zoned: made, found again, refused; what is stored outlives a SIGKILL. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "zoned_file.h"

static char path[] = "/tmp/zoned-file-XXXXXX";
static struct option_error err;
static struct zoned_file file;

static const struct zone_geometry wish = {
	.zone_size = 128 << 10, .zone_capacity = 96 << 10, .nr_zones = 5, .nr_conventional = 1,
	.max_open = 2, .max_active = 3,
};

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void refused(const struct zone_geometry *geo, int error, const char *part)
{
	assert_int_equal(zoned_file_open(&file, path, geo, &err), error);
	if (!strstr(err.text, part))
		fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static void made_and_found_again(void **state)
{
	const struct zone_geometry nothing = { 0 };
	struct zone_geometry other = wish;
	char data[4096], back[4096];

	(void)state;
	refused(&nothing, -EINVAL, "say its --size");
	assert_int_equal(zoned_file_open(&file, path, &wish, &err), 0);
	memset(data, 7, sizeof(data));
	assert_int_equal(zoned_file_write(&file, data, sizeof(data), 128 << 10), 0);
	atomic_store(&file.entries[1].word, 8 << 8 | 3);
	zoned_file_close(&file);

	assert_int_equal(zoned_file_open(&file, path, &nothing, &err), 0);
	assert_memory_equal(&file.geo, &wish, sizeof(wish));
	assert_int_equal(atomic_load(&file.entries[1].word), 8 << 8 | 3);
	assert_int_equal(zoned_file_read(&file, back, sizeof(back), 128 << 10), 0);
	assert_memory_equal(data, back, sizeof(data));
	assert_int_equal(zoned_file_clear(&file, sizeof(back), 128 << 10), 0);
	assert_int_equal(zoned_file_read(&file, back, sizeof(back), 128 << 10), 0);
	assert_int_equal(back[0] | back[4095], 0);
	zoned_file_close(&file);

	other.zone_size = 256 << 10;
	refused(&other, -EINVAL, "has another zone size (131072, not 262144)");
	other = wish;
	other.max_open = 1;
	refused(&other, -EINVAL, "has another limit of open zones");
}

static void what_is_stored_outlives_a_kill(void **state)
{
	const struct zone_geometry nothing = { 0 };
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid) {
		if (!zoned_file_open(&file, path, &wish, &err))
			atomic_store(&file.entries[4].word, 9 << 8 | 1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(zoned_file_open(&file, path, &nothing, &err), 0);
	assert_int_equal(atomic_load(&file.entries[4].word), 9 << 8 | 1);
	zoned_file_close(&file);
}

static void poke(off_t at, const void *data, size_t len)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, len, at), len);
	close(fd);
}

static void other_files_are_refused(void **state)
{
	static const uint32_t zones = 1u << 30;
	struct zone_geometry bad = wish;

	(void)state;
	poke(100, "a letter", 8);
	refused(&wish, -EEXIST, "has something else in it");
	poke(100, "\0\0\0\0\0\0\0\0", 8);
	bad.zone_size = 100 << 10;
	refused(&bad, -EINVAL, "power of two");
	bad = wish;
	bad.zone_capacity = 256 << 10;
	refused(&bad, -EINVAL, "zone capacity");
	bad = wish;
	bad.nr_conventional = 5;
	refused(&bad, -EINVAL, "sequential");
	bad = wish;
	bad.max_open = 4;
	refused(&bad, -EINVAL, "open one is active");

	assert_int_equal(zoned_file_open(&file, path, &wish, &err), 0);
	zoned_file_close(&file);
	poke(4096 + 64, "\xff", 1);
	refused(&wish, -EBADMSG, "damaged: zone 1");
	poke(4096 + 64, "\0", 1);
	assert_int_equal(truncate(path, 1 << 20), 0);
	refused(&wish, -EBADMSG, "cut off");
	poke(20, &zones, 4);
	refused(&wish, -EBADMSG, "1 to 1048576 zones");
	poke(16, "\2", 1);
	refused(&wish, -EBADMSG, "another version");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	refused(&wish, -EISDIR, "cannot be opened");
	rmdir(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(&wish, -EINVAL, "no regular file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(made_and_found_again, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_stored_outlives_a_kill, setup, teardown),
		cmocka_unit_test_setup_teardown(other_files_are_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
