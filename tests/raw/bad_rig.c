// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What the bad input tester stands on: the two devices and the memory traps. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bad.h"

#define HEALTHY_BYTES	(4u << 20)
#define CHECK_BYTES	4096u

uint64_t rig_random(struct bad *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return b->random;
}

void rig_failed(struct bad *b, const char *format, ...)
{
	va_list args;

	b->nr_failed++;
	printf("FAILED: round %u: ", b->round);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

void rig_expect(struct bad *b, const char *what, int res, const int *expected)
{
	char list[128] = "";
	unsigned int i;
	size_t len = 0;

	b->nr_checked++;
	for (i = 0; i < BAD_MAX_EXPECTED && expected[i] != RES_NONE; i++) {
		if (res == expected[i])
			return;
		len += snprintf(list + len, sizeof(list) - len, " %s", raw_errno_name(expected[i]));
	}
	rig_failed(b, "%s: res=%d (%s), expected%s", what, res, raw_errno_name(res), list);
}

static void set_traps(struct bad *b)
{
	size_t page = sysconf(_SC_PAGESIZE);
	unsigned char *area = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		raw_die(RAW_EXIT_FAIL, "mmap: %s", strerror(errno));
	memset(area, 0, 4 * page);
	b->read_only = area;
	b->edge = area + 3 * page - 1;
	b->unmapped = area + 3 * page;
	mprotect(b->read_only, page, PROT_READ);
	/* kept, so that no later mapping lands there */
	mprotect(b->unmapped, page, PROT_NONE);
}

static void start_healthy(struct bad *b)
{
	struct server *srv = &b->healthy;
	sigset_t nudge;

	srv->opt.id = -1;
	srv->opt.queues = 2;
	srv->opt.depth = 8;
	srv->opt.split = 1;
	srv->opt.size = HEALTHY_BYTES;
	srv->opt.max_io_bytes = 64 << 10;
	srv->opt.bs_shift = 9;
	srv->opt.forced_result = LONG_MIN;
	srv->opt.timeout_ms = 30000;
	srv->opt.flags = UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE;
	sigemptyset(&nudge);
	sigaddset(&nudge, SERVER_NUDGE);
	pthread_sigmask(SIG_BLOCK, &nudge, NULL);

	raw_ctrl_open(&srv->ctrl);
	srv->ctrl.timeout_ms = srv->opt.timeout_ms;
	if (server_open_backing(srv) < 0 || server_create(srv) < 0)
		raw_die(RAW_EXIT_FAIL, "cannot make the healthy device");
	srv->cfd = raw_char_open(srv->info.dev_id, 10000);
	if (srv->cfd < 0)
		raw_die(RAW_EXIT_FAIL, "/dev/ublkc%u: %s", srv->info.dev_id, strerror(-srv->cfd));
	server_start_workers(srv);
	if (!server_wait_fetched(srv, 10000) || server_go_live(srv) < 0)
		raw_die(RAW_EXIT_FAIL, "the healthy device does not start");
}

void rig_start(struct bad *b)
{
	set_traps(b);
	raw_ctrl_open(&b->ctrl);
	b->ctrl.timeout_ms = 20000;
	start_healthy(b);
	b->healthy_block = raw_block_open(b->healthy.info.dev_id, O_RDWR | O_DIRECT, 10000);
	if (b->healthy_block < 0)
		raw_die(RAW_EXIT_FAIL, "/dev/ublkb%u: %s", b->healthy.info.dev_id,
			strerror(-b->healthy_block));
}

void rig_new_victim(struct bad *b)
{
	int res;

	memset(&b->victim, 0, sizeof(b->victim));
	b->victim.dev_id = (uint32_t)-1;
	b->victim.nr_hw_queues = 1;
	b->victim.queue_depth = VICTIM_DEPTH;
	b->victim.max_io_buf_bytes = 64 << 10;
	res = raw_add(&b->ctrl, &b->victim);
	if (res < 0)
		raw_die(RAW_EXIT_FAIL, "round %u: cannot add the victim: %s", b->round,
			raw_errno_name(res));
}

void rig_drop_victim(struct bad *b)
{
	static const int fine[] = EXPECT(0);

	rig_expect(b, "DEL of the victim",
		   raw_simple(&b->ctrl, UBLK_U_CMD_DEL_DEV, b->victim.dev_id, 0), fine);
}

/* A block is written and read back; the state is still LIVE. */
void rig_check_healthy(struct bad *b)
{
	uint64_t pos = rig_random(b) % (HEALTHY_BYTES / CHECK_BYTES) * CHECK_BYTES;
	struct ublksrv_ctrl_dev_info info = { 0 };
	unsigned char *out, *in;
	size_t i;
	int res;

	if (posix_memalign((void **)&out, CHECK_BYTES, 2ul * CHECK_BYTES))
		raw_die(RAW_EXIT_FAIL, "no memory");
	in = out + CHECK_BYTES;
	for (i = 0; i < CHECK_BYTES; i++)
		out[i] = rig_random(b);
	memset(in, 0, CHECK_BYTES);
	b->nr_checked++;
	if (pwrite(b->healthy_block, out, CHECK_BYTES, pos) != CHECK_BYTES ||
	    pread(b->healthy_block, in, CHECK_BYTES, pos) != CHECK_BYTES)
		rig_failed(b, "healthy device: I/O at %" PRIu64 ": %s", pos, strerror(errno));
	else if (memcmp(in, out, CHECK_BYTES))
		rig_failed(b, "healthy device: wrong data at %" PRIu64, pos);
	free(out);

	res = raw_info(&b->ctrl, b->healthy.info.dev_id, &info);
	if (res < 0 || info.state != UBLK_S_DEV_LIVE || info.ublksrv_pid != getpid())
		rig_failed(b, "healthy device: info res=%d state=%s pid=%d", res,
			   raw_state_name(info.state), info.ublksrv_pid);
}

void rig_finish(struct bad *b)
{
	static const int fine[] = EXPECT(0);
	uint32_t id = b->healthy.info.dev_id;

	close(b->healthy_block);
	rig_expect(b, "STOP of the healthy device",
		   raw_simple(&b->ctrl, UBLK_U_CMD_STOP_DEV, id, 0), fine);
	close(b->healthy.cfd);
	rig_expect(b, "DEL of the healthy device", raw_simple(&b->ctrl, UBLK_U_CMD_DEL_DEV, id, 0),
		   fine);
	if (atomic_load(&b->healthy.nr_errors))
		rig_failed(b, "the healthy server saw %lu commands fail",
			   atomic_load(&b->healthy.nr_errors));
	raw_ctrl_close(&b->ctrl);
}
