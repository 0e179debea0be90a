// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Command lines from tables. */
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "size.h"

int option_fail(struct option_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* The bit of @opts->given that stands for a def: tables are small and few. */
static uint64_t def_bit(const struct options *opts, const struct option_def *wanted)
{
	const struct option_table *table;
	const struct option_def *def;
	unsigned int nr = 0;

	for (table = opts->tables; table->defs; table++)
		for (def = table->defs; def->name; def++, nr++)
			if (def == wanted)
				return 1ull << (nr & 63);
	return 0;
}

static const struct option_def *def_find(const struct options *opts, const char *name,
					 size_t len, void **ret_base)
{
	const struct option_table *table;
	const struct option_def *def;

	for (table = opts->tables; table->defs; table++) {
		for (def = table->defs; def->name; def++) {
			if (strlen(def->name) == len && !memcmp(def->name, name, len)) {
				*ret_base = table->base;
				return def;
			}
		}
	}
	return NULL;
}

static int value_in_range(const struct option_def *def, int64_t value)
{
	if (!def->min && !def->max)
		return value >= 0;
	return value >= def->min && value <= def->max;
}

static int parse_number(const struct option_def *def, int64_t *at, const char *value,
			struct option_error *err)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(value, &end, 0);
	if (errno || end == value || *end)
		return option_fail(err, "--%s wants a number, not \"%s\"", def->name, value);
	if (!value_in_range(def, number)) {
		if (!def->min && !def->max)
			return option_fail(err, "--%s cannot be negative", def->name);
		return option_fail(err, "--%s must be %" PRId64 " to %" PRId64 ", not %lld",
				   def->name, def->min, def->max, number);
	}
	*at = number;
	return 0;
}

static int parse_bytes(const struct option_def *def, uint64_t *at, const char *value,
		       struct option_error *err)
{
	char low[SIZE_TEXT_MAX], high[SIZE_TEXT_MAX];
	uint64_t bytes;

	if (size_parse(value, &bytes) < 0 || bytes > INT64_MAX)
		return option_fail(err, "--%s wants a size such as 4096, 64K or 10G, not \"%s\"",
				   def->name, value);
	if (!value_in_range(def, (int64_t)bytes))
		return option_fail(err, "--%s must be %s to %s, not %s", def->name,
				   size_format((uint64_t)def->min, low),
				   size_format((uint64_t)def->max, high), value);
	*at = bytes;
	return 0;
}

static int parse_choice(const struct option_def *def, int *at, const char *value,
			struct option_error *err)
{
	char list[128] = "";
	int i;

	for (i = 0; def->choices[i]; i++) {
		if (!strcmp(def->choices[i], value)) {
			*at = i;
			return 0;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 i ? ", " : "", def->choices[i]);
	}
	return option_fail(err, "--%s is one of %s, not \"%s\"", def->name, list, value);
}

static int def_apply(const struct option_def *def, void *base, const char *value,
		     struct option_error *err)
{
	void *at = (char *)base + def->offset;

	if (!value && def->type != OPTION_FLAG && def->type != OPTION_CALL)
		return option_fail(err, "--%s wants a value", def->name);
	switch (def->type) {
	case OPTION_FLAG:
		*(int *)at = 1;
		return 0;
	case OPTION_NUMBER:
		return parse_number(def, at, value, err);
	case OPTION_SIZE:
		return parse_bytes(def, at, value, err);
	case OPTION_TEXT:
	case OPTION_PATH:
		if (!*value)
			return option_fail(err, "--%s is empty", def->name);
		*(const char **)at = value;
		return 0;
	case OPTION_CHOICE:
		return parse_choice(def, at, value, err);
	case OPTION_CALL:
		return def->call(at, value, err);
	}
	return -EINVAL;
}

/* Symbolic links stay: the operator may move what they point to on purpose. */
static char *path_absolute(const char *path)
{
	char cwd[PATH_MAX], *ret;

	if (*path == '/')
		return strdup(path);
	if (!getcwd(cwd, sizeof(cwd)))
		return NULL;
	return asprintf(&ret, "%s/%s", cwd, path) < 0 ? NULL : ret;
}

static int record_add(struct options *opts, char *text)
{
	char **grown;

	grown = text ? realloc(opts->record, sizeof(*grown) * (size_t)(opts->nr_record + 2)) : NULL;
	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	opts->record = grown;
	grown[opts->nr_record++] = text;
	grown[opts->nr_record] = NULL;
	return 0;
}

/* The recorded form is the one that is used, so a path holds after a chdir() too. */
static int record_option(struct options *opts, const struct option_def *def, const char **value)
{
	char *path = NULL, *text;
	int r;

	if (def->flags & OPTION_LOCAL)
		return 0;
	if (def->type == OPTION_PATH && *value && **value) {
		path = path_absolute(*value);
		if (!path)
			return -ENOMEM;
		*value = path;
	}
	if (*value)
		r = asprintf(&text, "--%s=%s", def->name, *value);
	else
		r = asprintf(&text, "--%s", def->name);
	if (r >= 0 && path)
		*value = strchr(text, '=') + 1;
	free(path);
	return r < 0 ? -ENOMEM : record_add(opts, text);
}

/* Handles the option at argv[0]; returns how many strings it used, or -errno. */
static int parse_option(struct options *opts, int argc, char **argv)
{
	const char *name = argv[0] + 2, *value = strchr(name, '=');
	size_t len = value ? (size_t)(value - name) : strlen(name);
	const struct option_def *def;
	int used = 1, r;
	void *base;

	def = def_find(opts, name, len, &base);
	if (!def)
		return option_fail(&opts->err, "there is no option --%.*s here; --help lists them",
				   (int)len, name);
	if (value)
		value++;
	if (!def->arg && value)
		return option_fail(&opts->err, "--%s takes no value", def->name);
	if (def->arg && !value) {
		if (argc < 2)
			return option_fail(&opts->err, "--%s wants %s after it", def->name,
					   def->arg);
		value = argv[1];
		used = 2;
	}
	r = record_option(opts, def, &value);
	if (!r)
		r = def_apply(def, base, value, &opts->err);
	if (r)
		return r;
	opts->given |= def_bit(opts, def);
	return used;
}

static int check_required(struct options *opts)
{
	const struct option_table *table;
	const struct option_def *def;

	for (table = opts->tables; table->defs; table++)
		for (def = table->defs; def->name; def++)
			if ((def->flags & OPTION_REQUIRED) && !(opts->given & def_bit(opts, def)))
				return option_fail(&opts->err, "--%s %s is needed: %s", def->name,
						   def->arg ? def->arg : "", def->help);
	return 0;
}

int options_parse(struct options *opts, int argc, char **argv)
{
	int i = 0, r;

	opts->rest = calloc((size_t)argc + 1, sizeof(*opts->rest));
	if (!opts->rest)
		return -ENOMEM;
	while (i < argc) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			opts->help = 1;
			return 0;
		}
		if (!strcmp(argv[i], "--")) {
			for (i++; i < argc; i++)
				opts->rest[opts->nr_rest++] = argv[i];
			break;
		}
		if (argv[i][0] == '-' && argv[i][1] && argv[i][1] != '-')
			return option_fail(&opts->err, "options begin with two dashes: \"%s\"",
					   argv[i]);
		if (argv[i][0] != '-' || !argv[i][1]) {
			opts->rest[opts->nr_rest++] = argv[i++];
			continue;
		}
		r = parse_option(opts, argc - i, argv + i);
		if (r < 0)
			return r;
		i += r;
	}
	return check_required(opts);
}

void options_free(struct options *opts)
{
	int i;

	for (i = 0; i < opts->nr_record; i++)
		free(opts->record[i]);
	free(opts->record);
	free(opts->rest);
	opts->record = NULL;
	opts->rest = NULL;
	opts->nr_record = opts->nr_rest = 0;
}

void options_print(const struct option_table *tables, void *out)
{
	const struct option_table *table;
	const struct option_def *def;
	char left[64];

	for (table = tables; table->defs; table++) {
		if (table->title)
			fprintf(out, "\n%s:\n", table->title);
		for (def = table->defs; def->name; def++) {
			if (def->flags & OPTION_HIDDEN)
				continue;
			snprintf(left, sizeof(left), "--%s%s%s", def->name, def->arg ? " " : "",
				 def->arg ? def->arg : "");
			fprintf(out, "  %-28s %s\n", left, def->help);
		}
	}
}
