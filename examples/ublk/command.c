// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Running one verb: its command line, its failure, its help. */
#include "command.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_def common_options[] = {
	{ .name = "json", .type = OPTION_FLAG, .offset = offsetof(struct command_call, is_json),
	  .help = "answer as JSON" },
	{ .name = NULL },
};

static const struct option_def no_options[] = { { .name = NULL } };

static enum command_status status_of(int error)
{
	switch (-error) {
	case ENODEV:
		return STATUS_NO_DEVICE;
	case EPERM:
	case EACCES:
		return STATUS_PERMISSION;
	case EBUSY:
	case EEXIST:
	case ESTALE:
		return STATUS_BUSY;
	case ETIMEDOUT:
		return STATUS_TIMEOUT;
	default:
		return STATUS_FAILED;
	}
}

static const char *status_name(enum command_status status)
{
	static const char *const names[] = {
		"ok", "failed", "usage", "no-device", "permission", "busy", "timeout",
		"no-driver", "findings",
	};

	return names[status];
}

static int fail_text(const struct command_call *call, enum command_status status, int error,
		     const char *text)
{
	struct json_object *outer, *inner;

	fprintf(stderr, "ublk %s: %s\n", call->command->verb, text);
	if (!call->is_json)
		return status;
	outer = json_object_new_object();
	inner = json_object_new_object();
	json_object_object_add(inner, "verb", json_object_new_string(call->command->verb));
	json_object_object_add(inner, "status", json_object_new_int(status));
	json_object_object_add(inner, "kind", json_object_new_string(status_name(status)));
	json_object_object_add(inner, "errno", json_object_new_int(-error));
	json_object_object_add(inner, "message", json_object_new_string(text));
	json_object_object_add(outer, "error", inner);
	command_print_json(outer);
	return status;
}

int command_fail_status(const struct command_call *call, enum command_status status, int error,
			const char *fmt, ...)
{
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail_text(call, status, error, text);
}

int command_fail(const struct command_call *call, int error, const char *fmt, ...)
{
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail_text(call, status_of(error), error, text);
}

int command_print_json(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return STATUS_OK;
}

int command_connect(struct command_call *call)
{
	int r = ublk_ctl_open(&call->ctl);

	if (!r)
		return STATUS_OK;
	if (r == -EACCES || r == -EPERM)
		return command_fail(call, r, "%s", ublk_last_error());
	return command_fail_status(call, STATUS_NO_DRIVER, r, "%s (ublk doctor says more)",
				   ublk_last_error());
}

int command_parse_id(const char *text)
{
	long value;
	char *end;

	/* "/dev/ublkb3", "ublkb3" and "3" are the same device to everybody */
	if (!strncmp(text, "/dev/", 5))
		text += 5;
	if (!strncmp(text, "ublkb", 5) || !strncmp(text, "ublkc", 5))
		text += 5;
	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || value >= 1 << 20)
		return -EINVAL;
	return (int)value;
}

int command_id(struct command_call *call, int index, int *ret_id)
{
	const char *text = index < call->argc ? call->argv[index] : NULL;
	int id;

	if (!text)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "which device? usage: ublk %s %s",
					   call->command->verb, call->command->operands);
	id = command_parse_id(text);
	if (id < 0)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "\"%s\" is no device id", text);
	*ret_id = id;
	return STATUS_OK;
}

int command_timeout_ms(const struct command_call *call, int default_s)
{
	int64_t s = call->timeout_s < 0 ? default_s : call->timeout_s;

	return s > INT32_MAX / 1000 ? INT32_MAX : (int)(s * 1000);
}

void command_help(const struct command *command)
{
	const struct option_table tables[] = {
		{ "Options", command->options ? command->options : no_options, NULL },
		{ NULL, common_options, NULL },
		{ NULL, NULL, NULL },
	};

	printf("usage: ublk %s %s%s[options]\n\n%s\n", command->verb, command->operands,
	       *command->operands ? " " : "", command->summary);
	if (command->details)
		printf("\n%s\n", command->details);
	options_print(tables, stdout);
}

int command_run(const struct command *command, int argc, char **argv)
{
	struct command_call call = { .command = command, .timeout_s = -1 };
	const struct option_table tables[] = {
		{ NULL, command->options ? command->options : no_options, &call },
		{ NULL, common_options, &call },
		{ NULL, NULL, NULL },
	};
	struct options opts = { .tables = tables };
	int r, status;

	if (command->is_raw) {
		call.argc = argc;
		call.argv = argv;
		status = command->run(&call);
		ublk_ctl_close(call.ctl);
		return status;
	}
	r = options_parse(&opts, argc, argv);
	call.argc = opts.nr_rest;
	call.argv = opts.rest;
	if (opts.help) {
		command_help(command);
		status = STATUS_OK;
	} else if (r < 0) {
		status = command_fail_status(&call, STATUS_USAGE, r, "%s", opts.err.text);
	} else {
		status = command->run(&call);
	}
	ublk_ctl_close(call.ctl);
	options_free(&opts);
	return status;
}
