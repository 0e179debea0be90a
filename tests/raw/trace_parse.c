// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Lines of tracefs' trace or trace_pipe into events. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"
#include "trace.h"

static const struct {
	const char *name;
	enum event_type type;
} event_names[] = {
	{ "ublk_state", EVENT_STATE },
	{ "ublk_session", EVENT_SESSION },
	{ "ublk_slot", EVENT_SLOT },
	{ "ublk_dispatch", EVENT_DISPATCH },
	{ "ublk_commit", EVENT_COMMIT },
	{ "ublk_abort", EVENT_ABORT },
	{ "ublk_requeue", EVENT_REQUEUE },
	{ "ublk_cmd_done", EVENT_CMD_DONE },
	{ "ublk_step", EVENT_STEP },
	{ "signal_generate", EVENT_SIGNAL },
};

/* the value of " key=", up to the next blank; NULL if it is not there */
static const char *find_value(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *p = text;

	while ((p = strstr(p, key))) {
		if ((p == text || p[-1] == ' ') && p[len] == '=')
			return p + len + 1;
		p += len;
	}
	return NULL;
}

static int int_value(const char *text, const char *key)
{
	const char *value = find_value(text, key);

	return value ? atoi(value) : -1;
}

static void str_value(char *ret, const char *text, const char *key)
{
	const char *value = find_value(text, key);
	size_t len = value ? strcspn(value, " \n") : 0;

	if (len >= TRACE_NAME)
		len = TRACE_NAME - 1;
	memcpy(ret, value ? value : "", len);
	ret[len] = 0;
}

static void parse_fields(struct event *event, const char *text)
{
	event->dev = int_value(text, "dev");
	event->session = (unsigned int)int_value(text, "session");
	event->q = int_value(text, "q");
	event->tag = int_value(text, "tag");
	str_value(event->from, text, "from");
	str_value(event->to, text, "to");
	switch (event->type) {
	case EVENT_ABORT:
		str_value(event->action, text, "action");
		break;
	case EVENT_CMD_DONE:
	case EVENT_COMMIT:
		event->value = int_value(text, "result");
		break;
	case EVENT_STEP:
		str_value(event->from, text, "actor");
		str_value(event->to, text, "step");
		event->value = int_value(text, "value");
		break;
	case EVENT_SIGNAL:
		event->value = int_value(text, "sig");
		event->pid = int_value(text, "pid");
		break;
	default:
		break;
	}
}

/* "TASK-PID [CPU] FLAGS SECONDS.MICROS: NAME: FIELDS"; a task's name may hold blanks. */
static bool parse_line(struct event *event, const char *line)
{
	const char *bracket = strstr(line, " [");
	const char *p, *colon, *name;
	size_t i, len;

	while (bracket && !isdigit((unsigned char)bracket[2]))
		bracket = strstr(bracket + 2, " [");
	if (!bracket)
		return false;
	for (p = bracket; p > line && p[-1] == ' '; p--)
		;
	while (p > line && isdigit((unsigned char)p[-1]))
		p--;
	event->task = atoi(p);

	colon = strstr(bracket, ": ");
	if (!colon)
		return false;
	for (p = colon; p > bracket && p[-1] != ' '; p--)
		;
	/* the clock "counter" orders but tells no time: then it stays 0 */
	if (strchr(p, '.') && strchr(p, '.') < colon)
		event->time_us = strtoull(p, NULL, 10) * 1000000 +
				 strtoull(strchr(p, '.') + 1, NULL, 10);

	name = colon + 2;
	len = strcspn(name, ":");
	for (i = 0; i < raw_array_size(event_names); i++) {
		if (strlen(event_names[i].name) == len &&
		    !strncmp(name, event_names[i].name, len)) {
			event->type = event_names[i].type;
			parse_fields(event, name + len + 1);
			return true;
		}
	}
	return true;
}

bool trace_next(FILE *file, struct event *event)
{
	static unsigned long nr_line;
	static FILE *last;
	char line[1024];

	if (file != last) {
		last = file;
		nr_line = 0;
	}
	memset(event, 0, sizeof(*event));
	if (!fgets(line, sizeof(line), file))
		return false;
	event->line = ++nr_line;
	if (line[0] == '#' || line[0] == '\n')
		return true;
	if (strstr(line, "LOST") && strstr(line, "EVENTS"))
		event->type = EVENT_LOST;
	else
		parse_line(event, line);
	return true;
}
