// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Malformed I/O commands of a server, and what can be done to its node. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bad.h"

/* how long a refusal may take, and how long a command must be kept to count as held */
#define ANSWER_MS	2000
#define HELD_MS		50

static unsigned char buffer[64 << 10];

/* cqe->res, or RES_NONE if the command is still held after the time */
static int issue(struct io_uring *ring, int fd, uint32_t op, const struct ublksrv_io_cmd *cmd,
		 unsigned int wait_ms)
{
	struct __kernel_timespec limit = {
		.tv_sec = wait_ms / 1000,
		.tv_nsec = wait_ms % 1000 * 1000000L,
	};
	struct io_uring_sqe *sqe = raw_get_sqe(ring);
	struct io_uring_cqe *cqe;
	int res;

	server_prep_io(sqe, fd, op, cmd);
	io_uring_submit(ring);
	if (io_uring_wait_cqe_timeout(ring, &cqe, &limit) < 0)
		return RES_NONE;
	res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

struct io_row {
	const char *name;
	uint32_t op;
	uint16_t q_id, tag;
	bool has_addr;
	int expected[BAD_MAX_EXPECTED + 1];
};

#define OP(name)	UBLK_U_IO_##name
#define COMMIT		OP(COMMIT_AND_FETCH_REQ)

/* before anything is fetched */
static const struct io_row unfetched[] = {
	{ "FETCH queue 1", OP(FETCH_REQ), 1, 0, true, EXPECT(-EINVAL) },
	{ "FETCH queue 65535", OP(FETCH_REQ), 65535, 0, true, EXPECT(-EINVAL) },
	{ "FETCH tag 4", OP(FETCH_REQ), 0, VICTIM_DEPTH, true, EXPECT(-EINVAL) },
	{ "FETCH tag 65535", OP(FETCH_REQ), 0, 65535, true, EXPECT(-EINVAL) },
	{ "FETCH without a buffer", OP(FETCH_REQ), 0, 0, false, EXPECT(-EINVAL) },
	{ "COMMIT unfetched", COMMIT, 0, 0, true, EXPECT(-EINVAL, -EBUSY) },
	{ "COMMIT tag 65535", COMMIT, 0, 65535, true, EXPECT(-EINVAL) },
	{ "GET_DATA unfetched", OP(NEED_GET_DATA), 0, 0, true, EXPECT(-EINVAL, -EBUSY) },
	{ "REGISTER", OP(REGISTER_IO_BUF), 0, 0, false, EXPECT(-EINVAL) },
	{ "UNREGISTER", OP(UNREGISTER_IO_BUF), 0, 0, false, EXPECT(-EINVAL) },
	{ "batch PREP", OP(PREP_IO_CMDS), 0, 0, false, EXPECT(-EINVAL, -EOPNOTSUPP) },
	{ "batch FETCH", OP(FETCH_IO_CMDS), 0, 0, false, EXPECT(-EINVAL, -EOPNOTSUPP) },
	{ "number 0x2f", _IOWR('u', 0x2f, struct ublksrv_io_cmd), 0, 0, true, EXPECT(-EINVAL) },
	{ "type x", _IOWR('x', 0x20, struct ublksrv_io_cmd), 0, 0, true, EXPECT(-EOPNOTSUPP) },
	{ "a control command", UBLK_U_CMD_STOP_DEV, 0, 0, true, EXPECT(-EINVAL, -EOPNOTSUPP) },
};

/* tag 0 is fetched, by this thread */
static const struct io_row fetched[] = {
	{ "FETCH twice", OP(FETCH_REQ), 0, 0, true, EXPECT(-EINVAL, -EBUSY) },
	{ "FETCH twice, bare", UBLK_IO_FETCH_REQ, 0, 0, true, EXPECT(-EINVAL, -EBUSY) },
	{ "COMMIT of no request", COMMIT, 0, 0, true, EXPECT(-EBUSY) },
	{ "COMMIT of no request, no buffer", COMMIT, 0, 0, false, EXPECT(-EBUSY, -EINVAL) },
	{ "GET_DATA of no request", OP(NEED_GET_DATA), 0, 0, true, EXPECT(-EBUSY, -EINVAL) },
};

/* to the healthy device, by a thread that owns none of its slots */
static const struct io_row foreign[] = {
	{ "FETCH of a live device", OP(FETCH_REQ), 0, 0, true, EXPECT(-EBUSY) },
	{ "COMMIT by a stranger", COMMIT, 0, 0, true, EXPECT(-EINVAL) },
	{ "COMMIT by a stranger, queue 1", COMMIT, 1, 7, true, EXPECT(-EINVAL) },
	{ "GET_DATA by a stranger", OP(NEED_GET_DATA), 0, 0, true, EXPECT(-EINVAL) },
	{ "COMMIT queue 2", COMMIT, 2, 0, true, EXPECT(-EINVAL) },
};

/* after DEL, through the descriptor that is still open */
static const struct io_row deleted[] = {
	{ "FETCH of a deleted device", OP(FETCH_REQ), 0, 0, true, EXPECT(-ENODEV) },
	{ "COMMIT of a deleted device", COMMIT, 0, 0, true, EXPECT(-ENODEV) },
};

static void try_rows(struct bad *b, struct io_uring *ring, int fd, const struct io_row *rows,
		     size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		struct ublksrv_io_cmd cmd = {
			.q_id = rows[i].q_id,
			.tag = rows[i].tag,
			.result = 512,
			.addr = rows[i].has_addr ? (uintptr_t)buffer : 0,
		};

		rig_expect(b, rows[i].name, issue(ring, fd, rows[i].op, &cmd, ANSWER_MS),
			   rows[i].expected);
	}
}

static void fetch_held(struct bad *b, struct io_uring *ring, int fd, unsigned int tag)
{
	static const int held[] = EXPECT(RES_NONE);
	struct ublksrv_io_cmd cmd = { .q_id = 0, .tag = tag, .addr = (uintptr_t)buffer };
	int res = issue(ring, fd, UBLK_U_IO_FETCH_REQ, &cmd, HELD_MS);

	b->nr_checked++;
	if (res != held[0])
		rig_failed(b, "FETCH tag %u is not kept: res=%d", tag, res);
}

/* All commands held come back with ABORT when the device goes. */
static void collect(struct bad *b, struct io_uring *ring, unsigned int nr)
{
	struct __kernel_timespec limit = { .tv_sec = 10 };
	static const int abort[] = EXPECT(UBLK_IO_RES_ABORT);
	struct io_uring_cqe *cqe;

	while (nr--) {
		if (io_uring_wait_cqe_timeout(ring, &cqe, &limit) < 0) {
			rig_failed(b, "%u commands did not come back after DEL", nr + 1);
			return;
		}
		rig_expect(b, "a held command after DEL", cqe->res, abort);
		io_uring_cqe_seen(ring, cqe);
	}
}

static void try_wrong_files(struct bad *b, struct io_uring *ring, int cfd)
{
	static const int closed[] = EXPECT(-EBADF), no_op[] = EXPECT(-EOPNOTSUPP, -EINVAL),
			 not_sqe128[] = EXPECT(-EINVAL, -EOPNOTSUPP);
	struct ublksrv_io_cmd cmd = { .addr = (uintptr_t)buffer };
	int other = memfd_create("no device", MFD_CLOEXEC);
	int dead = dup(cfd);

	close(dead);
	rig_expect(b, "a closed file", issue(ring, dead, UBLK_U_IO_FETCH_REQ, &cmd, ANSWER_MS),
		   closed);
	rig_expect(b, "another file", issue(ring, other, UBLK_U_IO_FETCH_REQ, &cmd, ANSWER_MS),
		   no_op);
	rig_expect(b, "control node, I/O command",
		   issue(ring, b->ctrl.fd, UBLK_U_IO_FETCH_REQ, &cmd, ANSWER_MS), not_sqe128);
	rig_expect(b, "control node, short SQE",
		   issue(ring, b->ctrl.fd, UBLK_U_CMD_GET_DEV_INFO, &cmd, ANSWER_MS), not_sqe128);
	close(other);
}

void bad_io_round(struct bad *b)
{
	int fd = raw_char_open(b->victim.dev_id, 10000);
	struct io_uring ring;
	unsigned int tag;

	if (fd < 0 || io_uring_queue_init(32, &ring, 0) < 0)
		raw_die(RAW_EXIT_FAIL, "round %u: victim's node or ring", b->round);
	try_wrong_files(b, &ring, fd);
	try_rows(b, &ring, fd, unfetched, raw_array_size(unfetched));
	fetch_held(b, &ring, fd, 0);
	try_rows(b, &ring, fd, fetched, raw_array_size(fetched));
	for (tag = 1; tag < VICTIM_DEPTH; tag++)
		fetch_held(b, &ring, fd, tag);
	try_rows(b, &ring, fd, fetched, raw_array_size(fetched));
	try_rows(b, &ring, b->healthy.cfd, foreign, raw_array_size(foreign));

	rig_drop_victim(b);
	collect(b, &ring, VICTIM_DEPTH);
	try_rows(b, &ring, fd, deleted, raw_array_size(deleted));
	io_uring_queue_exit(&ring);
	close(fd);
	rig_new_victim(b);
}

static void try_map(struct bad *b, const char *name, int fd, size_t len, int prot, off_t offset,
		    int error)
{
	const int expected[] = EXPECT(-error);
	void *map = mmap(NULL, len, prot, MAP_SHARED, fd, offset);

	rig_expect(b, name, map == MAP_FAILED ? -errno : 0, expected);
	if (map != MAP_FAILED)
		munmap(map, len);
}

static void try_maps(struct bad *b, int fd)
{
	static const int denied[] = EXPECT(-EACCES);
	size_t len = raw_desc_bytes(&b->victim);
	size_t page = sysconf(_SC_PAGESIZE);
	off_t next = raw_desc_offset(&b->victim, 1);
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED) {
		rig_failed(b, "mmap of the descriptors: %s", strerror(errno));
		return;
	}
	/* C2: descriptors cannot be forged */
	rig_expect(b, "mprotect writable", mprotect(map, len, PROT_READ | PROT_WRITE) ? -errno : 0,
		   denied);
	munmap(map, len);
	try_map(b, "mmap writable", fd, len, PROT_READ | PROT_WRITE, 0, EPERM);
	try_map(b, "mmap too long", fd, len + page, PROT_READ, 0, EINVAL);
	try_map(b, "mmap odd offset", fd, len, PROT_READ, page, EINVAL);
	try_map(b, "mmap queue 1", fd, len, PROT_READ, next, EINVAL);
	try_map(b, "mmap queue 2^20", fd, len, PROT_READ, next << 20, EINVAL);
}

/* Another process holds the descriptor, but it is not its. */
static void try_map_in_child(struct bad *b, int fd)
{
	static const int invalid[] = EXPECT(EINVAL);
	size_t len = raw_desc_bytes(&b->victim);
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);

		_exit(map == MAP_FAILED ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		raw_die(RAW_EXIT_FAIL, "fork: %s", strerror(errno));
	rig_expect(b, "mmap in a child", WEXITSTATUS(status), invalid);
}

void bad_node_round(struct bad *b)
{
	static const int busy[] = EXPECT(-EBUSY), denied[] = EXPECT(-EACCES, -EINVAL, -ENODEV),
			 no_ioctl[] = EXPECT(-ENOTTY, -EINVAL);
	int fd = raw_char_open(b->victim.dev_id, 10000);
	unsigned char *end = b->edge;
	int second;

	if (fd < 0)
		raw_die(RAW_EXIT_FAIL, "round %u: victim's node: %s", b->round, strerror(-fd));
	second = raw_char_open(b->victim.dev_id, 0);
	rig_expect(b, "second open", second, busy);
	if (second >= 0)
		close(second);
	try_maps(b, fd);
	try_map_in_child(b, fd);
	rig_expect(b, "read at 0", pread(fd, buffer, 512, 0) < 0 ? -errno : 0, denied);
	rig_expect(b, "user copy without it",
		   pread(fd, buffer, 512, raw_user_copy_pos(0, 0)) < 0 ? -errno : 0, denied);
	rig_expect(b, "user copy of queue 4095",
		   pwrite(fd, buffer, 512, raw_user_copy_pos(4095, 65535)) < 0 ? -errno : 0,
		   denied);
	rig_expect(b, "user copy over the edge",
		   pwrite(fd, end, 512, raw_user_copy_pos(0, 0)) < 0 ? -errno : 0, denied);
	rig_expect(b, "user copy on a live copy device",
		   pread(b->healthy.cfd, buffer, 512, raw_user_copy_pos(0, 0)) < 0 ? -errno : 0,
		   denied);
	rig_expect(b, "ioctl", ioctl(fd, UBLK_U_CMD_STOP_DEV, buffer) < 0 ? -errno : 0, no_ioctl);
	close(fd);
}
