// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * ublk_id N: what udev has to know of device N, as KEY=value lines. Silent with status 1 if
 * there is nothing it may say: no record, or one of another device that had this number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ublk.h>

/* udev ends a program that takes longer than its event may. */
#define TIMEOUT_MS	10000

/* A record has every option as --NAME=VALUE; the last one counts. */
static const char *name_of(const char *const *argv)
{
	const char *name = NULL;

	for (; argv && *argv; argv++)
		if (!strncmp(*argv, "--name=", 7))
			name = *argv + 7;
	return name;
}

/* What may be in a link's name stays, all else is written \xNN, as udev does it for labels. */
static void print_encoded(const char *key, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "#+-.:=@_";

	printf("%s=", key);
	for (; *text; text++) {
		if (strchr(plain, *text))
			putchar(*text);
		else
			printf("\\x%02x", (unsigned char)*text);
	}
	putchar('\n');
}

static int report(struct ublk_ctl *ctl, int id)
{
	struct ublk_device_info info = { .size = sizeof(info) };
	struct ublk_record *record;
	char uuid[LIBUBLK_UUID_TEXT];
	const char *name;

	if (ublk_record_load(ctl, id, &record) < 0)
		return EXIT_FAILURE;
	if (ublk_device_get_info(ctl, id, &info) < 0 || !ublk_record_matches(record, &info)) {
		ublk_record_free(record);
		return EXIT_FAILURE;
	}
	ublk_uuid_format(ublk_record_uuid(record), uuid);
	printf("UBLK_UUID=%s\n", uuid);
	printf("UBLK_TARGET=%s\n", ublk_record_target(record));
	name = name_of(ublk_record_argv(record));
	if (name && *name)
		print_encoded("UBLK_NAME_ENC", name);
	ublk_record_free(record);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct ublk_ctl *ctl;
	char *end = NULL;
	long id;
	int status;

	id = argc == 2 ? strtol(argv[1], &end, 10) : -1;
	if (!end || end == argv[1] || *end || id < 0 || id >= 1 << 20) {
		fprintf(stderr, "usage: ublk_id N\n");
		return 2;
	}
	if (ublk_ctl_open(&ctl) < 0) {
		fprintf(stderr, "ublk_id: %s\n", ublk_last_error());
		return EXIT_FAILURE;
	}
	ublk_ctl_set_timeout(ctl, TIMEOUT_MS);
	status = report(ctl, (int)id);
	ublk_ctl_close(ctl);
	return status;
}
