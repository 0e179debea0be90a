/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * The kernel interface of ublk as of Linux 7.3: command numbers, structures,
 * flags.  One copy for our module, library and tests, because the header that
 * distributions install is that of their kernel and stops where it stopped.
 *
 * Names, numbers and layouts are mainline's, so a server written for either
 * builds with both.  Defining something here does not mean that the running
 * driver can do it: ask UBLK_U_CMD_GET_FEATURES, and look at the flags that
 * UBLK_U_CMD_ADD_DEV returns.
 *
 * Sectors are 512 bytes everywhere, whatever the block size of the device.
 */
#ifndef UBLK_UAPI_UBLK_CMD_H
#define UBLK_UAPI_UBLK_CMD_H

#ifdef USER_BLK_DRV_CMD_INC_H
#error "ublk_cmd.h and <linux/ublk_cmd.h> define the same names; include only one"
#endif

#include <linux/types.h>
#include <linux/ioctl.h>

/*
 * Control commands: IORING_OP_URING_CMD on /dev/ublk-control, in a 128 byte
 * SQE, with struct ublksrv_ctrl_cmd as payload.
 *
 * UBLK_CMD_* are the bare numbers of 6.0 to 6.3; a kernel may refuse them.
 * UBLK_U_CMD_* are the same commands encoded as ioctls, known since 6.4.
 * The comments name the input besides dev_id and the access that the caller of
 * an unprivileged device needs on /dev/ublkcN (r or rw).
 */
#define UBLK_CMD_GET_QUEUE_AFFINITY	0x01
#define UBLK_CMD_GET_DEV_INFO		0x02
#define UBLK_CMD_ADD_DEV		0x04
#define UBLK_CMD_DEL_DEV		0x05
#define UBLK_CMD_START_DEV		0x06
#define UBLK_CMD_STOP_DEV		0x07
#define UBLK_CMD_SET_PARAMS		0x08
#define UBLK_CMD_GET_PARAMS		0x09
#define UBLK_CMD_START_USER_RECOVERY	0x10
#define UBLK_CMD_END_USER_RECOVERY	0x11
#define UBLK_CMD_GET_DEV_INFO2		0x12

/* data[0] = queue, addr/len = buffer for a CPU mask, len a multiple of 8; r */
#define UBLK_U_CMD_GET_QUEUE_AFFINITY	_IOR('u', 0x01, struct ublksrv_ctrl_cmd)
/* addr/len = struct ublksrv_ctrl_dev_info; r */
#define UBLK_U_CMD_GET_DEV_INFO		_IOR('u', 0x02, struct ublksrv_ctrl_cmd)
/* addr/len = struct ublksrv_ctrl_dev_info, in and out; dev_id -1 = any free */
#define UBLK_U_CMD_ADD_DEV		_IOWR('u', 0x04, struct ublksrv_ctrl_cmd)
/* stop, remove, wait until the id is free again; rw */
#define UBLK_U_CMD_DEL_DEV		_IOWR('u', 0x05, struct ublksrv_ctrl_cmd)
/* data[0] = process id of the server; rw */
#define UBLK_U_CMD_START_DEV		_IOWR('u', 0x06, struct ublksrv_ctrl_cmd)
/* remove the disk, keep the device; rw */
#define UBLK_U_CMD_STOP_DEV		_IOWR('u', 0x07, struct ublksrv_ctrl_cmd)
/* addr/len = struct ublk_params; only while there is no disk; rw */
#define UBLK_U_CMD_SET_PARAMS		_IOWR('u', 0x08, struct ublksrv_ctrl_cmd)
/* addr/len = struct ublk_params with its len filled in; r */
#define UBLK_U_CMD_GET_PARAMS		_IOR('u', 0x09, struct ublksrv_ctrl_cmd)
/* may a new server take over? rw */
#define UBLK_U_CMD_START_USER_RECOVERY	_IOWR('u', 0x10, struct ublksrv_ctrl_cmd)
/* data[0] = process id of the new server; rw */
#define UBLK_U_CMD_END_USER_RECOVERY	_IOWR('u', 0x11, struct ublksrv_ctrl_cmd)
/* as GET_DEV_INFO, but the path is mandatory on privileged devices too; r */
#define UBLK_U_CMD_GET_DEV_INFO2	_IOR('u', 0x12, struct ublksrv_ctrl_cmd)
/* addr = __u64, len = UBLK_FEATURES_LEN; names no device, needs no right */
#define UBLK_U_CMD_GET_FEATURES		_IOR('u', 0x13, struct ublksrv_ctrl_cmd)
/* DEL_DEV without the wait; _IOR although it changes things: that is the ABI */
#define UBLK_U_CMD_DEL_DEV_ASYNC	_IOR('u', 0x14, struct ublksrv_ctrl_cmd)
/* data[0] = new capacity in sectors; rw */
#define UBLK_U_CMD_UPDATE_SIZE		_IOWR('u', 0x15, struct ublksrv_ctrl_cmd)
/* data[0] = time limit in ms, 0 = none; rw */
#define UBLK_U_CMD_QUIESCE_DEV		_IOWR('u', 0x16, struct ublksrv_ctrl_cmd)
/* STOP_DEV, but -EBUSY if somebody has the disk open; rw */
#define UBLK_U_CMD_TRY_STOP_DEV		_IOWR('u', 0x17, struct ublksrv_ctrl_cmd)
/* addr/len = struct ublk_shmem_buf_reg; the result is the index; rw */
#define UBLK_U_CMD_REG_BUF		_IOWR('u', 0x18, struct ublksrv_ctrl_cmd)
/* data[0] = index; rw */
#define UBLK_U_CMD_UNREG_BUF		_IOWR('u', 0x19, struct ublksrv_ctrl_cmd)

#define UBLK_FEATURES_LEN		8	/* bytes */

/*
 * I/O commands: IORING_OP_URING_CMD on /dev/ublkcN, payload struct
 * ublksrv_io_cmd (or ublk_batch_io), which fits a 64 byte SQE.
 */
#define UBLK_IO_FETCH_REQ		0x20
#define UBLK_IO_COMMIT_AND_FETCH_REQ	0x21
#define UBLK_IO_NEED_GET_DATA		0x22

/* put the slot (q_id, tag) at the driver's disposal, once per server */
#define UBLK_U_IO_FETCH_REQ		_IOWR('u', 0x20, struct ublksrv_io_cmd)
/* give the result of a request and wait for the slot's next one */
#define UBLK_U_IO_COMMIT_AND_FETCH_REQ	_IOWR('u', 0x21, struct ublksrv_io_cmd)
/* the answer to UBLK_IO_RES_NEED_GET_DATA: addr = where to put the data */
#define UBLK_U_IO_NEED_GET_DATA		_IOWR('u', 0x22, struct ublksrv_io_cmd)
/* addr = index in the ring's table of registered buffers */
#define UBLK_U_IO_REGISTER_IO_BUF	_IOWR('u', 0x23, struct ublksrv_io_cmd)
#define UBLK_U_IO_UNREGISTER_IO_BUF	_IOWR('u', 0x24, struct ublksrv_io_cmd)
/* the batch protocol's FETCH and COMMIT, of many slots of one queue ... */
#define UBLK_U_IO_PREP_IO_CMDS		_IOWR('u', 0x25, struct ublk_batch_io)
#define UBLK_U_IO_COMMIT_IO_CMDS	_IOWR('u', 0x26, struct ublk_batch_io)
/* ... and its multishot command that delivers tags into provided buffers */
#define UBLK_U_IO_FETCH_IO_CMDS		_IOWR('u', 0x27, struct ublk_batch_io)

/* cqe->res of a FETCH or COMMIT: a request is there, ... */
#define UBLK_IO_RES_OK			0
/* ... a write is there whose data must be asked for, ... */
#define UBLK_IO_RES_NEED_GET_DATA	1
/* ... or the slot is gone and must not be fetched again (needs errno.h) */
#define UBLK_IO_RES_ABORT		(-ENODEV)

/* mmap() offset of the descriptors; queue q is at q * (its rounded up size) */
#define UBLKSRV_CMD_BUF_OFFSET		0

/*
 * pread()/pwrite() position of the data of (queue, tag) with UBLK_F_USER_COPY:
 * UBLKSRV_IO_BUF_OFFSET + (queue << UBLK_QID_OFF | tag << UBLK_TAG_OFF | byte)
 */
#define UBLKSRV_IO_BUF_OFFSET		0x80000000

#define UBLK_MAX_QUEUE_DEPTH		4096

#define UBLK_IO_BUF_OFF			0
#define UBLK_IO_BUF_BITS		25
#define UBLK_IO_BUF_BITS_MASK		((1ULL << UBLK_IO_BUF_BITS) - 1)

#define UBLK_TAG_OFF			UBLK_IO_BUF_BITS
#define UBLK_TAG_BITS			16
#define UBLK_TAG_BITS_MASK		((1ULL << UBLK_TAG_BITS) - 1)

#define UBLK_QID_OFF			(UBLK_TAG_OFF + UBLK_TAG_BITS)
#define UBLK_QID_BITS			12
#define UBLK_QID_BITS_MASK		((1ULL << UBLK_QID_BITS) - 1)

#define UBLK_MAX_NR_QUEUES		(1U << UBLK_QID_BITS)

#define UBLKSRV_IO_BUF_TOTAL_BITS	(UBLK_QID_OFF + UBLK_QID_BITS)
#define UBLKSRV_IO_BUF_TOTAL_SIZE	(1ULL << UBLKSRV_IO_BUF_TOTAL_BITS)

/* added to the position: the request's integrity buffer instead of its data */
#define UBLK_INTEGRITY_FLAG_OFF		62
#define UBLKSRV_IO_INTEGRITY_FLAG	(1ULL << UBLK_INTEGRITY_FLAG_OFF)

/* Feature flags: ublksrv_ctrl_dev_info.flags, and the word of GET_FEATURES. */

/* REGISTER_IO_BUF and UNREGISTER_IO_BUF */
#define UBLK_F_SUPPORT_ZERO_COPY	(1ULL << 0)
/* always on, without a meaning today */
#define UBLK_F_URING_CMD_COMP_IN_TASK	(1ULL << 1)
/* the server allots the buffer of a write when the write arrives */
#define UBLK_F_NEED_GET_DATA		(1UL << 2)
/* the disk outlives its server: new I/O waits, what the server had fails ... */
#define UBLK_F_USER_RECOVERY		(1UL << 3)
/* ... or (with USER_RECOVERY) is given to the next server ... */
#define UBLK_F_USER_RECOVERY_REISSUE	(1UL << 4)
/* may be made and run without CAP_SYS_ADMIN; commands carry the node's path */
#define UBLK_F_UNPRIVILEGED_DEV		(1UL << 5)
/* the driver knows UBLK_U_*; always on */
#define UBLK_F_CMD_IOCTL_ENCODE		(1UL << 6)
/* data moves by pread()/pwrite() on /dev/ublkcN */
#define UBLK_F_USER_COPY		(1UL << 7)
/* host-managed zones */
#define UBLK_F_ZONED			(1ULL << 8)
/* ... or (with USER_RECOVERY) all I/O fails at once until the next server */
#define UBLK_F_USER_RECOVERY_FAIL_IO	(1ULL << 9)
/* UPDATE_SIZE exists */
#define UBLK_F_UPDATE_SIZE		(1ULL << 10)
/* the driver registers a request's buffer before it delivers the request */
#define UBLK_F_AUTO_BUF_REG		(1ULL << 11)
/* QUIESCE_DEV may be used on this device */
#define UBLK_F_QUIESCE			(1ULL << 12)
/* each slot has its own serving task; without it each queue has one */
#define UBLK_F_PER_IO_DAEMON		(1ULL << 13)
/* (UN)REGISTER_IO_BUF from any task */
#define UBLK_F_BUF_REG_OFF_DAEMON	(1ULL << 14)
/* PREP, COMMIT and FETCH_IO_CMDS instead of the commands per slot */
#define UBLK_F_BATCH_IO			(1ULL << 15)
/* requests carry integrity buffers; needs USER_COPY */
#define UBLK_F_INTEGRITY		(1ULL << 16)
/* TRY_STOP_DEV exists */
#define UBLK_F_SAFE_STOP_DEV		(1ULL << 17)
/* do not look for partitions when the disk appears */
#define UBLK_F_NO_AUTO_PART_SCAN	(1ULL << 18)
/* REG_BUF: requests within shared memory are not copied */
#define UBLK_F_SHMEM_ZC			(1ULL << 19)
/* ublksrv_ctrl_dev_info.io_desc_size is honoured */
#define UBLK_F_IO_DESC_SIZE		(1ULL << 20)

/* ublksrv_ctrl_dev_info.state */
#define UBLK_S_DEV_DEAD			0	/* no disk */
#define UBLK_S_DEV_LIVE			1	/* disk and server */
#define UBLK_S_DEV_QUIESCED		2	/* disk, no server, I/O waits */
#define UBLK_S_DEV_FAIL_IO		3	/* disk, no server, I/O fails */

/* payload of a control command; 32 bytes */
struct ublksrv_ctrl_cmd {
	__u32	dev_id;		/* N of /dev/ublkcN; -1 where allowed: any */
	__u16	queue_id;	/* only ADD_DEV looks: must be 0xffff */
	__u16	len;		/* bytes at addr, the path included */
	__u64	addr;		/* user pointer: [path][payload] */
	__u64	data[1];	/* argument by value, see the commands */
	__u16	dev_path_len;	/* bytes of the path and its NUL; else 0 */
	__u16	pad;
	__u32	reserved;
};

/* what a device is; 64 bytes */
struct ublksrv_ctrl_dev_info {
	__u16	nr_hw_queues;
	__u16	queue_depth;
	__u16	state;			/* UBLK_S_DEV_* */
	__u16	io_desc_size;		/* bytes per descriptor slot */
	__u32	max_io_buf_bytes;	/* largest request */
	__u32	dev_id;
	__s32	ublksrv_pid;		/* of the serving process; -1: none */
	__u32	pad1;
	__u64	flags;			/* UBLK_F_* */
	__u64	ublksrv_flags;		/* the server's; stored, not read */
	__u32	owner_uid;		/* who made it; filled by the driver */
	__u32	owner_gid;
	__u64	reserved1;
	__u64	reserved2;
};

/* ublksrv_io_desc: operation, bits 0-7 of op_flags */
#define UBLK_IO_OP_READ			0
#define UBLK_IO_OP_WRITE		1
#define UBLK_IO_OP_FLUSH		2
#define UBLK_IO_OP_DISCARD		3
#define UBLK_IO_OP_WRITE_SAME		4	/* never sent */
#define UBLK_IO_OP_WRITE_ZEROES		5
#define UBLK_IO_OP_ZONE_OPEN		10
#define UBLK_IO_OP_ZONE_CLOSE		11
#define UBLK_IO_OP_ZONE_FINISH		12
#define UBLK_IO_OP_ZONE_APPEND		13
#define UBLK_IO_OP_ZONE_RESET_ALL	14
#define UBLK_IO_OP_ZONE_RESET		15
/* made by the driver, not a request of the block layer */
#define UBLK_IO_OP_REPORT_ZONES		18

/* ublksrv_io_desc: flags, in place: test op_flags itself */
#define UBLK_IO_F_FAILFAST_DEV		(1U << 8)
#define UBLK_IO_F_FAILFAST_TRANSPORT	(1U << 9)
#define UBLK_IO_F_FAILFAST_DRIVER	(1U << 10)
#define UBLK_IO_F_META			(1U << 11)
#define UBLK_IO_F_FUA			(1U << 13)
#define UBLK_IO_F_NOUNMAP		(1U << 15)
#define UBLK_IO_F_SWAP			(1U << 16)
#define UBLK_IO_F_NEED_REG_BUF		(1U << 17)	/* automatic registration failed */
#define UBLK_IO_F_INTEGRITY		(1U << 18)	/* there is an integrity buffer */
#define UBLK_IO_F_SHMEM_ZC		(1U << 19)	/* addr is a ublk_shmem_zc_addr() */

/*
 * One request as the server sees it, in the read-only mapping of the queue at
 * tag * io_desc_size; 24 bytes.
 */
struct ublksrv_io_desc {
	__u32	op_flags;
	__extension__ union {
		__u32	nr_sectors;
		__u32	nr_zones;	/* REPORT_ZONES */
	};
	__u64	start_sector;
	__u64	addr;			/* the slot's buffer in the server */
};

static inline __u8 ublksrv_get_op(const struct ublksrv_io_desc *iod)
{
	return (__u8)(iod->op_flags & 0xff);
}

/* Shifted down, so not comparable with UBLK_IO_F_*; mainline has it like that. */
static inline __u32 ublksrv_get_flags(const struct ublksrv_io_desc *iod)
{
	return iod->op_flags >> 8;
}

/* payload of an I/O command; 16 bytes */
struct ublksrv_io_cmd {
	__u16	q_id;
	__u16	tag;
	__s32	result;			/* COMMIT: bytes done or -errno */
	__extension__ union {
		__u64	addr;		/* buffer, or index to register */
		__u64	zone_append_lba; /* COMMIT of an append, in sectors */
	};
};

/* sqe->addr of FETCH and COMMIT with UBLK_F_AUTO_BUF_REG, as fields; 8 bytes */
struct ublk_auto_buf_reg {
	__u16	index;			/* in the ring's buffer table */
	__u8	flags;			/* UBLK_AUTO_BUF_REG_FALLBACK */
	__u8	reserved0;
	__u32	reserved1;
};

/* deliver with UBLK_IO_F_NEED_REG_BUF rather than fail the request */
#define UBLK_AUTO_BUF_REG_FALLBACK	(1 << 0)
#define UBLK_AUTO_BUF_REG_F_MASK	UBLK_AUTO_BUF_REG_FALLBACK

static inline struct ublk_auto_buf_reg ublk_sqe_addr_to_auto_buf_reg(__u64 sqe_addr)
{
	struct ublk_auto_buf_reg reg;

	reg.index = (__u16)sqe_addr;
	reg.flags = (__u8)(sqe_addr >> 16);
	reg.reserved0 = (__u8)(sqe_addr >> 24);
	reg.reserved1 = (__u32)(sqe_addr >> 32);
	return reg;
}

static inline __u64 ublk_auto_buf_reg_to_sqe_addr(const struct ublk_auto_buf_reg *reg)
{
	return (__u64)reg->reserved1 << 32 | (__u64)reg->reserved0 << 24 |
	       (__u64)reg->flags << 16 | reg->index;
}

/* payload of the batch commands; 16 bytes */
struct ublk_batch_io {
	__u16	q_id;
	__u16	flags;			/* UBLK_BATCH_F_* */
	__u16	nr_elem;
	__u8	elem_bytes;		/* exactly what the flags add up to */
	__u8	reserved;
	__u64	reserved2;
};

#define UBLK_BATCH_F_HAS_ZONE_LBA		(1 << 0)
#define UBLK_BATCH_F_HAS_BUF_ADDR		(1 << 1)
#define UBLK_BATCH_F_AUTO_BUF_REG_FALLBACK	(1 << 2)

/*
 * Element of the array at sqe->addr; then, each if its flag is set and in this
 * order, a __u64 buffer address and a __u64 zone append sector.
 */
struct ublk_elem_header {
	__u16	tag;
	__u16	buf_index;		/* for automatic registration */
	__s32	result;			/* COMMIT only: bytes done or -errno */
};

/* what REG_BUF registers; 24 bytes */
struct ublk_shmem_buf_reg {
	__u64	addr;			/* page aligned user address */
	__u64	len;			/* whole pages, at most 4 GiB */
	__u32	flags;			/* UBLK_SHMEM_BUF_READ_ONLY */
	__u32	reserved;
};

/* the driver does not write to it, so reads of the disk never match it */
#define UBLK_SHMEM_BUF_READ_ONLY	(1U << 0)

/* ublksrv_io_desc.addr with UBLK_IO_F_SHMEM_ZC: bytes into buffer "index" */
#define UBLK_SHMEM_ZC_OFF_MASK		0xffffffffULL
#define UBLK_SHMEM_ZC_IDX_OFF		32
#define UBLK_SHMEM_ZC_IDX_MASK		0xffffULL

static inline __u64 ublk_shmem_zc_addr(__u16 index, __u32 offset)
{
	return (__u64)index << UBLK_SHMEM_ZC_IDX_OFF | offset;
}

static inline __u16 ublk_shmem_zc_index(__u64 addr)
{
	return (__u16)((addr >> UBLK_SHMEM_ZC_IDX_OFF) & UBLK_SHMEM_ZC_IDX_MASK);
}

static inline __u32 ublk_shmem_zc_offset(__u64 addr)
{
	return (__u32)(addr & UBLK_SHMEM_ZC_OFF_MASK);
}

/* Parameters of the disk; a shift is the binary logarithm of bytes. */

#define UBLK_ATTR_READ_ONLY		(1 << 0)
#define UBLK_ATTR_ROTATIONAL		(1 << 1)
#define UBLK_ATTR_VOLATILE_CACHE	(1 << 2)	/* send FLUSH */
#define UBLK_ATTR_FUA			(1 << 3)	/* with the above: send FUA */

struct ublk_param_basic {
	__u32	attrs;			/* UBLK_ATTR_* */
	__u8	logical_bs_shift;	/* smallest request */
	__u8	physical_bs_shift;	/* smallest without read-modify-write */
	__u8	io_opt_shift;		/* best request size, 0 = unknown */
	__u8	io_min_shift;		/* preferred smallest request */
	__u32	max_sectors;		/* largest request */
	__u32	chunk_sectors;		/* no request crosses; zone size */
	__u64	dev_sectors;		/* capacity */
	__u64	virt_boundary_mask;	/* no gaps off this boundary in memory */
};

struct ublk_param_discard {
	__u32	discard_alignment;	/* bytes */
	__u32	discard_granularity;	/* bytes */
	__u32	max_discard_sectors;	/* 0 = no discard */
	__u32	max_write_zeroes_sectors; /* 0 = no write zeroes */
	__u16	max_discard_segments;
	__u16	reserved0;
};

/* device numbers, filled by GET_PARAMS; not to be set */
struct ublk_param_devt {
	__u32	char_major;
	__u32	char_minor;
	__u32	disk_major;
	__u32	disk_minor;
};

struct ublk_param_zoned {
	__u32	max_open_zones;		/* 0 = no limit */
	__u32	max_active_zones;	/* 0 = no limit */
	__u32	max_zone_append_sectors;
	__u8	reserved[20];
};

struct ublk_param_dma_align {
	__u32	alignment;		/* mask of buffer addresses: 2^n - 1 */
	__u8	pad[4];
};

#define UBLK_MIN_SEGMENT_SIZE		4096

struct ublk_param_segment {
	__u64	seg_boundary_mask;	/* 2^n - 1, at least the minimum less 1 */
	__u32	max_segment_size;	/* bytes, at least UBLK_MIN_SEGMENT_SIZE */
	__u16	max_segments;
	__u8	pad[2];
};

/* as linux/fs.h has them since 6.17 */
#ifndef LBMD_PI_CAP_INTEGRITY
#define LBMD_PI_CAP_INTEGRITY		(1 << 0)
#define LBMD_PI_CAP_REFTAG		(1 << 1)
#define LBMD_PI_CSUM_NONE		0
#define LBMD_PI_CSUM_IP			1
#define LBMD_PI_CSUM_CRC16_T10DIF	2
#define LBMD_PI_CSUM_CRC64_NVME		4
#endif

struct ublk_param_integrity {
	__u32	flags;			/* LBMD_PI_CAP_* of linux/fs.h */
	__u16	max_integrity_segments;	/* 0 = no limit */
	__u8	interval_exp;		/* log2 of data bytes per tuple */
	__u8	metadata_size;		/* bytes per interval */
	__u8	pi_offset;		/* of the tuple in the metadata */
	__u8	csum_type;		/* LBMD_PI_CSUM_* */
	__u8	tag_size;
	__u8	pad[5];
};

/* ublk_params.types */
#define UBLK_PARAM_TYPE_BASIC		(1 << 0)	/* mandatory */
#define UBLK_PARAM_TYPE_DISCARD		(1 << 1)
#define UBLK_PARAM_TYPE_DEVT		(1 << 2)
#define UBLK_PARAM_TYPE_ZONED		(1 << 3)
#define UBLK_PARAM_TYPE_DMA_ALIGN	(1 << 4)
#define UBLK_PARAM_TYPE_SEGMENT		(1 << 5)
#define UBLK_PARAM_TYPE_INTEGRITY	(1 << 6)

/*
 * SET_PARAMS and GET_PARAMS; 152 bytes.  There is a hole before seg, where
 * 64-bit machines align it and 32-bit x86 does not: a 32-bit server cannot use
 * seg and integrity with a 64-bit kernel.
 */
struct ublk_params {
	__u32				len;	/* bytes of this structure */
	__u32				types;	/* which of the members count */
	struct ublk_param_basic		basic;
	struct ublk_param_discard	discard;
	struct ublk_param_devt		devt;
	struct ublk_param_zoned		zoned;
	struct ublk_param_dma_align	dma;
	struct ublk_param_segment	seg;
	struct ublk_param_integrity	integrity;
};

#endif
