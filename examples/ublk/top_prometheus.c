// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * A sample in Prometheus' text exposition format 0.0.4. All samples of a metric stand together
 * behind its HELP and TYPE, so the devices are gone through once for each metric. What is not
 * known of a device is left out.
 */
#include <inttypes.h>
#include <string.h>

#include "top_print.h"

/* Shorter latencies than 1 us and longer ones than half a minute are told apart by nobody. */
#define FIRST_BUCKET	10
#define LAST_BUCKET	34

static const char *const kind_names[LIBUBLK_STATS_KINDS] = {
	"read", "write", "flush", "discard", "write_zeroes", "other",
};

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Backslash, quote and newline are what the format escapes; other control characters it forbids. */
static void label(FILE *out, const char *name, const char *value)
{
	fprintf(out, ",%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '\\' || *value == '"')
			fprintf(out, "\\%c", *value);
		else
			fputc((unsigned char)*value < ' ' || *value == 0x7f ? '?' : *value, out);
	}
	fputc('"', out);
}

static void info(FILE *out, const struct top_sample *sample)
{
	size_t i;

	family(out, "ublk_device_info", "gauge", "A device; always 1.");
	for (i = 0; i < sample->count; i++) {
		const struct top_device *d = &sample->devices[i];

		fprintf(out, "ublk_device_info{id=\"%d\"", d->id);
		label(out, "name", d->name);
		label(out, "target", d->target);
		label(out, "uuid", d->uuid);
		label(out, "recovery", ublk_recovery_name(d->recovery));
		label(out, "fenced", d->fenced < 0 ? "" : d->fenced ? "yes" : "no");
		fputs("} 1\n", out);
	}
}

static void state(FILE *out, const struct top_sample *sample)
{
	size_t i;
	int s;

	family(out, "ublk_device_state", "gauge", "1 for the state that the device is in.");
	for (i = 0; i < sample->count; i++) {
		for (s = LIBUBLK_STATE_DEAD; s <= LIBUBLK_STATE_FAIL_IO; s++)
			fprintf(out, "ublk_device_state{id=\"%d\",state=\"%s\"} %d\n",
				sample->devices[i].id, ublk_state_name(s),
				sample->devices[i].state == s);
	}
}

static int64_t server_up(const struct top_device *d)
{
	return d->state == LIBUBLK_STATE_LIVE && d->is_server_alive;
}

static int64_t capacity(const struct top_device *d)
{
	return (int64_t)d->capacity;
}

static int64_t restarts(const struct top_device *d)
{
	return d->figures.restarts;
}

static int64_t in_flight(const struct top_device *d)
{
	return d->figures.in_flight;
}

static int64_t waiting(const struct top_device *d)
{
	return d->figures.waiting;
}

static int64_t latency_every(const struct top_device *d)
{
	return d->figures.has_counters ? (int64_t)d->figures.stats.latency_every : -1;
}

static void of_devices(FILE *out, const struct top_sample *sample)
{
	static const struct {
		const char *name, *type, *help;
		int64_t (*value)(const struct top_device *d);
	} metrics[] = {
		{ "ublk_server_up", "gauge", "1 if a server serves the device.", server_up },
		{ "ublk_capacity_bytes", "gauge", "Size of the disk.", capacity },
		{ "ublk_restarts_total", "counter", "Servers after the first one.", restarts },
		{ "ublk_in_flight", "gauge", "Requests that the disk has taken and not ended.",
		  in_flight },
		{ "ublk_waiting", "gauge", "Of these, the ones that wait for a server.", waiting },
		{ "ublk_latency_every", "gauge",
		  "Of so many requests of a kind the latency of one is measured.", latency_every },
	};
	size_t m, i;

	for (m = 0; m < sizeof(metrics) / sizeof(*metrics); m++) {
		family(out, metrics[m].name, metrics[m].type, metrics[m].help);
		for (i = 0; i < sample->count; i++) {
			int64_t value = metrics[m].value(&sample->devices[i]);

			if (value >= 0)
				fprintf(out, "%s{id=\"%d\"} %" PRId64 "\n", metrics[m].name,
					sample->devices[i].id, value);
		}
	}
}

static void unserved(FILE *out, const struct top_sample *sample)
{
	size_t i;

	family(out, "ublk_unserved_seconds_total", "counter",
	       "Time in which the device had no server (QUIESCED or FAIL_IO).");
	for (i = 0; i < sample->count; i++) {
		const struct top_device *d = &sample->devices[i];

		if (d->figures.unserved_ms >= 0)
			fprintf(out, "ublk_unserved_seconds_total{id=\"%d\"} %.3f\n", d->id,
				(double)d->figures.unserved_ms / 1e3);
	}
}

static uint64_t ops(const struct ublk_stats_of_kind *kind)
{
	return kind->ops;
}

static uint64_t errors(const struct ublk_stats_of_kind *kind)
{
	return kind->errors;
}

static uint64_t bytes(const struct ublk_stats_of_kind *kind)
{
	return kind->bytes;
}

static void kinds_of_queue(FILE *out, const char *name, const struct top_device *d, uint32_t q,
			   uint64_t (*value)(const struct ublk_stats_of_kind *kind))
{
	unsigned k;

	for (k = 0; k < LIBUBLK_STATS_KINDS; k++)
		fprintf(out, "%s{id=\"%d\",queue=\"%u\",op=\"%s\"} %" PRIu64 "\n", name, d->id, q,
			kind_names[k], value(&d->queues[q].kinds[k]));
}

static void of_queues(FILE *out, const struct top_sample *sample)
{
	static const struct {
		const char *name, *help;
		uint64_t (*value)(const struct ublk_stats_of_kind *kind);
	} metrics[] = {
		{ "ublk_requests_total", "Requests that servers completed, failed ones too.", ops },
		{ "ublk_errors_total", "Requests that servers completed with an error.", errors },
		{ "ublk_bytes_total", "Bytes of the requests that succeeded.", bytes },
	};
	size_t m, i;
	uint32_t q;

	for (m = 0; m < sizeof(metrics) / sizeof(*metrics); m++) {
		family(out, metrics[m].name, "counter", metrics[m].help);
		for (i = 0; i < sample->count; i++) {
			const struct top_device *d = &sample->devices[i];

			for (q = 0; d->queues && q < d->nr_queues; q++)
				kinds_of_queue(out, metrics[m].name, d, q, metrics[m].value);
		}
	}
}

static void left_behind(FILE *out, const struct top_sample *sample)
{
	size_t i;
	uint32_t q;

	family(out, "ublk_left_behind_total", "counter",
	       "Requests that servers had when they died.");
	for (i = 0; i < sample->count; i++) {
		const struct top_device *d = &sample->devices[i];

		for (q = 0; d->queues && q < d->nr_queues; q++)
			fprintf(out, "ublk_left_behind_total{id=\"%d\",queue=\"%u\"} %" PRIu64
				"\n", d->id, q, d->queues[q].left_behind);
	}
}

static void histogram(FILE *out, int id, const char *op, const struct ublk_stats_of_kind *kind)
{
	uint64_t sum = 0, all = 0;
	unsigned n;

	for (n = 0; n < LIBUBLK_STATS_BUCKETS; n++)
		all += kind->buckets[n];
	for (n = 0; n <= LAST_BUCKET; n++) {
		sum += kind->buckets[n];
		if (n >= FIRST_BUCKET)
			fprintf(out, "ublk_latency_seconds_bucket{id=\"%d\",op=\"%s\",le=\"%.9g\"} "
				"%" PRIu64 "\n", id, op, (double)(UINT64_C(2) << n) / 1e9, sum);
	}
	/* Not .measured, which may be a moment younger: the last bucket and the count are equal. */
	fprintf(out, "ublk_latency_seconds_bucket{id=\"%d\",op=\"%s\",le=\"+Inf\"} %" PRIu64 "\n"
		"ublk_latency_seconds_sum{id=\"%d\",op=\"%s\"} %.9f\n"
		"ublk_latency_seconds_count{id=\"%d\",op=\"%s\"} %" PRIu64 "\n",
		id, op, all, id, op, (double)kind->measured_ns / 1e9, id, op, all);
}

static void latency(FILE *out, const struct top_sample *sample)
{
	unsigned k;
	size_t i;

	family(out, "ublk_latency_seconds", "histogram",
	       "Time from a request's delivery to the server until its completion, of those that "
	       "were measured (ublk_latency_every).");
	for (i = 0; i < sample->count; i++) {
		const struct top_device *d = &sample->devices[i];

		for (k = 0; d->figures.has_counters && k < LIBUBLK_STATS_KINDS; k++) {
			if (d->figures.counters.kinds[k].measured)
				histogram(out, d->id, kind_names[k],
					  &d->figures.counters.kinds[k]);
		}
	}
}

void top_print_prometheus(FILE *out, const struct top_sample *sample)
{
	info(out, sample);
	state(out, sample);
	of_devices(out, sample);
	unserved(out, sample);
	of_queues(out, sample);
	left_behind(out, sample);
	latency(out, sample);
}
