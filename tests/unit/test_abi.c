// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Pins the kernel interface: every size, offset and number below was taken
 * from ABI notes about mainline, not from our header, and is written as a
 * literal so that a slip in ublk_cmd.h cannot hide in its own macros.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../include/uapi/ublk_cmd.h"

#define SIZE(type, size)	assert_int_equal(sizeof(struct type), size)
#define MEMBER(type, member, offset, size)					\
	do {									\
		assert_int_equal(offsetof(struct type, member), offset);	\
		assert_int_equal(sizeof(((struct type *)0)->member), size);	\
	} while (0)
#define VALUE(name, value)	assert_true((name) == (value))

static void control_numbers(void **state)
{
	(void)state;
	VALUE(UBLK_CMD_GET_QUEUE_AFFINITY, 0x01);
	VALUE(UBLK_CMD_GET_DEV_INFO, 0x02);
	VALUE(UBLK_CMD_ADD_DEV, 0x04);
	VALUE(UBLK_CMD_DEL_DEV, 0x05);
	VALUE(UBLK_CMD_START_DEV, 0x06);
	VALUE(UBLK_CMD_STOP_DEV, 0x07);
	VALUE(UBLK_CMD_SET_PARAMS, 0x08);
	VALUE(UBLK_CMD_GET_PARAMS, 0x09);
	VALUE(UBLK_CMD_START_USER_RECOVERY, 0x10);
	VALUE(UBLK_CMD_END_USER_RECOVERY, 0x11);
	VALUE(UBLK_CMD_GET_DEV_INFO2, 0x12);

	VALUE(UBLK_U_CMD_GET_QUEUE_AFFINITY, 0x80207501);
	VALUE(UBLK_U_CMD_GET_DEV_INFO, 0x80207502);
	VALUE(UBLK_U_CMD_ADD_DEV, 0xc0207504);
	VALUE(UBLK_U_CMD_DEL_DEV, 0xc0207505);
	VALUE(UBLK_U_CMD_START_DEV, 0xc0207506);
	VALUE(UBLK_U_CMD_STOP_DEV, 0xc0207507);
	VALUE(UBLK_U_CMD_SET_PARAMS, 0xc0207508);
	VALUE(UBLK_U_CMD_GET_PARAMS, 0x80207509);
	VALUE(UBLK_U_CMD_START_USER_RECOVERY, 0xc0207510);
	VALUE(UBLK_U_CMD_END_USER_RECOVERY, 0xc0207511);
	VALUE(UBLK_U_CMD_GET_DEV_INFO2, 0x80207512);
	VALUE(UBLK_U_CMD_GET_FEATURES, 0x80207513);
	VALUE(UBLK_U_CMD_DEL_DEV_ASYNC, 0x80207514);
	VALUE(UBLK_U_CMD_UPDATE_SIZE, 0xc0207515);
	VALUE(UBLK_U_CMD_QUIESCE_DEV, 0xc0207516);
	VALUE(UBLK_U_CMD_TRY_STOP_DEV, 0xc0207517);
	VALUE(UBLK_U_CMD_REG_BUF, 0xc0207518);
	VALUE(UBLK_U_CMD_UNREG_BUF, 0xc0207519);

	VALUE(UBLK_FEATURES_LEN, 8);
}

static void io_numbers(void **state)
{
	(void)state;
	VALUE(UBLK_IO_FETCH_REQ, 0x20);
	VALUE(UBLK_IO_COMMIT_AND_FETCH_REQ, 0x21);
	VALUE(UBLK_IO_NEED_GET_DATA, 0x22);

	VALUE(UBLK_U_IO_FETCH_REQ, 0xc0107520);
	VALUE(UBLK_U_IO_COMMIT_AND_FETCH_REQ, 0xc0107521);
	VALUE(UBLK_U_IO_NEED_GET_DATA, 0xc0107522);
	VALUE(UBLK_U_IO_REGISTER_IO_BUF, 0xc0107523);
	VALUE(UBLK_U_IO_UNREGISTER_IO_BUF, 0xc0107524);
	VALUE(UBLK_U_IO_PREP_IO_CMDS, 0xc0107525);
	VALUE(UBLK_U_IO_COMMIT_IO_CMDS, 0xc0107526);
	VALUE(UBLK_U_IO_FETCH_IO_CMDS, 0xc0107527);

	VALUE(UBLK_IO_RES_OK, 0);
	VALUE(UBLK_IO_RES_NEED_GET_DATA, 1);
	VALUE(UBLK_IO_RES_ABORT, -19);
}

static void flag_bits(void **state)
{
	(void)state;
	VALUE(UBLK_F_SUPPORT_ZERO_COPY, 0x1);
	VALUE(UBLK_F_URING_CMD_COMP_IN_TASK, 0x2);
	VALUE(UBLK_F_NEED_GET_DATA, 0x4);
	VALUE(UBLK_F_USER_RECOVERY, 0x8);
	VALUE(UBLK_F_USER_RECOVERY_REISSUE, 0x10);
	VALUE(UBLK_F_UNPRIVILEGED_DEV, 0x20);
	VALUE(UBLK_F_CMD_IOCTL_ENCODE, 0x40);
	VALUE(UBLK_F_USER_COPY, 0x80);
	VALUE(UBLK_F_ZONED, 0x100);
	VALUE(UBLK_F_USER_RECOVERY_FAIL_IO, 0x200);
	VALUE(UBLK_F_UPDATE_SIZE, 0x400);
	VALUE(UBLK_F_AUTO_BUF_REG, 0x800);
	VALUE(UBLK_F_QUIESCE, 0x1000);
	VALUE(UBLK_F_PER_IO_DAEMON, 0x2000);
	VALUE(UBLK_F_BUF_REG_OFF_DAEMON, 0x4000);
	VALUE(UBLK_F_BATCH_IO, 0x8000);
	VALUE(UBLK_F_INTEGRITY, 0x10000);
	VALUE(UBLK_F_SAFE_STOP_DEV, 0x20000);
	VALUE(UBLK_F_NO_AUTO_PART_SCAN, 0x40000);
	VALUE(UBLK_F_SHMEM_ZC, 0x80000);
	VALUE(UBLK_F_IO_DESC_SIZE, 0x100000);

	VALUE(UBLK_S_DEV_DEAD, 0);
	VALUE(UBLK_S_DEV_LIVE, 1);
	VALUE(UBLK_S_DEV_QUIESCED, 2);
	VALUE(UBLK_S_DEV_FAIL_IO, 3);

	VALUE(UBLK_ATTR_READ_ONLY, 1);
	VALUE(UBLK_ATTR_ROTATIONAL, 2);
	VALUE(UBLK_ATTR_VOLATILE_CACHE, 4);
	VALUE(UBLK_ATTR_FUA, 8);

	VALUE(UBLK_PARAM_TYPE_BASIC, 0x01);
	VALUE(UBLK_PARAM_TYPE_DISCARD, 0x02);
	VALUE(UBLK_PARAM_TYPE_DEVT, 0x04);
	VALUE(UBLK_PARAM_TYPE_ZONED, 0x08);
	VALUE(UBLK_PARAM_TYPE_DMA_ALIGN, 0x10);
	VALUE(UBLK_PARAM_TYPE_SEGMENT, 0x20);
	VALUE(UBLK_PARAM_TYPE_INTEGRITY, 0x40);

	VALUE(UBLK_BATCH_F_HAS_ZONE_LBA, 1);
	VALUE(UBLK_BATCH_F_HAS_BUF_ADDR, 2);
	VALUE(UBLK_BATCH_F_AUTO_BUF_REG_FALLBACK, 4);
	VALUE(UBLK_AUTO_BUF_REG_FALLBACK, 1);
	VALUE(UBLK_AUTO_BUF_REG_F_MASK, 1);
	VALUE(UBLK_SHMEM_BUF_READ_ONLY, 1);
}

static void operations(void **state)
{
	(void)state;
	VALUE(UBLK_IO_OP_READ, 0);
	VALUE(UBLK_IO_OP_WRITE, 1);
	VALUE(UBLK_IO_OP_FLUSH, 2);
	VALUE(UBLK_IO_OP_DISCARD, 3);
	VALUE(UBLK_IO_OP_WRITE_SAME, 4);
	VALUE(UBLK_IO_OP_WRITE_ZEROES, 5);
	VALUE(UBLK_IO_OP_ZONE_OPEN, 10);
	VALUE(UBLK_IO_OP_ZONE_CLOSE, 11);
	VALUE(UBLK_IO_OP_ZONE_FINISH, 12);
	VALUE(UBLK_IO_OP_ZONE_APPEND, 13);
	VALUE(UBLK_IO_OP_ZONE_RESET_ALL, 14);
	VALUE(UBLK_IO_OP_ZONE_RESET, 15);
	VALUE(UBLK_IO_OP_REPORT_ZONES, 18);

	VALUE(UBLK_IO_F_FAILFAST_DEV, 0x100);
	VALUE(UBLK_IO_F_FAILFAST_TRANSPORT, 0x200);
	VALUE(UBLK_IO_F_FAILFAST_DRIVER, 0x400);
	VALUE(UBLK_IO_F_META, 0x800);
	VALUE(UBLK_IO_F_FUA, 0x2000);
	VALUE(UBLK_IO_F_NOUNMAP, 0x8000);
	VALUE(UBLK_IO_F_SWAP, 0x10000);
	VALUE(UBLK_IO_F_NEED_REG_BUF, 0x20000);
	VALUE(UBLK_IO_F_INTEGRITY, 0x40000);
	VALUE(UBLK_IO_F_SHMEM_ZC, 0x80000);
}

static void positions(void **state)
{
	(void)state;
	VALUE(UBLKSRV_CMD_BUF_OFFSET, 0);
	VALUE(UBLKSRV_IO_BUF_OFFSET, 0x80000000);
	VALUE(UBLK_MAX_QUEUE_DEPTH, 4096);
	VALUE(UBLK_MAX_NR_QUEUES, 4096);
	VALUE(UBLK_IO_BUF_OFF, 0);
	VALUE(UBLK_IO_BUF_BITS, 25);
	VALUE(UBLK_IO_BUF_BITS_MASK, 0x1ffffff);
	VALUE(UBLK_TAG_OFF, 25);
	VALUE(UBLK_TAG_BITS, 16);
	VALUE(UBLK_TAG_BITS_MASK, 0xffff);
	VALUE(UBLK_QID_OFF, 41);
	VALUE(UBLK_QID_BITS, 12);
	VALUE(UBLK_QID_BITS_MASK, 0xfff);
	VALUE(UBLKSRV_IO_BUF_TOTAL_BITS, 53);
	VALUE(UBLKSRV_IO_BUF_TOTAL_SIZE, 0x20000000000000);
	VALUE(UBLKSRV_IO_INTEGRITY_FLAG, 0x4000000000000000);
	VALUE(UBLK_MIN_SEGMENT_SIZE, 4096);
}

static void control_layouts(void **state)
{
	(void)state;
	SIZE(ublksrv_ctrl_cmd, 32);
	MEMBER(ublksrv_ctrl_cmd, dev_id, 0, 4);
	MEMBER(ublksrv_ctrl_cmd, queue_id, 4, 2);
	MEMBER(ublksrv_ctrl_cmd, len, 6, 2);
	MEMBER(ublksrv_ctrl_cmd, addr, 8, 8);
	MEMBER(ublksrv_ctrl_cmd, data, 16, 8);
	MEMBER(ublksrv_ctrl_cmd, dev_path_len, 24, 2);
	MEMBER(ublksrv_ctrl_cmd, pad, 26, 2);
	MEMBER(ublksrv_ctrl_cmd, reserved, 28, 4);

	SIZE(ublksrv_ctrl_dev_info, 64);
	MEMBER(ublksrv_ctrl_dev_info, nr_hw_queues, 0, 2);
	MEMBER(ublksrv_ctrl_dev_info, queue_depth, 2, 2);
	MEMBER(ublksrv_ctrl_dev_info, state, 4, 2);
	MEMBER(ublksrv_ctrl_dev_info, io_desc_size, 6, 2);
	MEMBER(ublksrv_ctrl_dev_info, max_io_buf_bytes, 8, 4);
	MEMBER(ublksrv_ctrl_dev_info, dev_id, 12, 4);
	MEMBER(ublksrv_ctrl_dev_info, ublksrv_pid, 16, 4);
	MEMBER(ublksrv_ctrl_dev_info, pad1, 20, 4);
	MEMBER(ublksrv_ctrl_dev_info, flags, 24, 8);
	MEMBER(ublksrv_ctrl_dev_info, ublksrv_flags, 32, 8);
	MEMBER(ublksrv_ctrl_dev_info, owner_uid, 40, 4);
	MEMBER(ublksrv_ctrl_dev_info, owner_gid, 44, 4);
	MEMBER(ublksrv_ctrl_dev_info, reserved1, 48, 8);
	MEMBER(ublksrv_ctrl_dev_info, reserved2, 56, 8);

	SIZE(ublk_shmem_buf_reg, 24);
	MEMBER(ublk_shmem_buf_reg, addr, 0, 8);
	MEMBER(ublk_shmem_buf_reg, len, 8, 8);
	MEMBER(ublk_shmem_buf_reg, flags, 16, 4);
	MEMBER(ublk_shmem_buf_reg, reserved, 20, 4);

	/* -1 means "no server", so the sign is part of the interface */
	assert_true(((struct ublksrv_ctrl_dev_info){ .ublksrv_pid = -1 }).ublksrv_pid < 0);
}

static void io_layouts(void **state)
{
	(void)state;
	SIZE(ublksrv_io_desc, 24);
	MEMBER(ublksrv_io_desc, op_flags, 0, 4);
	MEMBER(ublksrv_io_desc, nr_sectors, 4, 4);
	MEMBER(ublksrv_io_desc, nr_zones, 4, 4);
	MEMBER(ublksrv_io_desc, start_sector, 8, 8);
	MEMBER(ublksrv_io_desc, addr, 16, 8);

	SIZE(ublksrv_io_cmd, 16);
	MEMBER(ublksrv_io_cmd, q_id, 0, 2);
	MEMBER(ublksrv_io_cmd, tag, 2, 2);
	MEMBER(ublksrv_io_cmd, result, 4, 4);
	MEMBER(ublksrv_io_cmd, addr, 8, 8);
	MEMBER(ublksrv_io_cmd, zone_append_lba, 8, 8);
	assert_true(((struct ublksrv_io_cmd){ .result = -5 }).result < 0);

	SIZE(ublk_auto_buf_reg, 8);
	MEMBER(ublk_auto_buf_reg, index, 0, 2);
	MEMBER(ublk_auto_buf_reg, flags, 2, 1);
	MEMBER(ublk_auto_buf_reg, reserved0, 3, 1);
	MEMBER(ublk_auto_buf_reg, reserved1, 4, 4);

	SIZE(ublk_elem_header, 8);
	MEMBER(ublk_elem_header, tag, 0, 2);
	MEMBER(ublk_elem_header, buf_index, 2, 2);
	MEMBER(ublk_elem_header, result, 4, 4);
	assert_true(((struct ublk_elem_header){ .result = -5 }).result < 0);

	SIZE(ublk_batch_io, 16);
	MEMBER(ublk_batch_io, q_id, 0, 2);
	MEMBER(ublk_batch_io, flags, 2, 2);
	MEMBER(ublk_batch_io, nr_elem, 4, 2);
	MEMBER(ublk_batch_io, elem_bytes, 6, 1);
	MEMBER(ublk_batch_io, reserved, 7, 1);
	MEMBER(ublk_batch_io, reserved2, 8, 8);
}

static void basic_and_discard_layouts(void **state)
{
	(void)state;
	SIZE(ublk_param_basic, 32);
	MEMBER(ublk_param_basic, attrs, 0, 4);
	MEMBER(ublk_param_basic, logical_bs_shift, 4, 1);
	MEMBER(ublk_param_basic, physical_bs_shift, 5, 1);
	MEMBER(ublk_param_basic, io_opt_shift, 6, 1);
	MEMBER(ublk_param_basic, io_min_shift, 7, 1);
	MEMBER(ublk_param_basic, max_sectors, 8, 4);
	MEMBER(ublk_param_basic, chunk_sectors, 12, 4);
	MEMBER(ublk_param_basic, dev_sectors, 16, 8);
	MEMBER(ublk_param_basic, virt_boundary_mask, 24, 8);

	SIZE(ublk_param_discard, 20);
	MEMBER(ublk_param_discard, discard_alignment, 0, 4);
	MEMBER(ublk_param_discard, discard_granularity, 4, 4);
	MEMBER(ublk_param_discard, max_discard_sectors, 8, 4);
	MEMBER(ublk_param_discard, max_write_zeroes_sectors, 12, 4);
	MEMBER(ublk_param_discard, max_discard_segments, 16, 2);
	MEMBER(ublk_param_discard, reserved0, 18, 2);

	SIZE(ublk_param_devt, 16);
	MEMBER(ublk_param_devt, char_major, 0, 4);
	MEMBER(ublk_param_devt, char_minor, 4, 4);
	MEMBER(ublk_param_devt, disk_major, 8, 4);
	MEMBER(ublk_param_devt, disk_minor, 12, 4);
}

static void other_param_layouts(void **state)
{
	(void)state;
	SIZE(ublk_param_zoned, 32);
	MEMBER(ublk_param_zoned, max_open_zones, 0, 4);
	MEMBER(ublk_param_zoned, max_active_zones, 4, 4);
	MEMBER(ublk_param_zoned, max_zone_append_sectors, 8, 4);
	MEMBER(ublk_param_zoned, reserved, 12, 20);

	SIZE(ublk_param_dma_align, 8);
	MEMBER(ublk_param_dma_align, alignment, 0, 4);
	MEMBER(ublk_param_dma_align, pad, 4, 4);

	SIZE(ublk_param_segment, 16);
	MEMBER(ublk_param_segment, seg_boundary_mask, 0, 8);
	MEMBER(ublk_param_segment, max_segment_size, 8, 4);
	MEMBER(ublk_param_segment, max_segments, 12, 2);
	MEMBER(ublk_param_segment, pad, 14, 2);

	SIZE(ublk_param_integrity, 16);
	MEMBER(ublk_param_integrity, flags, 0, 4);
	MEMBER(ublk_param_integrity, max_integrity_segments, 4, 2);
	MEMBER(ublk_param_integrity, interval_exp, 6, 1);
	MEMBER(ublk_param_integrity, metadata_size, 7, 1);
	MEMBER(ublk_param_integrity, pi_offset, 8, 1);
	MEMBER(ublk_param_integrity, csum_type, 9, 1);
	MEMBER(ublk_param_integrity, tag_size, 10, 1);
	MEMBER(ublk_param_integrity, pad, 11, 5);
}

static void params_layout(void **state)
{
	(void)state;
	MEMBER(ublk_params, len, 0, 4);
	MEMBER(ublk_params, types, 4, 4);
	MEMBER(ublk_params, basic, 8, 32);
	MEMBER(ublk_params, discard, 40, 20);
	MEMBER(ublk_params, devt, 60, 16);
	MEMBER(ublk_params, zoned, 76, 32);
	MEMBER(ublk_params, dma, 108, 8);
	if (sizeof(void *) != 8)
		return;		/* the hole that follows is one of 64-bit machines */
	MEMBER(ublk_params, seg, 120, 16);
	MEMBER(ublk_params, integrity, 136, 16);
	SIZE(ublk_params, 152);
}

static void desc_helpers(void **state)
{
	struct ublksrv_io_desc iod = { .op_flags = 0x0000a003 };

	(void)state;
	assert_int_equal(ublksrv_get_op(&iod), UBLK_IO_OP_DISCARD);
	assert_int_equal(ublksrv_get_flags(&iod), 0xa0);
	assert_true(iod.op_flags & UBLK_IO_F_FUA);
}

static void auto_buf_reg_word(void **state)
{
	const struct ublk_auto_buf_reg in = {
		.index = 0x1234, .flags = 0x56, .reserved0 = 0x78, .reserved1 = 0x9abcdef0,
	};
	struct ublk_auto_buf_reg out;

	(void)state;
	VALUE(ublk_auto_buf_reg_to_sqe_addr(&in), 0x9abcdef078561234);
	out = ublk_sqe_addr_to_auto_buf_reg(0x9abcdef078561234);
	assert_memory_equal(&in, &out, sizeof(in));
}

static void shmem_word(void **state)
{
	(void)state;
	VALUE(ublk_shmem_zc_addr(0xfedc, 0x89abcdef), 0xfedc89abcdef);
	/* bits 48 to 63 are reserved and must not leak into the index */
	VALUE(ublk_shmem_zc_index(0x1234fedc89abcdef), 0xfedc);
	VALUE(ublk_shmem_zc_offset(0x1234fedc89abcdef), 0x89abcdef);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_numbers),
		cmocka_unit_test(io_numbers),
		cmocka_unit_test(flag_bits),
		cmocka_unit_test(operations),
		cmocka_unit_test(positions),
		cmocka_unit_test(control_layouts),
		cmocka_unit_test(io_layouts),
		cmocka_unit_test(basic_and_discard_layouts),
		cmocka_unit_test(other_param_layouts),
		cmocka_unit_test(params_layout),
		cmocka_unit_test(desc_helpers),
		cmocka_unit_test(auto_buf_reg_word),
		cmocka_unit_test(shmem_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
