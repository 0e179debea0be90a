// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A sample as a table and as JSON. */
#include "top_print.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static const char *rate_text(double value, char text[24])
{
	if (value < 0)
		snprintf(text, 24, "-");
	else if (value < 1e5)
		snprintf(text, 24, "%.0f", value);
	else
		snprintf(text, 24, "%.0fk", value / 1e3);
	return text;
}

static const char *megabytes_text(double bytes, char text[24])
{
	if (bytes < 0)
		snprintf(text, 24, "-");
	else
		snprintf(text, 24, "%.1f", bytes / 1e6);
	return text;
}

static const char *latency_text(double ns, char text[24])
{
	if (ns < 0)
		snprintf(text, 24, "-");
	else if (ns < 1e3)
		snprintf(text, 24, "%.0fns", ns);
	else if (ns < 1e6)
		snprintf(text, 24, "%.0fus", ns / 1e3);
	else if (ns < 1e9)
		snprintf(text, 24, "%.1fms", ns / 1e6);
	else
		snprintf(text, 24, "%.1fs", ns / 1e9);
	return text;
}

static const char *number_text(int64_t value, char text[24])
{
	if (value < 0)
		snprintf(text, 24, "-");
	else
		snprintf(text, 24, "%lld", (long long)value);
	return text;
}

static int64_t errors_of(const struct top_device *d)
{
	int64_t n = 0;
	unsigned i;

	for (i = 0; i < LIBUBLK_STATS_KINDS; i++)
		n += (int64_t)d->figures.counters.kinds[i].errors;
	return d->figures.has_counters ? n : -1;
}

static void device_line(const struct top_device *d, const struct top_rates *r, char *line,
			size_t size)
{
	char iops[24], reads[24], writes[24], p50[24], p99[24], flight[24], errors[24], starts[24];
	char unserved[DURATION_TEXT_MAX], server[24] = "-";

	if (d->is_server_alive)
		snprintf(server, sizeof(server), "%d", d->server_pid);
	snprintf(line, size, "%4d %-8s %8s %8s %8s %7s %7s %6s %6s %8s %8s %7s  %s", d->id,
		 ublk_state_name(d->state), rate_text(r->iops, iops),
		 megabytes_text(r->read_bytes, reads), megabytes_text(r->write_bytes, writes),
		 latency_text(r->p50_ns, p50), latency_text(r->p99_ns, p99),
		 number_text(d->figures.in_flight, flight), number_text(errors_of(d), errors),
		 number_text(d->figures.restarts, starts),
		 duration_format(d->figures.unserved_ms, unserved), server,
		 d->name[0] ? d->name : d->target);
}

/* Names are the operator's: nothing in them may move the cursor. */
static void put_line(FILE *out, char *line, int columns, const char *eol)
{
	char *at;

	for (at = line; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	fprintf(out, "%.*s%s", columns ? columns : (int)strlen(line), line, eol);
}

static int64_t between(const struct top_sample *before, const struct top_sample *after)
{
	return before ? after->at_ns - before->at_ns : 0;
}

void top_print_table(FILE *out, const struct top_sample *before, const struct top_sample *after,
		     int lines, int columns, const char *eol)
{
	struct top_rates rates;
	char line[512];
	size_t i;

	snprintf(line, sizeof(line), "%4s %-8s %8s %8s %8s %7s %7s %6s %6s %8s %8s %7s  %s", "ID",
		 "STATE", "IOPS", "RD MB/s", "WR MB/s", "P50", "P99", "FLIGHT", "ERRORS",
		 "RESTARTS", "UNSERVED", "SERVER", "NAME");
	put_line(out, line, columns, eol);
	for (i = 0; i < after->count && (!lines || (int)i < lines - 1); i++) {
		const struct top_device *d = &after->devices[i];

		top_rates(before ? top_sample_find(before, d) : NULL, d, between(before, after),
			  &rates);
		device_line(d, &rates, line, sizeof(line));
		put_line(out, line, columns, eol);
	}
}

static const char *const kind_names[LIBUBLK_STATS_KINDS] = {
	"read", "write", "flush", "discard", "write_zeroes", "other",
};

static void add_rate(struct json_object *object, const char *key, double value)
{
	json_object_object_add(object, key, value < 0 ? NULL : json_object_new_double(value));
}

static struct json_object *kinds_json(const struct ublk_stats_counters *c)
{
	struct json_object *kinds = json_object_new_object(), *one;
	unsigned i;

	for (i = 0; i < LIBUBLK_STATS_KINDS; i++) {
		const struct ublk_stats_of_kind *kind = &c->kinds[i];

		one = json_object_new_object();
		json_object_object_add(one, "ops", json_object_new_uint64(kind->ops));
		json_object_object_add(one, "errors", json_object_new_uint64(kind->errors));
		json_object_object_add(one, "bytes", json_object_new_uint64(kind->bytes));
		json_object_object_add(one, "measured", json_object_new_uint64(kind->measured));
		json_object_object_add(one, "measured_ns",
				       json_object_new_uint64(kind->measured_ns));
		json_object_object_add(one, "p50_ns", json_object_new_uint64(
			ublk_stats_percentile(kind->buckets, 50)));
		json_object_object_add(one, "p99_ns", json_object_new_uint64(
			ublk_stats_percentile(kind->buckets, 99)));
		json_object_object_add(kinds, kind_names[i], one);
	}
	return kinds;
}

static struct json_object *counters_json(const struct ublk_stats_counters *c)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "in_server", json_object_new_uint64(c->in_flight));
	json_object_object_add(object, "left_behind", json_object_new_uint64(c->left_behind));
	json_object_object_add(object, "kinds", kinds_json(c));
	return object;
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, *text ? json_object_new_string(text) : NULL);
}

static void add_counters(struct json_object *object, const struct top_device *d)
{
	struct json_object *queues;
	uint32_t i;

	json_object_object_add(object, "latency_every", d->figures.has_counters ?
			       json_object_new_int64(d->figures.stats.latency_every) : NULL);
	json_object_object_add(object, "total", d->figures.has_counters ?
			       counters_json(&d->figures.counters) : NULL);
	queues = d->queues ? json_object_new_array() : NULL;
	for (i = 0; d->queues && i < d->nr_queues; i++)
		json_object_array_add(queues, counters_json(&d->queues[i]));
	json_object_object_add(object, "queues", queues);
}

static struct json_object *device_json(const struct top_device *d, const struct top_rates *r)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "id", json_object_new_int(d->id));
	add_text(object, "name", d->name);
	add_text(object, "target", d->target);
	add_text(object, "uuid", d->uuid);
	add_text(object, "state", ublk_state_name(d->state));
	json_object_object_add(object, "server_pid", json_object_new_int(d->server_pid));
	json_object_object_add(object, "server_alive", json_object_new_boolean(d->is_server_alive));
	json_object_object_add(object, "fenced",
			       d->fenced < 0 ? NULL : json_object_new_boolean(d->fenced));
	device_figures_json(&d->figures, object);
	add_rate(object, "iops", r->iops);
	add_rate(object, "read_bytes_per_s", r->read_bytes);
	add_rate(object, "write_bytes_per_s", r->write_bytes);
	add_rate(object, "errors_per_s", r->errors);
	add_rate(object, "p50_ns", r->p50_ns);
	add_rate(object, "p99_ns", r->p99_ns);
	add_counters(object, d);
	return object;
}

struct json_object *top_json(const struct top_sample *before, const struct top_sample *after)
{
	struct json_object *object = json_object_new_object(), *array = json_object_new_array();
	struct top_rates rates;
	size_t i;

	json_object_object_add(object, "interval_ms",
			       json_object_new_int64(between(before, after) / 1000000));
	for (i = 0; i < after->count; i++) {
		const struct top_device *d = &after->devices[i];

		top_rates(before ? top_sample_find(before, d) : NULL, d, between(before, after),
			  &rates);
		json_object_array_add(array, device_json(d, &rates));
	}
	json_object_object_add(object, "devices", array);
	return object;
}
