// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Who owns a request: delivery, completion here and in other threads, misuse, stop while busy. */
#include <liburing.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_target.h"

struct rig {
	struct ublk_ctl *ctl;
	struct fake_target *target;
	struct fake_server server;
	struct ublk_queue *q;
};

static void start(struct rig *rig, struct ublk_device_config config)
{
	struct ublk_device *dev;

	memset(rig, 0, sizeof(*rig));
	rig->ctl = fake_setup();
	rig->target = fake_target_new();
	assert_int_equal(ublk_device_create(rig->ctl, &config, &fake_target_ops, rig->target, &dev),
			 0);
	assert_int_equal(fake_server_start(&rig->server, dev), 0);
	rig->q = rig->server.q[0];
}

static void end(struct rig *rig)
{
	fake_server_end(&rig->server);
	fake_teardown(rig->ctl);
	fake_target_free(rig->target);
}

static struct ublk_queue_stats stats(const struct rig *rig)
{
	struct ublk_queue_stats s = { .size = sizeof(s) };

	assert_int_equal(ublk_queue_get_stats(rig->q, &s), 0);
	return s;
}

static void write_and_read_back(void **state)
{
	static const uint32_t modes[] = {
		LIBUBLK_DATA_COPY, LIBUBLK_DATA_GET_DATA, LIBUBLK_DATA_USER_COPY,
		LIBUBLK_DATA_REGISTERED, LIBUBLK_DATA_AUTO_REGISTERED, LIBUBLK_DATA_AUTO,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct ublk_device_config config = fake_config(1);
		struct rig rig;
		int w, r;

		config.data_mode = modes[i];
		start(&rig, config);
		w = fake_request(0, 0, UBLK_IO_OP_WRITE, 7);
		assert_true(fake_server_step(&rig.server) > 0);
		/* With get-data the data comes with a second command; registering is one, too. */
		fake_server_step(&rig.server);
		assert_int_equal(fake->requests[w].result, FAKE_DATA);
		r = fake_request(0, 0, UBLK_IO_OP_READ, 7);
		memset(fake->requests[r].data, 0, FAKE_DATA);
		fake_server_step(&rig.server);
		fake_server_step(&rig.server);
		assert_int_equal(fake->requests[r].result, FAKE_DATA);
		assert_memory_equal(fake->requests[r].data, fake->requests[w].data, FAKE_DATA);
		assert_int_equal(stats(&rig).completed, 2);
		end(&rig);
	}
}

/* Registered by hand, unregistered before each COMMIT; requests without data are not. */
static void pages_are_registered_and_unregistered(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct rig rig;
	int w, f;

	(void)state;
	config.data_mode = LIBUBLK_DATA_REGISTERED;
	start(&rig, config);
	assert_null(rig.q->bufs);
	w = fake_request(0, 0, UBLK_IO_OP_WRITE, 7);
	fake_server_step(&rig.server);
	assert_int_equal(rig.target->nr_submit, 0);	/* not before it is registered */
	fake_server_step(&rig.server);
	assert_int_equal(rig.target->nr_submit, 1);
	assert_int_equal(fake->requests[w].result, FAKE_DATA);
	assert_int_equal(fake->nr_registers, 1);
	assert_int_equal(fake->nr_unregisters, 1);
	f = fake_request(0, 0, UBLK_IO_OP_FLUSH, 0);
	fake_server_step(&rig.server);
	assert_int_equal(fake->requests[f].nr_done, 1);
	assert_int_equal(fake->nr_registers, 1);
	end(&rig);
}

/* The driver does it, and when it says that it could not the library does. */
static void automatic_registration_has_a_fallback(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct rig rig;
	int i, fails;

	(void)state;
	config.data_mode = LIBUBLK_DATA_AUTO_REGISTERED;
	start(&rig, config);
	for (fails = 0; fails < 2; fails++) {
		fake->fails_auto_reg = fails;
		i = fake_request(0, 0, UBLK_IO_OP_WRITE, 7);
		fake_server_step(&rig.server);
		fake_server_step(&rig.server);
		assert_int_equal(fake->requests[i].result, FAKE_DATA);
		assert_int_equal(fake->nr_registers, fails);
		assert_int_equal(fake->nr_unregisters, fails);
	}
	end(&rig);
}

static void failed_registration_fails_the_request(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct rig rig;
	int i;

	(void)state;
	config.data_mode = LIBUBLK_DATA_REGISTERED;
	start(&rig, config);
	fake->register_result = -ENOMEM;
	i = fake_request(0, 0, UBLK_IO_OP_READ, 7);
	fake_server_step(&rig.server);
	fake_server_step(&rig.server);
	assert_int_equal(fake->requests[i].result, -EIO);
	assert_int_equal(rig.target->nr_submit, 0);
	fake->register_result = 0;
	i = fake_request(0, 0, UBLK_IO_OP_READ, 7);
	fake_server_step(&rig.server);
	fake_server_step(&rig.server);
	assert_int_equal(fake->requests[i].result, FAKE_DATA);
	/* what can not be taken out again would keep its request for ever */
	ublk_queue_on_buffer(rig.q, 0, UBLK_U_IO_UNREGISTER_IO_BUF, -EINVAL);
	assert_int_equal(ublk_queue_step(rig.q, 0), -EINVAL);
	end(&rig);
}

static void an_sqe_is_prepared_as_the_mode_wants_it(void **state)
{
	static const uint32_t modes[] = { LIBUBLK_DATA_COPY, LIBUBLK_DATA_REGISTERED };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		bool is_fixed = modes[i] == LIBUBLK_DATA_REGISTERED;
		struct ublk_device_config config = fake_config(1);
		struct io_uring_sqe sqe = { .user_data = 5 };
		struct ublk_io *io;
		struct rig rig;

		config.data_mode = modes[i];
		start(&rig, config);
		rig.target->holds = true;
		fake_request(0, 0, UBLK_IO_OP_WRITE, 7);
		fake_server_step(&rig.server);
		fake_server_step(&rig.server);
		assert_int_equal(rig.target->nr_held, 1);
		io = rig.target->held[0];
		assert_int_equal(ublk_io_buffer_index(io), is_fixed ? (int)ublk_io_tag(io) : -1);
		assert_int_equal(ublk_io_prep_rw(io, &sqe, 3, 100, 412, 1000), 0);
		assert_int_equal(sqe.opcode, is_fixed ? IORING_OP_WRITE_FIXED : IORING_OP_WRITE);
		assert_int_equal(sqe.fd, 3);
		assert_int_equal(sqe.addr, (uintptr_t)ublk_io_buffer(io) + 100);
		assert_int_equal(sqe.len, 412);
		assert_int_equal(sqe.off, 1000);
		assert_int_equal(sqe.user_data, 5);
		assert_int_equal(ublk_io_prep_rw(io, &sqe, 3, 100, 413, 0), -EINVAL);
		ublk_io_complete(io, 0);
		end(&rig);
	}
}

static void negative_result_of_submit_completes(void **state)
{
	struct rig rig;
	int i;

	(void)state;
	start(&rig, fake_config(1));
	i = fake_request(0, 0, UBLK_IO_OP_DISCARD, 0);
	fake_server_step(&rig.server);
	assert_int_equal(fake->requests[i].result, -EOPNOTSUPP);
	assert_int_equal(stats(&rig).failed, 1);
	end(&rig);
}

static void positive_result_is_an_error(void **state)
{
	struct rig rig;
	int i;

	(void)state;
	start(&rig, fake_config(1));
	rig.target->submit_result = EIO;	/* the classic slip: errno without its sign */
	i = fake_request(0, 0, UBLK_IO_OP_WRITE, 0);
	fake_server_step(&rig.server);
	assert_int_equal(fake->requests[i].result, -EIO);
	assert_int_equal(stats(&rig).bad_results, 1);
	end(&rig);
}

static void second_completion_is_counted_and_ignored(void **state)
{
	struct rig rig;
	int i;

	(void)state;
	start(&rig, fake_config(1));
	rig.target->holds = true;
	i = fake_request(0, 0, UBLK_IO_OP_FLUSH, 0);
	fake_server_step(&rig.server);
	assert_int_equal(rig.target->nr_held, 1);
	ublk_io_complete(rig.target->held[0], 0);
	ublk_io_complete(rig.target->held[0], -EIO);
	ublk_io_complete_mt(rig.target->held[0], -EIO);
	fake_server_step(&rig.server);
	assert_int_equal(fake->requests[i].result, 0);
	assert_int_equal(fake->requests[i].nr_done, 1);
	assert_int_equal(stats(&rig).double_completions, 2);
	assert_int_equal(stats(&rig).completed, 1);
	end(&rig);
}

static void *complete_held(void *arg)
{
	struct fake_target *target = arg;
	unsigned i;

	for (i = 0; i < target->nr_held; i++)
		ublk_io_complete_mt(target->held[i], i % 2 ? 0 : -ENOSPC);
	return NULL;
}

/* The plain call is meant for the queue's thread; in another one it must not break anything. */
static void *complete_held_plainly(void *arg)
{
	struct fake_target *target = arg;
	unsigned i;

	for (i = 0; i < target->nr_held; i++)
		ublk_io_complete(target->held[i], i % 2 ? 0 : -ENOSPC);
	return NULL;
}

static void completion_from_another_thread(void **state)
{
	void *(*const ways[])(void *) = { complete_held, complete_held_plainly };
	size_t way;

	(void)state;
	for (way = 0; way < ARRAY_SIZE(ways); way++) {
		pthread_t thread;
		struct rig rig;
		unsigned i;

		start(&rig, fake_config(1));
		rig.target->holds = true;
		for (i = 0; i < FAKE_DEPTH; i++)
			fake_request(0, 0, UBLK_IO_OP_FLUSH, 0);
		fake_server_step(&rig.server);
		assert_int_equal(rig.target->nr_held, FAKE_DEPTH);
		assert_int_equal(pthread_create(&thread, NULL, ways[way], rig.target), 0);
		/* Wakes a sleeping queue: without bound, so a lost wake-up hangs the test. */
		while (stats(&rig).completed < FAKE_DEPTH)
			assert_true(ublk_queue_step(rig.q, -1) >= 0);
		pthread_join(thread, NULL);
		for (i = 0; i < FAKE_DEPTH; i++)
			assert_int_equal(fake->requests[i].result, i % 2 ? 0 : -ENOSPC);
		end(&rig);
	}
}

static void own_sqes(void **state)
{
	struct rig rig;
	int i;

	(void)state;
	start(&rig, fake_config(1));
	rig.target->uses_sqes = true;
	i = fake_request(0, 0, UBLK_IO_OP_WRITE, 3);
	fake_server_step(&rig.server);
	fake_server_step(&rig.server);
	assert_int_equal(rig.target->nr_cqe, 1);
	assert_int_equal(fake->requests[i].result, FAKE_DATA);
	fake->sqe_result = -ENOSPC;
	i = fake_request(0, 0, UBLK_IO_OP_WRITE, 3);
	fake_server_step(&rig.server);
	fake_server_step(&rig.server);
	assert_int_equal(fake->requests[i].result, -ENOSPC);
	end(&rig);
}

/* A tag is not used again while its SQEs are under way: their cqe() would hit another request. */
static void completed_with_sqes_under_way(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct rig rig;
	int first, second;

	(void)state;
	config.queue_depth = 1;
	start(&rig, config);
	rig.target->holds = true;
	fake->holds_sqes = true;
	first = fake_request(0, 0, UBLK_IO_OP_FLUSH, 0);
	second = fake_request(0, 0, UBLK_IO_OP_FLUSH, 0);
	fake_server_step(&rig.server);
	assert_non_null(ublk_io_get_sqe(rig.target->held[0], 1));
	ublk_io_complete(rig.target->held[0], 0);
	fake_server_step(&rig.server);
	assert_int_equal(fake->requests[first].state, FAKE_IN_SERVER);
	assert_int_equal(fake->requests[second].state, FAKE_WAITING);
	fake->holds_sqes = false;
	fake_server_step(&rig.server);
	assert_int_equal(fake->requests[first].state, FAKE_DONE);
	fake_server_step(&rig.server);
	assert_int_equal(fake->requests[second].state, FAKE_IN_SERVER);
	ublk_io_complete(rig.target->held[1], 0);
	fake_server_step(&rig.server);
	assert_true(fake_requests_done());
	end(&rig);
}

static void stop_while_busy(void **state)
{
	struct rig rig;
	int i;

	(void)state;
	start(&rig, fake_config(1));
	rig.target->holds = true;
	i = fake_request(0, 0, UBLK_IO_OP_FLUSH, 0);
	fake_server_step(&rig.server);
	fake_stop(0);
	/* The idle tags end, the busy one is still the target's: the queue lives. */
	assert_true(ublk_queue_step(rig.q, 0) >= 0);
	assert_int_equal(ublk_queue_step(rig.q, 0), 0);
	assert_int_equal(stats(&rig).in_target, 1);
	ublk_io_complete(rig.target->held[0], 0);
	/* Said by the very step that handles the last completion: a poll() would wait for ever. */
	assert_int_equal(ublk_queue_step(rig.q, 0), -ENODEV);
	assert_int_equal(ublk_queue_step(rig.q, 0), -ENODEV);
	assert_int_equal(fake->requests[i].result, 0);
	end(&rig);
}

/* The session was retired under a living server, as after a takeover it did not notice. */
static void late_completion(void **state)
{
	struct rig rig;
	int i;

	(void)state;
	start(&rig, fake_config(1));
	rig.target->holds = true;
	i = fake_request(0, 0, UBLK_IO_OP_FLUSH, 0);
	fake_server_step(&rig.server);
	fake_server_gone(0);
	ublk_io_complete(rig.target->held[0], 0);
	assert_int_equal(fake_server_step(&rig.server), -ENODEV);
	/* Not done by the late one: it waits for the next server. */
	assert_int_equal(fake->requests[i].state, FAKE_WAITING);
	end(&rig);
}

static void refused_command_is_fatal(void **state)
{
	struct rig rig;

	(void)state;
	start(&rig, fake_config(1));
	fake->io_error = -EINVAL;
	assert_int_equal(fake_server_step(&rig.server), -EINVAL);
	assert_int_equal(fake_server_step(&rig.server), -EINVAL);
	assert_non_null(strstr(ublk_last_error(), "queue 0"));
	end(&rig);
}

static void private_memory_per_tag(void **state)
{
	struct rig rig;
	unsigned i;

	(void)state;
	start(&rig, fake_config(1));
	rig.target->holds = true;
	for (i = 0; i < FAKE_DEPTH; i++)
		fake_request(0, 0, UBLK_IO_OP_WRITE, i);
	fake_server_step(&rig.server);
	for (i = 0; i < FAKE_DEPTH; i++) {
		struct ublk_io *io = rig.target->held[i];
		char zero[24] = "";

		assert_memory_equal(ublk_io_priv(io), zero, sizeof(zero));
		assert_int_equal((uintptr_t)ublk_io_priv(io) % 16, 0);
		assert_int_equal((uintptr_t)ublk_io_buffer(io) % 4096, 0);
		memset(ublk_io_priv(io), 0xff, sizeof(zero));
		assert_ptr_equal(ublk_io_queue(io), rig.q);
		assert_int_equal(ublk_io_offset(io), i * 512);
		assert_int_equal(ublk_io_length(io), 512);
	}
	end(&rig);
}

static void copies_are_checked(void **state)
{
	struct rig rig;
	char buf[FAKE_DATA];

	(void)state;
	start(&rig, fake_config(1));
	rig.target->holds = true;
	fake_request(0, 0, UBLK_IO_OP_WRITE, 0);
	fake_server_step(&rig.server);
	assert_int_equal(ublk_io_copy_in(rig.target->held[0], 0, buf, 1), -EINVAL);
	assert_int_equal(ublk_io_copy_out(rig.target->held[0], 1, buf, FAKE_DATA), -EINVAL);
	assert_int_equal(ublk_io_copy_out(rig.target->held[0], UINT64_MAX, buf, 2), -EINVAL);
	assert_int_equal(ublk_io_copy_out(rig.target->held[0], 1, buf, FAKE_DATA - 1), 0);
	end(&rig);
}

static void opened_once(void **state)
{
	struct ublk_queue *q;
	struct rig rig;

	(void)state;
	start(&rig, fake_config(1));
	assert_int_equal(ublk_queue_open(rig.server.dev, 0, &q), -EEXIST);
	assert_int_equal(ublk_queue_open(rig.server.dev, 1, &q), -EINVAL);
	end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_and_read_back),
		cmocka_unit_test(pages_are_registered_and_unregistered),
		cmocka_unit_test(automatic_registration_has_a_fallback),
		cmocka_unit_test(failed_registration_fails_the_request),
		cmocka_unit_test(an_sqe_is_prepared_as_the_mode_wants_it),
		cmocka_unit_test(negative_result_of_submit_completes),
		cmocka_unit_test(positive_result_is_an_error),
		cmocka_unit_test(second_completion_is_counted_and_ignored),
		cmocka_unit_test(completion_from_another_thread),
		cmocka_unit_test(own_sqes),
		cmocka_unit_test(completed_with_sqes_under_way),
		cmocka_unit_test(stop_while_busy),
		cmocka_unit_test(late_completion),
		cmocka_unit_test(refused_command_is_fatal),
		cmocka_unit_test(private_memory_per_tag),
		cmocka_unit_test(copies_are_checked),
		cmocka_unit_test(opened_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
