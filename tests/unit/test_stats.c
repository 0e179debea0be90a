// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Counters: what is counted, what the file looks like, who goes on with it, who refuses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

static struct fake_server server;

static struct ublk_device *create(struct ublk_device_config config)
{
	struct ublk_device *dev;

	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), 0);
	return dev;
}

static void serve(struct ublk_device *dev)
{
	assert_int_equal(fake_server_start(&server, dev), 0);
}

static struct ublk_stats_counters counters(int queue)
{
	struct ublk_stats_counters c = { .size = sizeof(c) };
	struct ublk_stats *stats;

	assert_int_equal(ublk_stats_open(ctl, 0, &stats), 0);
	assert_int_equal(ublk_stats_read(stats, queue, &c), 0);
	ublk_stats_close(stats);
	return c;
}

static struct ublk_stats_info info(void)
{
	struct ublk_stats_info i = { .size = sizeof(i) };
	struct ublk_stats *stats;

	assert_int_equal(ublk_stats_open(ctl, 0, &stats), 0);
	assert_int_equal(ublk_stats_get_info(stats, &i), 0);
	ublk_stats_close(stats);
	return i;
}

static const char *path(void)
{
	static char text[4096];

	snprintf(text, sizeof(text), "%s/0.stats", fake_run_dir());
	return text;
}

static void step_until_done(void)
{
	while (!fake_requests_done())
		fake_server_step(&server);
}

static void kinds_bytes_and_errors(void **state)
{
	struct ublk_device_config config = fake_config(2);
	struct ublk_stats_counters all, first;
	int i;

	(void)state;
	config.latency_every = 1;
	serve(create(config));
	for (i = 0; i < 6; i++)
		fake_request(0, i % 2, UBLK_IO_OP_WRITE, (uint64_t)i);
	for (i = 0; i < 4; i++)
		fake_request(0, 0, UBLK_IO_OP_READ, (uint64_t)i);
	fake_request(0, 1, UBLK_IO_OP_FLUSH, 0);
	/* Fails: the fake target has no discard. */
	fake_request(0, 1, UBLK_IO_OP_DISCARD, 0);
	step_until_done();
	all = counters(-1);
	first = counters(0);
	assert_int_equal(all.kinds[LIBUBLK_STATS_WRITE].ops, 6);
	assert_int_equal(all.kinds[LIBUBLK_STATS_WRITE].bytes, 6 * FAKE_DATA);
	assert_int_equal(all.kinds[LIBUBLK_STATS_WRITE].errors, 0);
	assert_int_equal(all.kinds[LIBUBLK_STATS_READ].ops, 4);
	assert_int_equal(all.kinds[LIBUBLK_STATS_FLUSH].ops, 1);
	assert_int_equal(all.kinds[LIBUBLK_STATS_DISCARD].ops, 1);
	assert_int_equal(all.kinds[LIBUBLK_STATS_DISCARD].errors, 1);
	assert_int_equal(all.kinds[LIBUBLK_STATS_DISCARD].bytes, 0);
	assert_int_equal(all.kinds[LIBUBLK_STATS_WRITE].measured, 6);
	assert_int_equal(first.kinds[LIBUBLK_STATS_WRITE].ops, 3);
	assert_int_equal(first.kinds[LIBUBLK_STATS_READ].ops, 4);
	assert_int_equal(first.kinds[LIBUBLK_STATS_DISCARD].ops, 0);
	assert_int_equal(all.in_flight, 0);
	fake_server_end(&server);
}

static uint64_t in_buckets(const struct ublk_stats_of_kind *kind)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < LIBUBLK_STATS_BUCKETS; i++)
		n += kind->buckets[i];
	return n;
}

static void one_in_so_many_is_measured(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_stats_counters c;
	int i;

	(void)state;
	config.latency_every = 4;
	serve(create(config));
	for (i = 0; i < 9; i++)
		fake_request(0, 0, UBLK_IO_OP_WRITE, (uint64_t)i);
	fake_request(0, 0, UBLK_IO_OP_READ, 0);
	step_until_done();
	c = counters(-1);
	/* The first, the fifth, the ninth; and the only read. */
	assert_int_equal(c.kinds[LIBUBLK_STATS_WRITE].measured, 3);
	assert_int_equal(in_buckets(&c.kinds[LIBUBLK_STATS_WRITE]), 3);
	assert_int_equal(c.kinds[LIBUBLK_STATS_READ].measured, 1);
	assert_int_equal(info().latency_every, 4);
	fake_server_end(&server);
}

static void in_flight_while_the_target_has_it(void **state)
{
	int i;

	(void)state;
	serve(create(fake_config(1)));
	target->holds = true;
	for (i = 0; i < 3; i++)
		fake_request(0, 0, UBLK_IO_OP_WRITE, (uint64_t)i);
	fake_server_step(&server);
	assert_int_equal(counters(-1).in_flight, 3);
	assert_int_equal(counters(-1).kinds[LIBUBLK_STATS_WRITE].ops, 0);
	ublk_io_complete(target->held[0], 0);
	assert_int_equal(counters(-1).in_flight, 2);
	ublk_io_complete(target->held[1], -EIO);
	ublk_io_complete(target->held[2], 0);
	fake_server_step(&server);
	assert_int_equal(counters(-1).in_flight, 0);
	assert_int_equal(counters(-1).kinds[LIBUBLK_STATS_WRITE].errors, 1);
	assert_int_equal(counters(-1).kinds[LIBUBLK_STATS_WRITE].bytes, 2 * FAKE_DATA);
	fake_server_end(&server);
}

/* In a child: serve three writes, keep two more, die with them. */
static void die_with_two(void)
{
	pid_t pid = fork();
	int status, i;

	if (!pid) {
		serve(create(fake_config(1)));
		for (i = 0; i < 3; i++)
			fake_request(0, 0, UBLK_IO_OP_WRITE, (uint64_t)i);
		step_until_done();
		target->holds = true;
		fake_request(0, 0, UBLK_IO_OP_WRITE, 3);
		fake_request(0, 0, UBLK_IO_OP_WRITE, 4);
		fake_server_step(&server);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	fake_server_gone(0);
	target->holds = false;
	target->nr_held = 0;
}

static void they_go_on_after_a_takeover(void **state)
{
	struct ublk_stats *before;
	struct ublk_stats_counters seen = { .size = sizeof(seen) };
	struct ublk_device *dev;
	int first_pid;

	(void)state;
	die_with_two();
	assert_int_equal(counters(-1).in_flight, 2);
	assert_int_equal(counters(-1).left_behind, 0);
	assert_int_equal(info().nr_servers, 1);
	first_pid = info().server_pid;
	assert_int_not_equal(first_pid, getpid());
	assert_int_equal(ublk_stats_open(ctl, 0, &before), 0);

	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &dev), 0);
	assert_int_equal(counters(-1).in_flight, 0);
	assert_int_equal(counters(-1).left_behind, 2);
	/* Not live yet: nothing to count as a restart. */
	assert_int_equal(info().nr_servers, 1);
	serve(dev);
	assert_int_equal(info().nr_servers, 2);
	assert_int_equal(info().server_pid, getpid());
	step_until_done();
	/* The three of the dead one, the two that were given again. */
	assert_int_equal(counters(-1).kinds[LIBUBLK_STATS_WRITE].ops, 5);
	/* A reader of the first server's time sees it all. */
	assert_int_equal(ublk_stats_read(before, -1, &seen), 0);
	assert_int_equal(seen.kinds[LIBUBLK_STATS_WRITE].ops, 5);
	ublk_stats_close(before);
	fake_server_end(&server);
}

static void removed_with_the_device(void **state)
{
	struct ublk_stats *stats;
	struct ublk_device *dev = create(fake_config(1));

	(void)state;
	serve(dev);
	assert_int_equal(access(path(), R_OK), 0);
	fake_server_end(&server);
	assert_int_equal(ublk_device_delete(ctl, 0, 0, 0), 0);
	assert_int_equal(access(path(), F_OK), -1);
	assert_int_equal(ublk_stats_open(ctl, 0, &stats), -ENOENT);
	assert_sentence("no counters");
}

static void another_device_with_that_id_starts_at_nothing(void **state)
{
	char kept[4096];

	(void)state;
	serve(create(fake_config(1)));
	fake_request(0, 0, UBLK_IO_OP_WRITE, 0);
	step_until_done();
	snprintf(kept, sizeof(kept), "%s/kept", fake_run_dir());
	assert_int_equal(link(path(), kept), 0);
	fake_server_end(&server);
	assert_int_equal(ublk_device_delete(ctl, 0, 0, 0), 0);
	/* As if the delete had died before it came to the file. */
	assert_int_equal(rename(kept, path()), 0);
	serve(create(fake_config(1)));
	assert_int_equal(counters(-1).kinds[LIBUBLK_STATS_WRITE].ops, 0);
	fake_server_end(&server);
}

static void file_is_public_and_whole(void **state)
{
	struct ublk_stats_header h;
	struct stat st;
	mode_t mask = umask(077);
	int fd;

	(void)state;
	serve(create(fake_config(2)));
	umask(mask);
	assert_int_equal(stat(path(), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	fd = open(path(), O_RDONLY);
	assert_int_equal(read(fd, &h, sizeof(h)), sizeof(h));
	close(fd);
	assert_memory_equal(&h.magic, "UBLKSTAT", 8);
	assert_int_equal(h.version, 1);
	assert_int_equal(h.nr_queues, 2);
	assert_int_equal(h.file_size, st.st_size);
	assert_int_equal(h.server_pid, getpid());
	assert_true(h.live_ms >= h.created_ms && h.created_ms);
	fake_server_end(&server);
}

static void rewrite(size_t offset, uint32_t value)
{
	int fd = open(path(), O_WRONLY);

	assert_int_equal(pwrite(fd, &value, sizeof(value), (off_t)offset), sizeof(value));
	close(fd);
}

static void damaged_or_untrusted_is_refused(void **state)
{
	static const struct {
		size_t offset;
		uint32_t value;
	} damage[] = {
		{ offsetof(struct ublk_stats_header, magic), 1 },
		{ offsetof(struct ublk_stats_header, version), 2 },
		{ offsetof(struct ublk_stats_header, header_size), 0 },
		{ offsetof(struct ublk_stats_header, queue_size), 8 },
		{ offsetof(struct ublk_stats_header, queue_size), 0xfffffff8 },
		{ offsetof(struct ublk_stats_header, nr_queues), 3 },
		{ offsetof(struct ublk_stats_header, nr_queues), 0xffffffff },
		{ offsetof(struct ublk_stats_header, file_size), 1 << 30 },
	};
	struct ublk_stats *stats;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(damage); i++) {
		serve(create(fake_config(1)));
		rewrite(damage[i].offset, damage[i].value);
		assert_int_equal(ublk_stats_open(ctl, 0, &stats), -EBADMSG);
		fake_server_end(&server);
		ublk_device_delete(ctl, 0, 0, 0);
	}
	serve(create(fake_config(1)));
	assert_int_equal(chmod(path(), 0666), 0);
	assert_int_equal(ublk_stats_open(ctl, 0, &stats), -EPERM);
	assert_int_equal(chmod(path(), 0644), 0);
	assert_int_equal(truncate(path(), 100), 0);
	assert_int_equal(ublk_stats_open(ctl, 0, &stats), -EBADMSG);
	assert_int_equal(unlink(path()), 0);
	assert_int_equal(symlink("/dev/zero", path()), 0);
	assert_int_equal(ublk_stats_open(ctl, 0, &stats), -EPERM);
	/* The server maps that file, cut short and without a name now: no request for it. */
	fake_server_end(&server);
}

/* Somebody else's file in our place: a takeover makes a new one and touches not that one. */
static void a_damaged_file_is_replaced(void **state)
{
	struct ublk_device *dev;

	(void)state;
	die_with_two();
	rewrite(offsetof(struct ublk_stats_header, nr_queues), 7);
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &dev), 0);
	serve(dev);
	step_until_done();
	assert_int_equal(counters(-1).kinds[LIBUBLK_STATS_WRITE].ops, 2);
	assert_int_equal(counters(-1).left_behind, 0);
	fake_server_end(&server);
}

static void without_a_file_it_is_served_too(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_stats *stats;
	char name[4096];
	int i;

	(void)state;
	/* A folder of that name, in which something is: cannot be replaced. */
	assert_int_equal(mkdir(fake_run_dir(), 0755) < 0 && errno != EEXIST, 0);
	snprintf(name, sizeof(name), "%s/.0.stats.new", fake_run_dir());
	assert_int_equal(mkdir(name, 0755), 0);
	serve(create(config));
	assert_int_equal(ublk_stats_open(ctl, 0, &stats), -ENOENT);
	i = fake_request(0, 0, UBLK_IO_OP_WRITE, 0);
	step_until_done();
	assert_int_equal(fake->requests[i].result, FAKE_DATA);
	fake_server_end(&server);
	assert_int_equal(rmdir(name), 0);
}

static void sized_structs(void **state)
{
	struct {
		struct ublk_stats_info known;
		uint64_t later;
	} grown = { .later = 7 };
	struct ublk_stats_info small = { .size = offsetof(struct ublk_stats_info, created_ms),
					 .created_ms = 5 };
	struct ublk_stats_counters none = { .size = 0 };
	struct ublk_stats *stats;

	(void)state;
	serve(create(fake_config(1)));
	assert_int_equal(ublk_stats_open(ctl, 0, &stats), 0);
	grown.known.size = sizeof(grown);
	assert_int_equal(ublk_stats_get_info(stats, &grown.known), 0);
	assert_int_equal(grown.later, 0);
	assert_int_equal(grown.known.nr_queues, 1);
	assert_int_equal(ublk_stats_get_info(stats, &small), 0);
	assert_int_equal(small.created_ms, 5);
	assert_int_equal(ublk_stats_read(stats, -1, &none), -EINVAL);
	none.size = sizeof(none);
	assert_int_equal(ublk_stats_read(stats, 1, &none), -EINVAL);
	ublk_stats_close(stats);
	ublk_stats_close(NULL);
	fake_server_end(&server);
}

static void buckets_and_percentiles(void **state)
{
	uint64_t buckets[LIBUBLK_STATS_BUCKETS] = { 0 };

	(void)state;
	assert_int_equal(ublk_stats_bucket(0), 0);
	assert_int_equal(ublk_stats_bucket(1), 0);
	assert_int_equal(ublk_stats_bucket(2), 1);
	assert_int_equal(ublk_stats_bucket(1023), 9);
	assert_int_equal(ublk_stats_bucket(1024), 10);
	assert_int_equal(ublk_stats_bucket(UINT64_MAX), LIBUBLK_STATS_BUCKETS - 1);
	assert_int_equal(ublk_stats_percentile(buckets, 50), 0);
	buckets[10] = 100;			/* 1024 .. 2047 */
	assert_int_equal(ublk_stats_percentile(buckets, 50), 1536);
	assert_int_equal(ublk_stats_percentile(buckets, 100), 2048);
	buckets[20] = 1;
	assert_in_range(ublk_stats_percentile(buckets, 99), 1024, 2048);
	assert_in_range(ublk_stats_percentile(buckets, 99.9), 1 << 20, 1 << 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kinds_bytes_and_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(one_in_so_many_is_measured, setup, teardown),
		cmocka_unit_test_setup_teardown(in_flight_while_the_target_has_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(they_go_on_after_a_takeover, setup, teardown),
		cmocka_unit_test_setup_teardown(removed_with_the_device, setup, teardown),
		cmocka_unit_test_setup_teardown(another_device_with_that_id_starts_at_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(file_is_public_and_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_or_untrusted_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_file_it_is_served_too, setup, teardown),
		cmocka_unit_test_setup_teardown(sized_structs, setup, teardown),
		cmocka_unit_test(buckets_and_percentiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
