// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Rates between two samples, and the three ways to print one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "top_print.h"

static struct top_device device(int id)
{
	struct top_device d = { .id = id, .state = LIBUBLK_STATE_LIVE, .is_server_alive = 1,
				.server_pid = 4711, .nr_queues = 1, .capacity = 1 << 20,
				.identity_tag = 5, .fenced = 1 };

	strcpy(d.name, "data");
	strcpy(d.target, "loop");
	d.figures = (struct device_figures){ .in_flight = 3, .waiting = 0, .in_server = 3,
					     .restarts = 2, .state_ms = 1500, .unserved_ms = 61000,
					     .has_counters = 1 };
	d.figures.stats.latency_every = 16;
	return d;
}

static void count(struct top_device *d, uint64_t ops, uint64_t bytes, unsigned bucket)
{
	struct ublk_stats_of_kind *kind = &d->figures.counters.kinds[LIBUBLK_STATS_READ];

	kind->ops += ops;
	kind->bytes += bytes;
	kind->measured += ops;
	kind->measured_ns += ops << bucket;
	kind->buckets[bucket] += ops;
}

static void rates_are_differences(void **state)
{
	struct top_device a = device(0), b;
	struct top_rates r;

	(void)state;
	count(&a, 1000000, 1, 30);
	b = a;
	count(&b, 200, 819200, 10);
	b.figures.counters.kinds[LIBUBLK_STATS_WRITE].errors = 4;
	top_rates(&a, &b, 2000000000, &r);
	assert_true(r.iops == 100 && r.read_bytes == 409600 && r.write_bytes == 0);
	assert_true(r.errors == 2);
	/* The million slow ones were before. */
	assert_true(r.p50_ns >= 1024 && r.p99_ns < 2048);
	/* Nothing measured is not "0 ns". */
	top_rates(&a, &a, 1000000000, &r);
	assert_true(r.iops == 0 && r.p50_ns < 0);
	/* Nothing known is not "0 IOPS". */
	top_rates(NULL, &b, 1000000000, &r);
	assert_true(r.iops < 0 && r.p50_ns < 0);
	b.figures.has_counters = 0;
	top_rates(&a, &b, 1000000000, &r);
	assert_true(r.iops < 0);
}

static void counters_made_anew_begin_at_nothing(void **state)
{
	struct top_device a = device(0), b = device(0);
	struct top_rates r;

	(void)state;
	count(&a, 1000, 1, 10);
	count(&b, 10, 1, 10);
	top_rates(&a, &b, 1000000000, &r);
	assert_true(r.iops == 10);
}

static void another_device_is_no_earlier_sample(void **state)
{
	struct top_device a = device(0), b = device(0);
	struct top_sample sample = { .devices = &a, .count = 1 };

	(void)state;
	assert_ptr_equal(top_sample_find(&sample, &b), &a);
	b.identity_tag = 6;
	assert_null(top_sample_find(&sample, &b));
}

static void sorted(void **state)
{
	struct top_device old[3] = { device(0), device(1), device(2) }, now[3];
	struct top_sample before = { 0, old, 3 }, after = { 1000000000, now, 3 };

	(void)state;
	memcpy(now, old, sizeof(now));
	count(&now[1], 50, 100, 20);
	count(&now[2], 90, 10, 10);
	now[0].figures.in_flight = 9;
	top_sample_sort(&after, &before, TOP_BY_IOPS);
	assert_int_equal(now[0].id, 2);
	assert_int_equal(now[1].id, 1);
	top_sample_sort(&after, &before, TOP_BY_BYTES);
	assert_int_equal(now[0].id, 1);
	top_sample_sort(&after, &before, TOP_BY_LATENCY);
	assert_int_equal(now[0].id, 1);
	top_sample_sort(&after, &before, TOP_BY_FLIGHT);
	assert_int_equal(now[0].id, 0);
	top_sample_sort(&after, NULL, TOP_BY_ID);
	assert_int_equal(now[0].id, 0);
	assert_int_equal(now[2].id, 2);
}

static char *prometheus(const struct top_sample *sample)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	top_print_prometheus(out, sample);
	fclose(out);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in\n%s", part, text);
}

static void prometheus_values_and_escapes(void **state)
{
	struct top_device d = device(3);
	struct top_sample sample = { 0, &d, 1 };
	char *text;

	(void)state;
	strcpy(d.name, "a\\b\"c\nd\033[2J");
	count(&d, 5, 20480, 10);
	count(&d, 1, 4096, 39);
	d.queues = &d.figures.counters;
	text = prometheus(&sample);
	assert_has(text, "name=\"a\\\\b\\\"c\\nd?[2J\",target=\"loop\"");
	assert_has(text, "# TYPE ublk_requests_total counter\n");
	assert_has(text, "ublk_requests_total{id=\"3\",queue=\"0\",op=\"read\"} 6\n");
	assert_has(text, "ublk_bytes_total{id=\"3\",queue=\"0\",op=\"read\"} 24576\n");
	assert_has(text, "ublk_unserved_seconds_total{id=\"3\"} 61.000\n");
	assert_has(text, "ublk_device_state{id=\"3\",state=\"LIVE\"} 1\n");
	assert_has(text, "ublk_device_state{id=\"3\",state=\"QUIESCED\"} 0\n");
	assert_has(text, "ublk_latency_seconds_bucket{id=\"3\",op=\"read\",le=\"2.048e-06\"} 5\n");
	/* Longer than all buckets: only in the last one, which is the count. */
	assert_has(text, "le=\"34.3597384\"} 5\n");
	assert_has(text, "le=\"+Inf\"} 6\n");
	assert_has(text, "ublk_latency_seconds_count{id=\"3\",op=\"read\"} 6\n");
	assert_null(strstr(text, "op=\"flush\",le="));
	free(text);
}

/* Each metric once: HELP, TYPE, then all of its samples, of whatever device. */
static void prometheus_families_stand_together(void **state)
{
	struct top_device d[2] = { device(0), device(1) };
	struct top_sample sample = { 0, d, 2 };
	char *text, *line, *save = NULL, seen[4096] = "", current[128] = "", name[128];

	(void)state;
	count(&d[0], 1, 1, 12);
	count(&d[1], 1, 1, 12);
	d[0].queues = &d[0].figures.counters;
	d[1].queues = &d[1].figures.counters;
	text = prometheus(&sample);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "# HELP %127s", name) == 1) {
			snprintf(current, sizeof(current), "%s", name);
			assert_null(strstr(seen, current));
			strcat(strcat(seen, current), " ");
			continue;
		}
		if (sscanf(line, "# TYPE %127s", name) == 1) {
			assert_string_equal(name, current);
			continue;
		}
		assert_int_equal(strncmp(line, current, strlen(current)), 0);
	}
	free(text);
}

static void what_is_not_known_is_left_out(void **state)
{
	struct top_device d = device(0);
	struct top_sample sample = { 0, &d, 1 };
	struct json_object *json, *value;
	char *text;

	(void)state;
	d.figures = (struct device_figures){ .in_flight = -1, .waiting = -1, .in_server = -1,
					     .restarts = -1, .state_ms = -1, .unserved_ms = -1 };
	text = prometheus(&sample);
	assert_null(strstr(text, "-1\n"));
	assert_null(strstr(text, "ublk_restarts_total{"));
	free(text);
	json = top_json(NULL, &sample);
	value = json_object_array_get_idx(json_object_object_get(json, "devices"), 0);
	assert_true(json_object_object_get_ex(value, "iops", NULL));
	assert_null(json_object_object_get(value, "iops"));
	assert_null(json_object_object_get(value, "restarts"));
	assert_null(json_object_object_get(value, "total"));
	json_object_put(json);
}

static void table_fits_and_is_plain(void **state)
{
	struct top_device d[3] = { device(0), device(1), device(2) };
	struct top_sample sample = { 0, d, 3 };
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	strcpy(d[0].name, "x\033]0;evil\a");
	top_print_table(out, NULL, &sample, 3, 40, "|\n");
	fclose(out);
	/* A head and two lines of the three. */
	assert_int_equal(len, 3 * 42);
	assert_null(memchr(text, '\033', len));
	free(text);
	out = open_memstream(&text, &len);
	top_print_table(out, NULL, &sample, 0, 0, "\n");
	fclose(out);
	assert_has(text, "x?]0;evil?");
	assert_has(text, "1m01s");
	free(text);
}

static void durations(void **state)
{
	char text[DURATION_TEXT_MAX];

	(void)state;
	assert_string_equal(duration_format(-1, text), "-");
	assert_string_equal(duration_format(7850, text), "7.8s");
	assert_string_equal(duration_format(3599999, text), "59m59s");
	assert_string_equal(duration_format(3600000, text), "1h00m");
	assert_string_equal(duration_format(86400000LL * 400, text), "400d00h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_differences),
		cmocka_unit_test(counters_made_anew_begin_at_nothing),
		cmocka_unit_test(another_device_is_no_earlier_sample),
		cmocka_unit_test(sorted),
		cmocka_unit_test(prometheus_values_and_escapes),
		cmocka_unit_test(prometheus_families_stand_together),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(table_fits_and_is_plain),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
