// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Opening a backing file: what is accepted, what it is found to be able to do. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "backing.h"

static char dir[PATH_MAX], file[PATH_MAX + 16];

static int make_file(void **state)
{
	const char *tmp = getenv("TMPDIR");
	int fd;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/backing_XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/file", dir);
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (1 << 20) + 100) < 0)
		return -1;
	return close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(dir);
}

static void opens_file(void **state)
{
	struct option_error err = { "" };
	struct backing backing;

	(void)state;
	assert_int_equal(backing_open(&backing, file, 0, &err), 0);
	assert_int_equal(backing.size, (1 << 20) + 100);
	assert_false(backing.is_block);
	assert_true(backing.physical_block >= 512 && backing.physical_block <= 4096);
	assert_true(backing.discard_granularity >= 512);
	/* nobody who is started from here may keep the fence alive */
	assert_true(fcntl(backing.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(!!(fcntl(backing.fd, F_GETFL) & O_DIRECT), backing.is_direct);
	if (backing.is_direct)
		assert_true(backing.direct_align >= 512 && backing.direct_align <= 4096);
	backing_close(&backing);
	assert_int_equal(backing.fd, -1);
	backing_close(&backing);
}

static void leaves_direct(void **state)
{
	struct option_error err = { "" };
	struct backing backing;

	(void)state;
	assert_int_equal(backing_open(&backing, file, 0, &err), 0);
	/* as if on a disk of 4096-byte sectors */
	if (backing.is_direct)
		backing.direct_align = 4096;
	assert_int_equal(backing_use_block(&backing, 512), 0);
	assert_false(backing.is_direct);
	assert_false(fcntl(backing.fd, F_GETFL) & O_DIRECT);
	backing_close(&backing);

	assert_int_equal(backing_open(&backing, file, BACKING_BUFFERED, &err), 0);
	assert_false(backing.is_direct);
	assert_false(fcntl(backing.fd, F_GETFL) & O_DIRECT);
	backing_close(&backing);
}

static void read_only(void **state)
{
	struct option_error err = { "" };
	struct backing backing;

	(void)state;
	assert_int_equal(chmod(file, 0400), 0);
	assert_int_equal(backing_open(&backing, file, BACKING_READ_ONLY, &err), 0);
	assert_int_equal(fcntl(backing.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_false(backing.can_discard);
	backing_close(&backing);
}

static void refuses(void **state)
{
	struct option_error err = { "" };
	struct backing backing;
	char path[PATH_MAX + 32];

	(void)state;
	snprintf(path, sizeof(path), "%s/none", dir);
	assert_int_equal(backing_open(&backing, path, 0, &err), -ENOENT);
	assert_non_null(strstr(err.text, path));
	backing_close(&backing);

	assert_int_equal(backing_open(&backing, dir, 0, &err), -EINVAL);
	assert_non_null(strstr(err.text, "neither a regular file nor a block device"));
	backing_close(&backing);

	assert_int_equal(backing_open(&backing, "/dev/null", 0, &err), -EINVAL);
	backing_close(&backing);

	assert_int_equal(truncate(file, 0), 0);
	assert_int_equal(backing_open(&backing, file, 0, &err), -EINVAL);
	assert_non_null(strstr(err.text, "truncate -s"));
	backing_close(&backing);
}

#define file_test(f) cmocka_unit_test_setup_teardown(f, make_file, remove_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		file_test(opens_file),
		file_test(leaves_direct),
		file_test(read_only),
		file_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
