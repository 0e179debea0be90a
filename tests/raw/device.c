// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The control side of the raw server: make or adopt the device, go live. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

static int said(const char *step, int res)
{
	if (res < 0)
		raw_say("%s res=%d errno=%s", step, res, raw_errno_name(res));
	return res;
}

int server_create(struct server *srv)
{
	const struct options *opt = &srv->opt;
	struct ublk_params params;
	int res;

	srv->info.dev_id = opt->id;
	srv->info.nr_hw_queues = opt->queues;
	srv->info.queue_depth = opt->depth;
	srv->info.max_io_buf_bytes = opt->max_io_bytes;
	srv->info.flags = opt->flags;
	if (opt->mode == MODE_GET_DATA)
		srv->info.flags |= UBLK_F_NEED_GET_DATA;
	if (opt->mode == MODE_USER_COPY)
		srv->info.flags |= UBLK_F_USER_COPY;
	if (meta_is_on(srv))
		srv->info.flags |= UBLK_F_INTEGRITY;
	if (zc_is_on(srv))
		srv->info.flags |= UBLK_F_SUPPORT_ZERO_COPY;
	if (opt->mode == MODE_AUTO)
		srv->info.flags |= UBLK_F_AUTO_BUF_REG;
	if (srv->nr_shms)
		srv->info.flags |= UBLK_F_SHMEM_ZC;
	fail_next_command(srv, "add");
	res = said("ADD", raw_add(&srv->ctrl, &srv->info));
	fail_say(srv, "add");
	if (res < 0)
		return res;
	if (srv->info.flags & UBLK_F_UNPRIVILEGED_DEV) {
		srv->ctrl.with_path = true;
		res = said("GRANT", raw_char_wait_granted(srv->info.dev_id, opt->timeout_ms));
		if (res < 0)
			return res;
	}

	raw_basic_params(&params, opt->size, opt->bs_shift, srv->info.max_io_buf_bytes);
	params.basic.attrs = opt->attrs;
	if (opt->discard) {
		params.types |= UBLK_PARAM_TYPE_DISCARD;
		params.discard.discard_granularity = 4096;
		params.discard.max_discard_sectors = 1 << 15;
		params.discard.max_write_zeroes_sectors = 1 << 15;
		params.discard.max_discard_segments = 1;
	}
	if (meta_is_on(srv)) {
		params.types |= UBLK_PARAM_TYPE_INTEGRITY;
		params.integrity = opt->meta;
	}
	fail_next_command(srv, "params");
	res = said("SET_PARAMS", raw_set_params(&srv->ctrl, srv->info.dev_id, &params));
	fail_say(srv, "params");
	if (res == 0)
		shm_register(srv);
	return res;
}

/* What START_USER_RECOVERY refuses with EBUSY now it may allow in a moment. */
static int begin_takeover(struct server *srv)
{
	uint64_t limit = raw_now_ms() + srv->opt.timeout_ms;
	int res;

	fail_next_command(srv, "start-recovery");
	do {
		res = raw_simple(&srv->ctrl, UBLK_U_CMD_START_USER_RECOVERY, srv->opt.id, 0);
		if (res != -EBUSY)
			break;
		usleep(5000);
	} while (raw_now_ms() < limit);
	fail_say(srv, "start-recovery");
	return said("START_RECOVERY", res);
}

int server_attach(struct server *srv)
{
	int res = srv->opt.takeover ? begin_takeover(srv) : 0;

	if (res < 0)
		return res;
	res = said("INFO", raw_info(&srv->ctrl, srv->opt.id, &srv->info));
	if (res < 0)
		return res;
	if (srv->info.flags & UBLK_F_AUTO_BUF_REG)
		srv->opt.mode = MODE_AUTO;
	else if (srv->info.flags & UBLK_F_SUPPORT_ZERO_COPY)
		srv->opt.mode = MODE_REGISTERED;
	else if (srv->info.flags & UBLK_F_USER_COPY)
		srv->opt.mode = MODE_USER_COPY;
	else if (srv->info.flags & UBLK_F_NEED_GET_DATA)
		srv->opt.mode = MODE_GET_DATA;
	else
		srv->opt.mode = MODE_COPY;
	return 0;
}

int server_go_live(struct server *srv)
{
	uint32_t op = srv->opt.takeover ? UBLK_U_CMD_END_USER_RECOVERY : UBLK_U_CMD_START_DEV;

	int res;

	fail_next_command(srv, "live");
	res = said(srv->opt.takeover ? "END_RECOVERY" : "START",
		   raw_simple(&srv->ctrl, op, srv->info.dev_id, getpid()));
	fail_say(srv, "live");
	return res;
}
