// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* /etc/ublk/ID.conf: what is understood, and who is believed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"

static char dir[] = "/tmp/test_conf.XXXXXX";
static char path[64];
static struct conf conf;
static struct option_error err;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/7.conf", dir);
	return setenv("UBLK_CONF_DIR", dir, 1);
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static int load_bytes(const char *text, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
	err.text[0] = '\0';
	return conf_load(7, &conf, &err);
}

static int load(const char *text)
{
	return load_bytes(text, strlen(text));
}

static void understood(void **state)
{
	(void)state;
	assert_int_equal(load("# a disk\n\n  target = loop\r\nfile=/srv/my disk.img \n"
			      "read-only\n\tname = \"it = it\"\noom-protect"), 0);
	assert_string_equal(conf.target, "loop");
	assert_null(conf.operand);
	assert_int_equal(conf.nr_options, 3);
	assert_string_equal(conf.options[0], "--file=/srv/my disk.img");
	assert_string_equal(conf.options[1], "--read-only");
	assert_string_equal(conf.options[2], "--name=\"it = it\"");
	assert_null(conf.options[3]);
	assert_int_equal(conf.is_oom_protected, 1);
	assert_string_equal(conf_option(&conf, "file"), "/srv/my disk.img");
	assert_string_equal(conf_option(&conf, "read-only"), "");
	assert_null(conf_option(&conf, "fil"));
	conf_free(&conf);

	assert_int_equal(load("target = fault  loop\n"), 0);
	assert_string_equal(conf.target, "fault");
	assert_string_equal(conf.operand, "loop");
	assert_int_equal(conf.nr_options, 0);
	conf_free(&conf);
}

static void not_understood(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "no \"target = TYPE\"" },
		{ "file = /a\n", "no \"target = TYPE\"" },
		{ "target\n", "7.conf:1: target = TYPE" },
		{ "target = loop\n\ntarget = null\n", "7.conf:3: there is a target already" },
		{ "target = fault loop null\n", "one word" },
		{ "target = loop\n--file=/a\n", "7.conf:2: \"--file\" is no setting" },
		{ "target = loop\nFile = /a\n", "no setting" },
		{ "target = loop\nfile /a\n", "no setting" },
		{ "target = loop\n= /a\n", "no setting" },
		{ "target = loop\nfile =  \n", "\"file\" has no value" },
		{ "target = loop\nfile = /a\nfile = /b\n", "7.conf:3: \"file\" is there twice" },
		{ "target = loop\nid = 3\n", "\"id\" is not for this file" },
		{ "target = loop\nforeground\n", "not for this file" },
		{ "target = loop\noom-protect = no\n", "takes no value" },
	};
	char *big = malloc(70000);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(load(bad[i].text), -EINVAL);
		if (!strstr(err.text, bad[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, bad[i].says);
	}
	assert_int_equal(load_bytes("target = loop\0x\n", 16), -EINVAL);
	assert_non_null(strstr(err.text, "NUL"));
	memset(big, '\n', 70000);
	assert_int_equal(load_bytes(big, 70000), -EFBIG);
	free(big);
}

static void believed(void **state)
{
	(void)state;
	assert_int_equal(load("target = loop\n"), 0);
	conf_free(&conf);
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(conf_load(7, &conf, &err), -EPERM);
	assert_int_equal(chmod(path, 0602), 0);
	assert_int_equal(conf_load(7, &conf, &err), -EPERM);
	assert_non_null(strstr(err.text, "written by others"));
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(conf_load(7, &conf, &err), 0);
	conf_free(&conf);
	assert_int_equal(chmod(dir, 0770), 0);
	assert_int_equal(conf_load(7, &conf, &err), -EPERM);
	assert_int_equal(chmod(dir, 0700), 0);
	if (!geteuid()) {
		assert_int_equal(chown(path, 1234, 0), 0);
		assert_int_equal(conf_load(7, &conf, &err), -EPERM);
	}

	unlink(path);
	assert_int_equal(conf_load(7, &conf, &err), -ENOENT);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(conf_load(7, &conf, &err), -ELOOP);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(conf_load(7, &conf, &err), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understood),
		cmocka_unit_test(not_understood),
		cmocka_unit_test(believed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
