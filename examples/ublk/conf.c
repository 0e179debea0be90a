// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* /etc/ublk/ID.conf */
#include "conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES	65536
#define KEY_LETTERS	"abcdefghijklmnopqrstuvwxyz0123456789-"

/* Where we are, for the sentences. */
struct place {
	const char *dir;
	int id, line;
	struct option_error *err;
};

#define refuse(place, text, ...)							\
	option_fail((place)->err, "%s/%d.conf:%d: " text, (place)->dir, (place)->id,	\
		    (place)->line, ##__VA_ARGS__)

static int fail_errno(const struct place *place, int error)
{
	option_fail(place->err, "%s/%d.conf: %s", place->dir, place->id, strerror(error));
	return -error;
}

/* Only who may act as us anyway. */
static int is_trusted(int fd, mode_t type)
{
	struct stat st;

	return !fstat(fd, &st) && (st.st_mode & S_IFMT) == type && !(st.st_mode & 022) &&
	       (!st.st_uid || st.st_uid == geteuid());
}

static int open_file(const struct place *place)
{
	char name[32];
	int dir, fd, error;

	dir = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail_errno(place, errno);
	snprintf(name, sizeof(name), "%d.conf", place->id);
	/* no fifo keeps us waiting, and no link leads elsewhere */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	error = errno;
	if (fd >= 0 && (!is_trusted(dir, S_IFDIR) || !is_trusted(fd, S_IFREG))) {
		option_fail(place->err, "%s/%s could have been written by others: file and folder "
					"must be root's and writable by nobody else",
			    place->dir, name);
		close(fd);
		close(dir);
		return -EPERM;
	}
	close(dir);
	return fd < 0 ? fail_errno(place, error) : fd;
}

static int read_file(const struct place *place, char **ret_text)
{
	int fd = open_file(place), r = 0;
	size_t len = 0;
	char *text;
	ssize_t n;

	if (fd < 0)
		return fd;
	text = malloc(MOST_BYTES + 1);
	if (!text) {
		close(fd);
		return fail_errno(place, ENOMEM);
	}
	do {
		n = read(fd, text + len, MOST_BYTES + 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && len <= MOST_BYTES) || (n < 0 && errno == EINTR));
	if (n < 0)
		r = fail_errno(place, errno);
	else if (len > MOST_BYTES)
		r = fail_errno(place, EFBIG);
	close(fd);
	if (r < 0) {
		free(text);
		return r;
	}
	text[len] = '\0';
	if (strlen(text) != len) {
		free(text);
		return refuse(place, "there is a NUL byte in it");
	}
	*ret_text = text;
	return 0;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len && strchr(" \t\r", text[len - 1]))
		text[--len] = '\0';
	return text;
}

static int set_target(const struct place *place, struct conf *conf, char *value)
{
	size_t len = value ? strcspn(value, " \t") : 0;

	if (!len)
		return refuse(place, "target = TYPE, such as loop");
	if (conf->target)
		return refuse(place, "there is a target already");
	conf->target = value;
	if (value[len]) {
		value[len] = '\0';
		conf->operand = trim(value + len + 1);
		if (conf->operand[strcspn(conf->operand, " \t")])
			return refuse(place, "one word may follow the target's type, its operand");
	}
	return 0;
}

static int add_option(const struct place *place, struct conf *conf, const char *key,
		      const char *value)
{
	static const char *const ours[] = { "id", "json", "foreground", "help", "log", NULL };
	char **bigger, *option;
	int i;

	for (i = 0; ours[i]; i++)
		if (!strcmp(key, ours[i]))
			return refuse(place, "\"%s\" is not for this file: ublk up knows it", key);
	if (conf_option(conf, key))
		return refuse(place, "\"%s\" is there twice", key);
	bigger = realloc(conf->options, ((size_t)conf->nr_options + 2) * sizeof(*bigger));
	if (!bigger)
		return fail_errno(place, ENOMEM);
	conf->options = bigger;
	if (asprintf(&option, value ? "--%s=%s" : "--%s", key, value) < 0)
		return fail_errno(place, ENOMEM);
	conf->options[conf->nr_options++] = option;
	conf->options[conf->nr_options] = NULL;
	return 0;
}

static int parse_line(const struct place *place, struct conf *conf, char *line)
{
	char *key = trim(line), *value = strchr(key, '=');

	if (!*key || *key == '#')
		return 0;
	if (value) {
		*value = '\0';
		value = trim(value + 1);
		key = trim(key);
	}
	if (*key == '-' || !*key || key[strspn(key, KEY_LETTERS)])
		return refuse(place, "\"%.60s\" is no setting: \"key = value\" or \"key\"", key);
	if (value && !*value)
		return refuse(place, "\"%s\" has no value", key);
	if (!strcmp(key, "target"))
		return set_target(place, conf, value);
	if (strcmp(key, "oom-protect"))
		return add_option(place, conf, key, value);
	if (value)
		return refuse(place, "\"oom-protect\" takes no value: leave it out if it is not "
				     "wanted");
	conf->is_oom_protected = 1;
	return 0;
}

int conf_load(int id, struct conf *ret, struct option_error *err)
{
	const char *dir = secure_getenv("UBLK_CONF_DIR");
	struct place place = { dir ? dir : CONF_DIR, id, 1, err };
	char *line, *next;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = read_file(&place, &ret->text);
	for (line = ret->text; !r && line; line = next, place.line++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r = parse_line(&place, ret, line);
	}
	if (!r && !ret->target)
		r = refuse(&place, "no \"target = TYPE\" in the file");
	if (r < 0)
		conf_free(ret);
	return r;
}

void conf_free(struct conf *conf)
{
	int i;

	for (i = 0; i < conf->nr_options; i++)
		free(conf->options[i]);
	free(conf->options);
	free(conf->text);
	memset(conf, 0, sizeof(*conf));
}

const char *conf_option(const struct conf *conf, const char *name)
{
	size_t len = strlen(name);
	int i;

	for (i = 0; i < conf->nr_options; i++) {
		const char *option = conf->options[i] + 2;

		if (strncmp(option, name, len))
			continue;
		if (!option[len])
			return "";
		if (option[len] == '=')
			return option + len + 1;
	}
	return NULL;
}
