// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Checks of what a program asks for; each refusal names its field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "internal.h"

static const struct ublk_device_config fine = UBLK_DEVICE_CONFIG_INIT;

static struct ublk_device_config base(void)
{
	struct ublk_device_config config = fine;

	config.capacity = 1 << 20;
	return config;
}

static void defaults(void **state)
{
	struct ublk_device_config config = base();

	(void)state;
	assert_int_equal(config.id, -1);
	assert_int_equal(ublk_device_config_check(&config), 0);
	assert_int_equal(config.nr_queues, 1);
	assert_int_equal(config.queue_depth, 128);
	assert_int_equal(config.logical_block, 512);
	assert_int_equal(config.physical_block, 4096);
	assert_int_equal(config.max_io, 512 << 10);
	assert_int_equal(config.fence_timeout_ms, 30000);
	/* Checking twice changes nothing more. */
	struct ublk_device_config again = config;

	assert_int_equal(ublk_device_config_check(&again), 0);
	assert_memory_equal(&again, &config, sizeof(config));
}

#define REFUSED(field, value)							\
	do {									\
		struct ublk_device_config c_ = base();				\
		c_.field = (value);						\
		assert_int_equal(ublk_device_config_check(&c_), -EINVAL);	\
		if (!strstr(ublk_last_error(), "config." #field))		\
			fail_msg("%s", ublk_last_error());			\
	} while (0)

#define TAKEN(field, value)							\
	do {									\
		struct ublk_device_config c_ = base();				\
		c_.field = (value);						\
		if (ublk_device_config_check(&c_))				\
			fail_msg("%s", ublk_last_error());			\
	} while (0)

static void fields(void **state)
{
	(void)state;
	REFUSED(id, -2);
	REFUSED(id, 1 << 20);
	TAKEN(id, (1 << 20) - 1);
	REFUSED(nr_queues, 4097);
	TAKEN(nr_queues, 4096);
	REFUSED(queue_depth, 4097);
	REFUSED(capacity, 0);
	REFUSED(capacity, 1000);
	REFUSED(capacity, UINT64_C(1) << 63);
	REFUSED(logical_block, 256);
	REFUSED(logical_block, 1000);
	REFUSED(logical_block, 1 << 20);
	TAKEN(logical_block, 4096);
	REFUSED(physical_block, 256);
	REFUSED(physical_block, 5000);
	REFUSED(io_min, 3);
	REFUSED(io_opt, 1u << 29);
	REFUSED(max_io, 512);
	REFUSED(max_io, 4096 + 512);
	REFUSED(max_io, 64 << 20);
	TAKEN(max_io, 32 << 20);
	REFUSED(dma_alignment, 3);
	REFUSED(dma_alignment, 1 << 20);
	REFUSED(attrs, 1u << 4);
	REFUSED(attrs, LIBUBLK_ATTR_FUA);
	TAKEN(attrs, LIBUBLK_ATTR_FUA | LIBUBLK_ATTR_VOLATILE_CACHE);
	REFUSED(recovery, 4);
	REFUSED(data_mode, LIBUBLK_DATA_AUTO + 1);
	REFUSED(flags, 1u << 31);
	REFUSED(flags, LIBUBLK_HAND_OVER);
	REFUSED(max_discard, 100);
	REFUSED(max_discard, UINT64_C(1) << 41);
	REFUSED(max_write_zeroes, 100);
	REFUSED(features_wanted, LIBUBLK_FEATURE_BATCH_IO);
	/* Refused by way of the mask, so the field that is named is the first of the two. */
	struct ublk_device_config config = base();

	config.features_required = LIBUBLK_FEATURE_ZONED;
	assert_int_equal(ublk_device_config_check(&config), -EINVAL);
	config = base();
	config.max_discard = 1 << 20;
	config.discard_granularity = 3000;
	assert_int_equal(ublk_device_config_check(&config), -EINVAL);
}

static void recovery_is_one_choice(void **state)
{
	static const struct {
		const char *name;
		uint32_t recovery;
		uint64_t flags;
	} cases[] = {
		{ "off", LIBUBLK_RECOVERY_OFF, 0 },
		{ "plain", LIBUBLK_RECOVERY_PLAIN, UBLK_F_USER_RECOVERY },
		{ "reissue", LIBUBLK_RECOVERY_REISSUE,
		  UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE },
		{ "fail-io", LIBUBLK_RECOVERY_FAIL_IO,
		  UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_FAIL_IO },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ublk_device_config config = base();

		config.recovery = cases[i].recovery;
		assert_int_equal(ublk_config_features(&config), cases[i].flags);
		assert_int_equal(ublk_flags_to_recovery(cases[i].flags), cases[i].recovery);
		assert_string_equal(ublk_recovery_name(cases[i].recovery), cases[i].name);
		assert_int_equal(ublk_recovery_parse(cases[i].name), cases[i].recovery);
	}
	assert_int_equal(ublk_recovery_parse("on"), -EINVAL);
	assert_int_equal(ublk_recovery_parse(NULL), -EINVAL);
	assert_string_equal(ublk_recovery_name(9), "unknown");
}

static void parameters_there_and_back(void **state)
{
	struct ublk_device_config config = base(), back = fine;
	struct ublksrv_ctrl_dev_info info = { .nr_hw_queues = 2, .queue_depth = 64 };
	struct ublk_params params;

	(void)state;
	config.logical_block = 4096;
	config.attrs = LIBUBLK_ATTR_VOLATILE_CACHE;
	config.max_discard = 1 << 20;
	config.max_write_zeroes = 2 << 20;
	config.dma_alignment = 512;
	assert_int_equal(ublk_device_config_check(&config), 0);
	ublk_config_to_params(&config, &params);
	assert_int_equal(params.len, 152);
	assert_int_equal(params.basic.logical_bs_shift, 12);
	assert_int_equal(params.basic.dev_sectors, 2048);
	assert_int_equal(params.discard.max_discard_segments, 1);
	assert_int_equal(params.dma.alignment, 511);
	info.max_io_buf_bytes = config.max_io;
	info.flags = UBLK_F_USER_COPY | UBLK_F_USER_RECOVERY;
	ublk_config_from_kernel(&back, &info, &params);
	assert_int_equal(back.capacity, config.capacity);
	assert_int_equal(back.logical_block, 4096);
	assert_int_equal(back.max_discard, 1 << 20);
	assert_int_equal(back.max_write_zeroes, 2 << 20);
	assert_int_equal(back.dma_alignment, 512);
	assert_int_equal(back.data_mode, LIBUBLK_DATA_USER_COPY);
	assert_int_equal(back.recovery, LIBUBLK_RECOVERY_PLAIN);
	assert_int_equal(back.nr_queues, 2);

	/* Another server's nonsense must not be undefined here. */
	params.basic.io_opt_shift = 255;
	ublk_config_from_kernel(&back, &info, &params);
	assert_int_equal(back.io_opt, 0);
}

static void sized_structs(void **state)
{
	struct {
		struct ublk_device_config known;
		uint64_t newer;
	} grown = { .known = fine };
	struct ublk_device_config copy;

	(void)state;
	grown.known.capacity = 512;
	/* A program built against a newer header, with nothing of the new in use. */
	grown.known.size = sizeof(grown);
	assert_int_equal(ublk_config_copy(&grown.known, &copy), 0);
	assert_int_equal(copy.size, sizeof(copy));
	grown.newer = 1;
	assert_int_equal(ublk_config_copy(&grown.known, &copy), -E2BIG);
	/* An older one: what it does not know is default. */
	grown.known.fence_timeout_ms = 77;
	grown.known.size = offsetof(struct ublk_device_config, fence_timeout_ms);
	assert_int_equal(ublk_config_copy(&grown.known, &copy), 0);
	assert_int_equal(copy.fence_timeout_ms, 0);
	grown.known.size = 3;
	assert_int_equal(ublk_config_copy(&grown.known, &copy), -EINVAL);
}

static int submit(struct ublk_io *io, void *user)
{
	(void)io;
	(void)user;
	return 0;
}

static void targets(void **state)
{
	struct ublk_target_ops ops = { .size = sizeof(ops), .name = "a-1_b", .submit = submit };
	struct ublk_target_ops copy;

	(void)state;
	assert_int_equal(ublk_ops_copy(&ops, &copy), 0);
	ops.name = "../../etc";
	assert_int_equal(ublk_ops_copy(&ops, &copy), -EINVAL);
	ops.name = "";
	assert_int_equal(ublk_ops_copy(&ops, &copy), -EINVAL);
	ops.name = NULL;
	assert_int_equal(ublk_ops_copy(&ops, &copy), -EINVAL);
	ops.name = "abcdefghijklmnopqrstuvwxyzabcdef";
	assert_int_equal(ublk_ops_copy(&ops, &copy), -EINVAL);
	ops.name = "a";
	ops.submit = NULL;
	assert_int_equal(ublk_ops_copy(&ops, &copy), -EINVAL);
}

static void names(void **state)
{
	unsigned bit;

	(void)state;
	for (bit = 0; bit <= 20; bit++)
		assert_non_null(ublk_feature_name(bit));
	assert_null(ublk_feature_name(21));
	assert_null(ublk_feature_name(64));
	assert_string_equal(ublk_feature_name(7), "USER_COPY");
	assert_string_equal(ublk_state_name(LIBUBLK_STATE_QUIESCED), "QUIESCED");
	assert_string_equal(ublk_state_name(99), "UNKNOWN");
	assert_int_equal(ublk_features_refuse(UINT64_C(1) << 40 | LIBUBLK_FEATURE_ZONED, "x"),
			 -EOPNOTSUPP);
	assert_non_null(strstr(ublk_last_error(), "ZONED bit 40"));
}

/* What a set-up error of io_uring, or a missing module, is told as. */
static void sentences_of_the_machine(void **state)
{
	struct ublk_ctl *ctl;
	int r;

	(void)state;
	assert_int_equal(ublk_uring_setup_error(-ENOSYS), -ENOSYS);
	assert_non_null(strstr(ublk_last_error(), "CONFIG_IO_URING"));
	assert_int_equal(ublk_uring_setup_error(-EPERM), -EPERM);
	assert_non_null(strstr(ublk_last_error(), "io_uring is"));
	assert_int_equal(ublk_uring_setup_error(-ENOMEM), -ENOMEM);
	assert_non_null(strstr(ublk_last_error(), "ulimit -l"));
	assert_int_equal(ublk_uring_setup_error(-EMFILE), -EMFILE);
	r = ublk_ctl_open(&ctl);
	if (!r)
		ublk_ctl_close(ctl);
	else if (r == -ENOENT)
		assert_non_null(strstr(ublk_last_error(), "modprobe ublk_drv"));
	else
		assert_true(r < 0 && *ublk_last_error());
}

static void error_values(void **state)
{
	(void)state;
	assert_int_equal(ublk_set_error(5, "a %d", 1), -5);
	assert_int_equal(ublk_set_error(-5, "%s b", ublk_last_error()), -5);
	assert_string_equal(ublk_last_error(), "a 1 b");
	assert_int_equal(ublk_set_error(0, "c"), -EIO);
	assert_true(strlen(ublk_version()) >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(fields),
		cmocka_unit_test(recovery_is_one_choice),
		cmocka_unit_test(parameters_there_and_back),
		cmocka_unit_test(sized_structs),
		cmocka_unit_test(targets),
		cmocka_unit_test(names),
		cmocka_unit_test(sentences_of_the_machine),
		cmocka_unit_test(error_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
