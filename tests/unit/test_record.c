// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Records: what is believed, what is not, and that a failure leaves the old one. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_target.h"

static struct ublk_ctl *ctl;
static struct ublk_device dev;
static const char *const argv[] = { "ublk-loop", "--file", "/a b/\"c\"\n", "", NULL };

static int setup(void **state)
{
	(void)state;
	ctl = fake_setup();
	memset(&dev, 0, sizeof(dev));
	dev.id = 5;
	dev.ops.name = "loop";
	dev.argv = (char **)argv;
	dev.is_fenced = true;
	dev.config = fake_config(1);
	ublk_uuid_generate(&dev.config.uuid);
	return ublk_record_save(ctl, &dev);
}

static int teardown(void **state)
{
	(void)state;
	fake_teardown(ctl);
	return 0;
}

static const char *path_of(const char *name)
{
	static char path[100];

	snprintf(path, sizeof(path), "%s/%s", fake_run_dir(), name);
	return path;
}

static char *read_text(void)
{
	static char text[8192];
	FILE *f = fopen(path_of("5"), "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void write_text(const char *text, size_t len)
{
	FILE *f = fopen(path_of("5"), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static int load(void)
{
	struct ublk_record *record;
	int r = ublk_record_load(ctl, 5, &record);

	if (!r)
		ublk_record_free(record);
	else
		assert_true(strlen(ublk_last_error()) > 10);
	return r;
}

static void round_trip(void **state)
{
	struct ublk_record *record;
	struct stat st;
	int i;

	(void)state;
	assert_int_equal(ublk_record_load(ctl, 5, &record), 0);
	assert_string_equal(ublk_record_target(record), "loop");
	assert_memory_equal(ublk_record_uuid(record), &dev.config.uuid, sizeof(struct ublk_uuid));
	for (i = 0; argv[i]; i++)
		assert_string_equal(ublk_record_argv(record)[i], argv[i]);
	assert_null(ublk_record_argv(record)[i]);
	assert_true(ublk_record_is_fenced(record));
	assert_null(ublk_record_fence_path(record));
	assert_int_equal(ublk_record_cwd(record)[0], '/');
	assert_int_equal(ublk_record_pid(record), getpid());
	assert_int_equal(ublk_record_parent(record), getppid());
	assert_true(ublk_record_time(record) > 0);
	ublk_record_free(record);
	ublk_record_free(NULL);
	assert_int_equal(stat(path_of("5"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(access(path_of(".5.new"), F_OK), -1);
}

static void every_truncation_is_refused(void **state)
{
	char text[8192];
	size_t len, n;

	(void)state;
	strcpy(text, read_text());
	len = strlen(text);
	for (n = 0; n < len; n++) {
		write_text(text, n);
		assert_int_equal(load(), -EBADMSG);
	}
	write_text(text, len);
	assert_int_equal(load(), 0);
}

/* One byte wrong: it is refused, or what was read is one of the values that byte can make. */
static void every_garbled_byte_is_survived(void **state)
{
	char text[8192], garbled[8192];
	size_t len, n;

	(void)state;
	strcpy(text, read_text());
	len = strlen(text);
	for (n = 0; n < len; n++) {
		int r;

		memcpy(garbled, text, len);
		garbled[n] ^= 0x15;
		write_text(garbled, len);
		r = load();
		if (r && r != -EBADMSG && r != -EPROTONOSUPPORT)
			fail_msg("byte %zu: %d", n, r);
		garbled[n] = '\0';
		write_text(garbled, len);
		assert_int_equal(load(), -EBADMSG);
	}
}

static void replace_in_text(const char *from, const char *to)
{
	char text[8192], changed[8192], *at;

	strcpy(text, read_text());
	at = strstr(text, from);
	assert_non_null(at);
	snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, to,
		 at + strlen(from));
	write_text(changed, strlen(changed));
}

static void versions_and_fields(void **state)
{
	static const struct {
		const char *from, *to;
		int result;
	} cases[] = {
		{ "\"version\":1", "\"version\":2", -EPROTONOSUPPORT },
		{ "\"version\":1", "\"version\":\"1\"", -EBADMSG },
		{ "\"version\":1", "\"vers\":1", -EBADMSG },
		{ "\"id\":5", "\"id\":6", -EBADMSG },
		{ "\"uuid\"", "\"uid\"", -EBADMSG },
		{ "\"target\":\"loop\"", "\"target\":7", -EBADMSG },
		{ "\"argv\":[", "\"argv\":[1,", -EBADMSG },
		{ "\"target\":\"loop\"", "\"target\":\"lo\\u0000op\"", -EBADMSG },
		{ "\"fenced\":true", "\"fenced\":1", -EBADMSG },
		{ "{", "[", -EBADMSG },
		/* What a later version may add. */
		{ "\"fenced\":true", "\"fenced\":true,\"more\":[1,2]", 0 },
	};
	char text[8192];
	size_t i;

	(void)state;
	strcpy(text, read_text());
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		write_text(text, strlen(text));
		replace_in_text(cases[i].from, cases[i].to);
		if (load() != cases[i].result)
			fail_msg("%s: %d %s", cases[i].to, load(), ublk_last_error());
	}
}

static void who_could_have_written_it(void **state)
{
	char second[100];

	(void)state;
	chmod(path_of("5"), 0664);
	assert_int_equal(load(), -EPERM);
	chmod(path_of("5"), 0646);
	assert_int_equal(load(), -EPERM);
	chmod(path_of("5"), 0600);
	assert_int_equal(load(), 0);

	chmod(fake_run_dir(), 0777);
	assert_int_equal(load(), -EPERM);
	assert_non_null(strstr(ublk_last_error(), "is not trusted"));
	/* Nor is anything written there. */
	assert_int_equal(ublk_record_save(ctl, &dev), -EPERM);
	chmod(fake_run_dir(), 0755);
	assert_int_equal(load(), 0);

	snprintf(second, sizeof(second), "%s-link", fake_run_dir());
	/* A second name may be in a folder of somebody else's. */
	assert_int_equal(link(path_of("5"), second), 0);
	assert_int_equal(load(), -EPERM);
	unlink(second);
	assert_int_equal(load(), 0);

	if (!geteuid()) {
		assert_int_equal(chown(path_of("5"), 1234, 0), 0);
		assert_int_equal(load(), -EPERM);
	}
}

static void not_a_plain_file(void **state)
{
	char elsewhere[100];

	(void)state;
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", fake_run_dir());
	rename(path_of("5"), elsewhere);
	assert_int_equal(load(), -ENOENT);
	assert_int_equal(symlink(elsewhere, path_of("5")), 0);
	assert_int_equal(load(), -EPERM);
	unlink(path_of("5"));
	assert_int_equal(mkfifo(path_of("5"), 0600), 0);
	assert_int_equal(load(), -EPERM);
	unlink(path_of("5"));
	assert_int_equal(mkdir(path_of("5"), 0700), 0);
	assert_int_equal(load(), -EPERM);
	rmdir(path_of("5"));
}

static void leftovers_do_not_matter(void **state)
{
	struct ublk_uuid second;
	struct ublk_record *record;
	int fd, *ids;
	size_t count;

	(void)state;
	/* What a server left that died while it wrote. */
	fd = open(path_of(".5.new"), O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "{\"vers", 6), 6);
	close(fd);
	close(open(path_of("007"), O_CREAT | O_WRONLY, 0600));
	close(open(path_of("3"), O_CREAT | O_WRONLY, 0600));
	assert_int_equal(ublk_record_list(ctl, &ids, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(ids[0], 3);
	assert_int_equal(ids[1], 5);
	free(ids);
	ublk_uuid_generate(&second);
	dev.config.uuid = second;
	assert_int_equal(ublk_record_save(ctl, &dev), 0);
	assert_int_equal(ublk_record_load(ctl, 5, &record), 0);
	assert_memory_equal(ublk_record_uuid(record), &second, sizeof(second));
	ublk_record_free(record);
	assert_int_equal(ublk_record_remove(ctl, 5), 0);
	assert_int_equal(ublk_record_remove(ctl, 5), -ENOENT);
}

/* During an upgrade: the old server's beside the new one's. */
static void one_is_kept(void **state)
{
	static const char *const newer[] = { "/bin/newer", NULL };
	struct ublk_record *record;
	int *ids;
	size_t count;

	(void)state;
	assert_int_equal(ublk_record_load_kept(ctl, 5, &record), -ENOENT);
	assert_int_equal(ublk_record_keep(ctl, 6), -ENOENT);
	assert_int_equal(ublk_record_keep(ctl, 5), 0);
	dev.argv = (char **)newer;
	assert_int_equal(ublk_record_save(ctl, &dev), 0);
	assert_int_equal(ublk_record_load_kept(ctl, 5, &record), 0);
	assert_string_equal(ublk_record_argv(record)[0], "ublk-loop");
	assert_memory_equal(ublk_record_uuid(record), &dev.config.uuid, sizeof(dev.config.uuid));
	ublk_record_free(record);
	assert_int_equal(ublk_record_load(ctl, 5, &record), 0);
	assert_string_equal(ublk_record_argv(record)[0], "/bin/newer");
	ublk_record_free(record);
	/* It is no device's own. */
	assert_int_equal(ublk_record_list(ctl, &ids, &count), 0);
	assert_int_equal(count, 1);
	free(ids);
	/* Not believed either if anybody could have written it. */
	assert_int_equal(chmod(path_of("5.old"), 0666), 0);
	assert_int_equal(ublk_record_load_kept(ctl, 5, &record), -EPERM);
	assert_int_equal(ublk_record_drop_kept(ctl, 5), 0);
	assert_int_equal(ublk_record_drop_kept(ctl, 5), -ENOENT);
	assert_int_equal(load(), 0);
	assert_int_equal(ublk_record_keep(ctl, 5), 0);
	assert_int_equal(ublk_record_remove(ctl, 5), 0);
	assert_int_equal(access(path_of("5.old"), F_OK), -1);
	dev.argv = (char **)argv;
}

static void folders(void **state)
{
	char deep[200];
	int *ids;
	size_t count;

	(void)state;
	snprintf(deep, sizeof(deep), "%s/a", fake_run_dir());
	ublk_ctl_set_run_dir(ctl, deep);
	assert_int_equal(ublk_record_list(ctl, &ids, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(ublk_record_save(ctl, &dev), 0);
	assert_int_equal(load(), 0);
	assert_int_equal(ublk_record_remove(ctl, 5), 0);
	rmdir(deep);
	setenv("UBLK_RUN_DIR", "/somewhere", 1);
	free(ctl->run_dir);
	ctl->run_dir = NULL;
	assert_string_equal(ublk_ctl_run_dir(ctl), "/somewhere");
	unsetenv("UBLK_RUN_DIR");
	ublk_ctl_set_run_dir(ctl, fake_run_dir());
}

static void uuids(void **state)
{
	struct ublk_uuid a, b;
	char text[LIBUBLK_UUID_TEXT];

	(void)state;
	assert_int_equal(ublk_uuid_generate(&a), 0);
	assert_int_equal(a.b[6] >> 4, 4);
	ublk_uuid_format(&a, text);
	assert_int_equal(ublk_uuid_parse(text, &b), 0);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(ublk_uuid_parse("01234567-89ab-cdef-0123-456789abcdeg", &b), -EINVAL);
	assert_int_equal(ublk_uuid_parse("0123456789ab-cdef-0123-456789abcdef-", &b), -EINVAL);
	assert_int_equal(ublk_uuid_parse("", &b), -EINVAL);
	assert_int_equal(ublk_uuid_parse(NULL, &b), -EINVAL);
	assert_int_not_equal(ublk_uuid_tag(&a), 0);
	b.b[15] ^= 1;
	assert_true(ublk_uuid_tag(&a) != ublk_uuid_tag(&b));
	memset(&b, 0, sizeof(b));
	assert_true(ublk_uuid_is_null(&b));
	assert_int_not_equal(ublk_uuid_tag(&b), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(round_trip),
		TEST(every_truncation_is_refused),
		TEST(every_garbled_byte_is_survived),
		TEST(versions_and_fields),
		TEST(who_could_have_written_it),
		TEST(not_a_plain_file),
		TEST(leftovers_do_not_matter),
		TEST(one_is_kept),
		TEST(folders),
		TEST(uuids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
