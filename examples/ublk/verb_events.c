// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* ublk events: one line for each change of a device's state, as the driver announces it. */
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

static const char *kind_name(int kind)
{
	static const char *const names[] = { "added", "state", "removed", "lost" };

	return names[kind];
}

static void time_text(char text[40])
{
	struct timespec now;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	len = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, 40 - len, ".%03ldZ", now.tv_nsec / 1000000);
}

static void print_json(const struct ublk_event *event, const char *time)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "time", json_object_new_string(time));
	json_object_object_add(object, "event", json_object_new_string(kind_name(event->kind)));
	json_object_object_add(object, "id", event->kind == LIBUBLK_EVENT_LOST ? NULL :
			       json_object_new_int(event->id));
	json_object_object_add(object, "state", event->kind == LIBUBLK_EVENT_LOST ? NULL :
			       json_object_new_string(ublk_state_name(event->state)));
	json_object_object_add(object, "seqnum", json_object_new_uint64(event->seqnum));
	/* One line each: a reader takes them as they come. */
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
}

static void print(const struct command_call *call, const struct ublk_event *event)
{
	char time[40];

	time_text(time);
	if (call->is_json)
		print_json(event, time);
	else if (event->kind == LIBUBLK_EVENT_LOST)
		printf("%s  events were lost: look with ublk list\n", time);
	else
		printf("%s  ublk %d  %-7s  %s\n", time, event->id, kind_name(event->kind),
		       ublk_state_name(event->state));
	fflush(stdout);
}

/* 1 an event, 0 time over or a signal, -errno. */
static int next(struct ublk_events *events, int signal_fd, int timeout_ms, struct ublk_event *ret)
{
	struct pollfd p[2] = {
		{ .fd = ublk_events_fd(events), .events = POLLIN },
		{ .fd = signal_fd, .events = POLLIN },
	};
	int r = ublk_events_next(events, 0, ret);

	if (r)
		return r;
	r = poll(p, 2, timeout_ms);
	if (r <= 0 || p[1].revents)
		return 0;
	/* What it was may have been about another device: the caller comes again. */
	r = ublk_events_next(events, 0, ret);
	return r ? r : -EAGAIN;
}

static int follow(struct command_call *call, struct ublk_events *events, int signal_fd, int id)
{
	int timeout_ms = call->timeout_s < 0 ? -1 : command_timeout_ms(call, 0);
	int64_t left = call->count ? call->count : -1;
	struct timespec begin, now;
	int r = 1;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (left && r) {
		struct ublk_event event = { .size = sizeof(event) };
		int64_t gone_ms;

		clock_gettime(CLOCK_MONOTONIC, &now);
		gone_ms = (now.tv_sec - begin.tv_sec) * 1000 +
			  (now.tv_nsec - begin.tv_nsec) / 1000000;
		r = next(events, signal_fd, timeout_ms < 0 ? -1 : gone_ms >= timeout_ms ? 0 :
			 (int)(timeout_ms - gone_ms), &event);
		if (r < 0 && r != -EAGAIN && r != -EINTR)
			return command_fail(call, r, "%s", ublk_last_error());
		if (r <= 0 || (id >= 0 && event.id != id && event.kind != LIBUBLK_EVENT_LOST))
			continue;
		print(call, &event);
		if (left > 0)
			left--;
	}
	if (left > 0 && timeout_ms >= 0)
		return command_fail(call, -ETIMEDOUT, "%lld events have not come within %d s",
				    (long long)left, timeout_ms / 1000);
	return STATUS_OK;
}

int verb_events(struct command_call *call)
{
	struct ublk_events *events = NULL;
	sigset_t signals;
	int id = -1, fd, r, status;

	if (call->argc) {
		status = command_id(call, 0, &id);
		if (status != STATUS_OK)
			return status;
	}
	if (call->argc > 1)
		return command_fail_status(call, STATUS_USAGE, -EINVAL, "usage: ublk events [ID]");
	r = ublk_events_are_sent();
	if (!r)
		r = ublk_events_open(&events);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	/* Subscribed: whoever waits for this line may cause events now. */
	fprintf(stderr, "ublk events: listening\n");
	status = follow(call, events, fd, id);
	if (fd >= 0)
		close(fd);
	ublk_events_close(events);
	return status;
}
