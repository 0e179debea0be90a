// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * ublk_id N: what udev has to know of device N, as KEY=value lines. Silent with status 1 if
 * there is nothing it may say: no record, or one of another device that had this number.
 *
 * ublk_id --give ublkcN|ublkbN: gives that node to the user whose device it is; root's stay root's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <ublk.h>
#include <unistd.h>

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
	/* A user's is not here, but the device could have been made to look like this one. */
	if (ublk_device_get_info(ctl, id, &info) < 0 || !ublk_record_matches(record, &info) ||
	    info.features & LIBUBLK_FEATURE_UNPRIVILEGED) {
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

/*
 * The number may be another device's at any moment, and so may the name, but not the open node: it
 * is of one device for good. If the name still leads to it after the answer, that was about it.
 */
static int give_open(struct ublk_ctl *ctl, int id, int fd, const char *path)
{
	struct ublk_device_info info = { .size = sizeof(info) };
	struct stat node, now;

	if (ublk_device_get_info(ctl, id, &info) < 0) {
		fprintf(stderr, "ublk_id: %s\n", ublk_last_error());
		return EXIT_FAILURE;
	}
	if (!(info.features & LIBUBLK_FEATURE_UNPRIVILEGED))
		return EXIT_SUCCESS;
	if (fstat(fd, &node) < 0 || stat(path, &now) < 0 || node.st_dev != now.st_dev ||
	    node.st_ino != now.st_ino)
		return EXIT_SUCCESS;	/* gone: the next one has an event of its own */
	if (fchownat(fd, "", info.owner_uid, info.owner_gid, AT_EMPTY_PATH) < 0) {
		fprintf(stderr, "ublk_id: %s: %s\n", path, strerror(errno));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int give(struct ublk_ctl *ctl, int id, const char *name)
{
	char path[64];
	int fd, status;

	snprintf(path, sizeof(path), "/dev/%.32s", name);
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? EXIT_SUCCESS : EXIT_FAILURE;
	status = give_open(ctl, id, fd, path);
	close(fd);
	return status;
}

/* -1 if it is none */
static int parse_id(const char *text)
{
	char *end = NULL;
	long id = strtol(text, &end, 10);

	return *text >= '0' && *text <= '9' && !*end && id < 1 << 20 ? (int)id : -1;
}

static int parse_node(const char *name)
{
	if (strncmp(name, "ublkc", 5) && strncmp(name, "ublkb", 5))
		return -1;
	return parse_id(name + 5);
}

int main(int argc, char **argv)
{
	int is_give = argc == 3 && !strcmp(argv[1], "--give");
	struct ublk_ctl *ctl;
	int id = -1, status;

	if (is_give)
		id = parse_node(argv[2]);
	else if (argc == 2)
		id = parse_id(argv[1]);
	if (id < 0) {
		fprintf(stderr, "usage: ublk_id N | --give ublkcN|ublkbN\n");
		return 2;
	}
	if (ublk_ctl_open(&ctl) < 0) {
		fprintf(stderr, "ublk_id: %s\n", ublk_last_error());
		return EXIT_FAILURE;
	}
	ublk_ctl_set_timeout(ctl, TIMEOUT_MS);
	status = is_give ? give(ctl, id, argv[2]) : report(ctl, id);
	ublk_ctl_close(ctl);
	return status;
}
