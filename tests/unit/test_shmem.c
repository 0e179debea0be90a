// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Memory shared with who does I/O: registered, found again, given back. */
#include <liburing.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define PAGE	((size_t)4096)
#define MEMORY	(4 * PAGE)

static char *memory;
static struct fake_server server;
static struct ublk_device *dev;

static int setup_memory(void **state)
{
	if (posix_memalign((void **)&memory, PAGE, MEMORY))
		return -1;
	memset(memory, 0xee, MEMORY);
	return setup(state);
}

static int teardown_memory(void **state)
{
	free(memory);
	return teardown(state);
}

static struct ublk_device_config memory_config(uint32_t data_mode)
{
	struct ublk_device_config config = fake_config(1);

	config.features_required = LIBUBLK_FEATURE_SHMEM_ZC;
	config.data_mode = data_mode;
	return config;
}

static void serve(uint32_t data_mode, const struct ublk_target_ops *ops)
{
	struct ublk_device_config config = memory_config(data_mode);
	unsigned index = 77;

	assert_int_equal(ublk_device_create(ctl, &config, ops, target, &dev), 0);
	assert_int_equal(ublk_device_register_memory(dev, memory, MEMORY, 0, &index), 0);
	assert_int_equal(index, 0);
	assert_int_equal(fake_server_start(&server, dev), 0);
}

/* A request whose data is at @offset in buffer @index. */
static struct fake_request *request_in(unsigned op, unsigned sector, unsigned index,
				       uint32_t offset)
{
	struct fake_request *request = &fake->requests[fake_request(0, 0, op, sector)];

	request->is_in_memory = true;
	request->memory = ublk_shmem_zc_addr((uint16_t)index, offset);
	return request;
}

static void the_feature_is_needed(void **state)
{
	struct ublk_device_config config = fake_config(1);
	unsigned index;

	(void)state;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), 0);
	assert_int_equal(ublk_device_register_memory(dev, memory, MEMORY, 0, &index), -EOPNOTSUPP);
	assert_sentence("SHMEM_ZC");
	assert_int_equal(ublk_device_unregister_memory(dev, 0), -EOPNOTSUPP);
	ublk_device_free(dev);
	fake->withheld = UBLK_F_SHMEM_ZC;
	config.features_required = LIBUBLK_FEATURE_SHMEM_ZC;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev),
			 -EOPNOTSUPP);
	assert_sentence("SHMEM_ZC");
	/* wanted: fine without */
	config.features_required = 0;
	config.features_wanted = LIBUBLK_FEATURE_SHMEM_ZC;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), 0);
	ublk_device_free(dev);
}

static void errors_have_sentences(void **state)
{
	static const struct { int error; const char *part; } answers[] = {
		{ -ENOMEM, "RLIMIT_MEMLOCK" }, { -EEXIST, "unregister that first" },
		{ -ENOSPC, "unregister some" }, { -EFAULT, "memfd" }, { -EINVAL, "whole pages" },
		{ -EINTR, "Interrupted" },
	};
	unsigned index = 77, i;

	(void)state;
	serve(LIBUBLK_DATA_COPY, &fake_target_ops);
	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		fake->fail_op = UBLK_U_CMD_REG_BUF;
		fake->fail_with = answers[i].error;
		assert_int_equal(ublk_device_register_memory(dev, memory, PAGE, 0, &index),
				 answers[i].error);
		assert_sentence(answers[i].part);
	}
	fake->fail_op = 0;
	assert_int_equal(ublk_device_register_memory(dev, memory, PAGE, 2, &index), -EINVAL);
	assert_int_equal(ublk_device_register_memory(dev, memory + 1, PAGE, 0, &index), -EINVAL);
	assert_int_equal(ublk_device_register_memory(dev, memory, PAGE, 0, &index), -EEXIST);
	assert_int_equal(index, 77);
	assert_int_equal(ublk_device_unregister_memory(dev, 1), -ENOENT);
	assert_int_equal(ublk_device_unregister_memory(dev, LIBUBLK_MAX_MEMORY), -EINVAL);
	assert_int_equal(ublk_device_unregister_memory(dev, 0), 0);
	assert_int_equal(ublk_device_unregister_memory(dev, 0), -ENOENT);
	fake_server_end(&server);
}

/* A number that the library does not know is given back to the driver. */
static void there_are_so_many_and_no_more(void **state)
{
	char *many = NULL;
	unsigned index, i;

	(void)state;
	assert_int_equal(posix_memalign((void **)&many, PAGE, (LIBUBLK_MAX_MEMORY + 1) * PAGE), 0);
	serve(LIBUBLK_DATA_COPY, &fake_target_ops);
	for (i = 1; i < LIBUBLK_MAX_MEMORY; i++) {
		assert_int_equal(ublk_device_register_memory(dev, many + (size_t)i * PAGE, PAGE, 0,
							     &index), 0);
		assert_int_equal(index, i);
	}
	assert_int_equal(ublk_device_register_memory(dev, many, PAGE, 0, &index), -ENOSPC);
	assert_int_equal(fake->devices[0].memory[LIBUBLK_MAX_MEMORY].len, 0);
	fake_server_end(&server);
	free(many);
}

/* The target's copy_in and copy_out, in each data mode: no buffer of the queue is involved. */
static void data_goes_there_and_back(void **state)
{
	static const uint32_t data_modes[] = {
		LIBUBLK_DATA_COPY, LIBUBLK_DATA_GET_DATA, LIBUBLK_DATA_USER_COPY,
		LIBUBLK_DATA_REGISTERED, LIBUBLK_DATA_AUTO_REGISTERED,
	};
	struct fake_request *request;
	unsigned i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(data_modes); i++) {
		memset(target->data, 0, sizeof(target->data));
		serve(data_modes[i], &fake_target_ops);
		memset(memory + 1024, 0x11, FAKE_DATA);
		request = request_in(UBLK_IO_OP_WRITE, 1, 0, 1024);
		fake_server_step(&server);
		assert_int_equal(request->result, FAKE_DATA);
		assert_int_equal(target->data[1][0], 0x11);
		assert_int_equal(target->data[1][FAKE_DATA - 1], 0x11);
		memset(target->data[2], 0x22, FAKE_DATA);
		request = request_in(UBLK_IO_OP_READ, 2, 0, MEMORY - FAKE_DATA);
		fake_server_step(&server);
		assert_int_equal(request->result, FAKE_DATA);
		assert_int_equal((unsigned char)memory[MEMORY - 1], 0x22);
		assert_int_equal((unsigned char)memory[MEMORY - FAKE_DATA], 0x22);
		assert_int_equal((unsigned char)memory[MEMORY - FAKE_DATA - 1], 0xee);
		/* nor was it registered by hand */
		assert_int_equal(fake->nr_registers, 0);
		fake_server_end(&server);
		assert_int_equal(ublk_device_delete(ctl, 0, 0, 0), 0);
		memset(memory, 0xee, MEMORY);
	}
}

static struct ublk_io *seen;

static int look(struct ublk_io *io, void *user)
{
	(void)user;
	seen = io;
	return 0;
}

static void accessors_tell_where_it_is(void **state)
{
	struct ublk_target_ops ops = fake_target_ops;
	struct io_uring_sqe sqe = { 0 };
	char data[FAKE_DATA];

	(void)state;
	ops.submit = look;
	serve(LIBUBLK_DATA_REGISTERED, &ops);
	request_in(UBLK_IO_OP_WRITE, 0, 0, PAGE);
	fake_server_step(&server);
	assert_int_equal(ublk_io_is_in_memory(seen), 1);
	assert_ptr_equal(ublk_io_buffer(seen), memory + PAGE);
	assert_int_equal(ublk_io_buffer_index(seen), -1);
	assert_int_equal(ublk_io_copy_out(seen, 0, data, sizeof(data)), 0);
	assert_int_equal(ublk_io_copy_out(seen, 1, data, sizeof(data)), -EINVAL);
	assert_int_equal(ublk_io_copy_in(seen, 0, data, 1), -EINVAL);
	assert_int_equal(ublk_io_prep_rw(seen, &sqe, 7, 512 - 8, 8, 4096), 0);
	assert_int_equal(sqe.opcode, IORING_OP_WRITE);
	assert_int_equal(sqe.addr, (uintptr_t)memory + PAGE + 512 - 8);
	/* what it holds cannot be taken away */
	assert_int_equal(ublk_device_unregister_memory(dev, 0), -EBUSY);
	assert_sentence("complete");
	assert_ptr_equal(ublk_io_buffer(seen), memory + PAGE);
	ublk_io_complete(seen, 0);
	fake_server_step(&server);
	assert_int_equal(ublk_device_unregister_memory(dev, 0), 0);
	/* the next one in the same slot is an ordinary one */
	fake_request(0, 0, UBLK_IO_OP_READ, 0);
	fake_server_step(&server);
	fake_server_step(&server);
	assert_int_equal(ublk_io_is_in_memory(seen), 0);
	assert_int_equal(ublk_io_buffer_index(seen), ublk_io_tag(seen));
	ublk_io_complete(seen, 0);
	fake_server_step(&server);
	fake_server_end(&server);
}

/* As of another server of the device, or of a driver that is wrong. */
static void a_place_that_is_not_ours_fails_the_request(void **state)
{
	static const struct { unsigned index; uint32_t offset; } places[] = {
		{ 1, 0 }, { 65535, 0 }, { LIBUBLK_MAX_MEMORY, 0 }, { 0, MEMORY },
		{ 0, MEMORY - FAKE_DATA + 1 }, { 0, UINT32_MAX },
	};
	struct fake_request *request;
	unsigned i;

	(void)state;
	serve(LIBUBLK_DATA_COPY, &fake_target_ops);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		request = request_in(UBLK_IO_OP_READ, 0, places[i].index, places[i].offset);
		fake_server_step(&server);
		assert_int_equal(request->state, FAKE_DONE);
		assert_int_equal(request->result, -EIO);
	}
	assert_int_equal(target->nr_submit, 0);
	fake_server_end(&server);
}

static int open_and_register(struct ublk_device *d, int recovering, void *user)
{
	struct fake_target *t = user;
	unsigned index;

	t->recovering = recovering;
	return ublk_device_register_memory(d, memory, MEMORY, 0, &index);
}

static void a_takeover_begins_without(void **state)
{
	struct ublk_target_ops ops = fake_target_ops;
	struct fake_request *request;
	unsigned index;

	(void)state;
	serve(LIBUBLK_DATA_COPY, &fake_target_ops);
	/* a second one, of memory that the next server does not have */
	assert_int_equal(ublk_device_register_memory(dev, &memory[0] + MEMORY, PAGE, 0, &index), 0);
	assert_int_equal(index, 1);
	fake_server_end(&server);
	assert_int_equal(fake->devices[0].info.state, UBLK_S_DEV_QUIESCED);
	assert_int_equal(fake->devices[0].memory[0].len, MEMORY);
	ops.open = open_and_register;
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &ops, target, &dev), 0);
	assert_int_equal(target->recovering, 1);
	assert_int_equal(fake->devices[0].memory[0].len, MEMORY);
	assert_int_equal(fake->devices[0].memory[1].len, 0);
	assert_int_equal(fake_server_start(&server, dev), 0);
	request = request_in(UBLK_IO_OP_WRITE, 3, 0, 0);
	fake_server_step(&server);
	assert_int_equal(request->result, FAKE_DATA);
	assert_int_equal(target->data[3][0], 0xee);
	fake_server_end(&server);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup_memory, teardown_memory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_feature_is_needed),
		TEST(errors_have_sentences),
		TEST(there_are_so_many_and_no_more),
		TEST(data_goes_there_and_back),
		TEST(accessors_tell_where_it_is),
		TEST(a_place_that_is_not_ours_fails_the_request),
		TEST(a_takeover_begins_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
