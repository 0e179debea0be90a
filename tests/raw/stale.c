// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Everything that the holder of an old descriptor can try.  Run while another
 * server, or none, has the device: each line should say ENODEV or the like, and
 * the device must not notice.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server.h"

/* how long a command may take that should be refused at once */
#define STALE_ANSWER_MS		5000

static void try_command(struct server *srv, struct io_uring *ring, const char *name, uint32_t op,
			unsigned int tag)
{
	struct __kernel_timespec limit = { .tv_sec = STALE_ANSWER_MS / 1000 };
	struct ublksrv_io_cmd cmd = {
		.q_id = 0,
		.tag = tag,
		.result = 512,
		.addr = srv->opt.mode == MODE_USER_COPY || zc_is_on(srv) ? 0 :
			(uintptr_t)srv->workers[0].buffers,
	};
	struct io_uring_sqe *sqe = raw_get_sqe(ring);
	struct io_uring_cqe *cqe;
	int ret;

	server_prep_io(sqe, srv->cfd, op, &cmd);
	io_uring_submit(ring);
	ret = io_uring_wait_cqe_timeout(ring, &cqe, &limit);
	if (ret == -ETIME) {
		raw_say("STALE op=%s tag=%u res=HELD", name, tag);
		return;
	}
	if (ret < 0)
		raw_die(RAW_EXIT_FAIL, "stale %s: wait: %s", name, strerror(-ret));
	raw_say("STALE op=%s tag=%u res=%d", name, tag, cqe->res);
	io_uring_cqe_seen(ring, cqe);
}

static void try_copy(struct server *srv, unsigned char *buf)
{
	ssize_t ret = pread(srv->cfd, buf, 512, raw_user_copy_pos(0, 0));

	raw_say("STALE op=pread res=%d", ret < 0 ? -errno : (int)ret);
	ret = pwrite(srv->cfd, buf, 512, raw_user_copy_pos(0, 0));
	raw_say("STALE op=pwrite res=%d", ret < 0 ? -errno : (int)ret);
}

static void try_mapping(struct server *srv)
{
	const volatile unsigned char *old = srv->workers[0].descs;
	size_t len = raw_desc_bytes(&srv->info);
	unsigned char sum = 0;
	void *map;
	size_t i;

	map = mmap(NULL, len, PROT_READ, MAP_SHARED, srv->cfd, raw_desc_offset(&srv->info, 0));
	raw_say("STALE op=mmap res=%d", map == MAP_FAILED ? -errno : 0);
	if (map != MAP_FAILED)
		munmap(map, len);
	/* the old mapping stays readable: its pages live as long as it does */
	for (i = 0; i < len; i++)
		sum += old[i];
	raw_say("STALE op=map-read res=0 sum=%u", sum);
}

void stale_probe(struct server *srv)
{
	unsigned int last = srv->info.queue_depth - 1;
	unsigned char buf[512] = { 0 };
	struct io_uring ring;
	int ret = io_uring_queue_init(8, &ring, 0);

	if (ret < 0)
		raw_die(RAW_EXIT_FAIL, "stale: ring: %s", strerror(-ret));
	try_command(srv, &ring, "commit", UBLK_U_IO_COMMIT_AND_FETCH_REQ, 0);
	try_command(srv, &ring, "get-data", UBLK_U_IO_NEED_GET_DATA, 0);
	try_command(srv, &ring, "fetch", UBLK_U_IO_FETCH_REQ, 0);
	try_command(srv, &ring, "commit", UBLK_U_IO_COMMIT_AND_FETCH_REQ, last);
	try_command(srv, &ring, "fetch", UBLK_U_IO_FETCH_REQ, last);
	try_copy(srv, buf);
	try_mapping(srv);
	raw_say("STALE done");
	io_uring_queue_exit(&ring);
}
