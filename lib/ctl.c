/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The control handle.
 *
 * A command's trip is begin, wait, finish; if it is over its time, abandon instead of finish. The
 * kernel runs control commands in workers of its own that share our memory; a command that it
 * does not let go of may still write to its payload when the caller has long gone. So the
 * command owns that memory, holds the handle, and goes on a list until its completion comes.
 *
 * The device of an ordinary user takes a command only behind the path of its node, whose
 * permissions decide, for root, too; a device of root's would take that path for the payload. A
 * server knows what it has. Who does not gives the plain command first: a user's device refuses it
 * with -EINVAL before anything else, and then GET_DEV_INFO2, which has a path on any device, tells.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* How long an abandoned command may take to notice that it was cancelled. */
#define CANCEL_GRACE_MS		1000
/* Bound on undoing an ADD that succeeded after nobody waited any more. */
#define UNDO_TIMEOUT_MS		1000

static pthread_mutex_t unattended_lock = PTHREAD_MUTEX_INITIALIZER;
static struct ublk_cmd *unattended;

int ublk_ctl_open_transport(const struct ublk_transport_ops *transport, struct ublk_ctl **ret_ctl)
{
	struct ublk_ctl *ctl;
	int r;

	ublk_cmd_reap();
	ctl = calloc(1, sizeof(*ctl));
	if (!ctl)
		return ublk_set_error(ENOMEM, "out of memory");
	r = transport->open(&ctl->t);
	if (r < 0) {
		free(ctl);
		return r;
	}
	ctl->transport = transport;
	atomic_init(&ctl->refs, 1);
	atomic_init(&ctl->timeout_ms, LIBUBLK_TIMEOUT_DEFAULT_MS);
	pthread_mutex_init(&ctl->lock, NULL);
	*ret_ctl = ctl;
	return 0;
}

UBLK_EXPORT int ublk_ctl_open(struct ublk_ctl **ret_ctl)
{
	return ublk_ctl_open_transport(&ublk_uring_transport, ret_ctl);
}

void ublk_ctl_get(struct ublk_ctl *ctl)
{
	atomic_fetch_add(&ctl->refs, 1);
}

void ublk_ctl_put(struct ublk_ctl *ctl)
{
	if (atomic_fetch_sub(&ctl->refs, 1) != 1)
		return;
	ctl->transport->close(ctl->t);
	pthread_mutex_destroy(&ctl->lock);
	free(ctl->run_dir);
	free(ctl);
}

UBLK_EXPORT void ublk_ctl_close(struct ublk_ctl *ctl)
{
	if (!ctl)
		return;
	ublk_cmd_reap();
	ublk_ctl_put(ctl);
}

UBLK_EXPORT void ublk_ctl_set_timeout(struct ublk_ctl *ctl, int timeout_ms)
{
	atomic_store(&ctl->timeout_ms, timeout_ms ? timeout_ms : LIBUBLK_TIMEOUT_DEFAULT_MS);
}

UBLK_EXPORT int ublk_ctl_set_run_dir(struct ublk_ctl *ctl, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return ublk_set_error(ENOMEM, "out of memory");
	pthread_mutex_lock(&ctl->lock);
	free(ctl->run_dir);
	ctl->run_dir = copy;
	pthread_mutex_unlock(&ctl->lock);
	return 0;
}

/* Root of a user namespace is an ordinary user, who cannot write to the host's /run. */
static bool is_ordinary_user(void)
{
	return geteuid() || (faccessat(AT_FDCWD, "/run", W_OK, AT_EACCESS) < 0 && errno == EACCES);
}

static char *default_run_dir(void)
{
	const char *dir = secure_getenv("UBLK_RUN_DIR");
	char path[4096];

	if (dir && *dir)
		return strdup(dir);
	if (!is_ordinary_user())
		return strdup("/run/ublk");
	dir = secure_getenv("XDG_RUNTIME_DIR");
	if (dir && *dir == '/')
		snprintf(path, sizeof(path), "%s/ublk", dir);
	else
		snprintf(path, sizeof(path), "/run/user/%u/ublk", (unsigned)geteuid());
	return strdup(path);
}

UBLK_EXPORT const char *ublk_ctl_run_dir(struct ublk_ctl *ctl)
{
	const char *path;

	pthread_mutex_lock(&ctl->lock);
	if (!ctl->run_dir)
		ctl->run_dir = default_run_dir();
	path = ctl->run_dir ? ctl->run_dir : "/run/ublk";
	pthread_mutex_unlock(&ctl->lock);
	return path;
}

static void cmd_free(struct ublk_cmd *cmd)
{
	cmd->ctl->transport->cmd_release(cmd);
	ublk_ctl_put(cmd->ctl);
	free(cmd->buf);
	free(cmd);
}

/* What the kernel is to read, in memory that it may still write to when nobody waits any more. */
static int set_payload(struct ublk_cmd *cmd, const struct ublk_cmd_args *args)
{
	char path[UBLK_NODE_PATH];
	size_t path_len = 0;

	if (args->is_by_path || args->op == UBLK_U_CMD_GET_DEV_INFO2) {
		cmd->ctl->transport->dev_path(args->id, false, path);
		path_len = strlen(path) + 1;
	}
	if (!args->buf && !path_len)
		return 0;
	if (path_len + args->len > UINT16_MAX)
		return ublk_set_error(EINVAL, "a payload of %u bytes is too long", args->len);
	cmd->buf = malloc(path_len + args->len ? path_len + args->len : 1);
	if (!cmd->buf)
		return ublk_set_error(ENOMEM, "out of memory");
	memcpy(cmd->buf, path, path_len);
	if (args->buf)
		memcpy((char *)cmd->buf + path_len, args->buf, args->len);
	cmd->header.addr = (uintptr_t)cmd->buf;
	cmd->header.len = (uint16_t)(path_len + args->len);
	cmd->header.dev_path_len = (uint16_t)path_len;
	return 0;
}

int ublk_cmd_begin(struct ublk_ctl *ctl, const struct ublk_cmd_args *args,
		   struct ublk_cmd **ret_cmd)
{
	struct ublk_cmd *cmd = calloc(1, sizeof(*cmd));
	int r;

	if (!cmd)
		return ublk_set_error(ENOMEM, "out of memory");
	ublk_ctl_get(ctl);
	cmd->ctl = ctl;
	cmd->op = args->op;
	cmd->header.dev_id = (uint32_t)args->id;
	cmd->header.queue_id = (uint16_t)args->queue;
	cmd->header.data[0] = args->data;
	r = set_payload(cmd, args);
	if (!r)
		r = ctl->transport->cmd_submit(cmd);
	if (r < 0) {
		cmd_free(cmd);
		return r;
	}
	*ret_cmd = cmd;
	return 0;
}

int ublk_cmd_wait(struct ublk_cmd *cmd, int timeout_ms, int interrupt_fd)
{
	return cmd->ctl->transport->cmd_wait(cmd, timeout_ms, interrupt_fd);
}

int ublk_cmd_finish(struct ublk_cmd *cmd, void *buf, uint16_t len)
{
	int r = cmd->res;

	if (r >= 0 && buf)
		memcpy(buf, (char *)cmd->buf + cmd->header.dev_path_len, len);
	cmd_free(cmd);
	return r;
}

/* The device that a late ADD made belongs to nobody: it has no server, no disk, no record. */
static void undo_if_add(struct ublk_cmd *cmd)
{
	const struct ublksrv_ctrl_dev_info *info = cmd->buf;
	struct ublk_cmd_args del = {
		.op = UBLK_U_CMD_DEL_DEV_ASYNC, .queue = -1,
		.timeout_ms = UNDO_TIMEOUT_MS, .interrupt_fd = -1,
	};
	int res;

	if (cmd->op != UBLK_U_CMD_ADD_DEV || cmd->res < 0 || !info)
		return;
	del.id = (int)info->dev_id;
	del.is_by_path = info->flags & UBLK_F_UNPRIVILEGED_DEV;
	ublk_log(LIBUBLK_LOG_WARNING, "ADD of device %d came late and is undone", del.id);
	if (ublk_ctl_run(cmd->ctl, &del, &res) < 0 || res < 0)
		ublk_log(LIBUBLK_LOG_ERROR, "device %d is left over; delete it by hand", del.id);
}

int ublk_cmd_abandon(struct ublk_cmd *cmd, void *buf, uint16_t len, int *ret_res)
{
	const struct ublk_transport_ops *transport = cmd->ctl->transport;

	transport->cmd_cancel(cmd);
	if (!transport->cmd_wait(cmd, CANCEL_GRACE_MS, -1)) {
		*ret_res = ublk_cmd_finish(cmd, buf, len);
		/* The answer of a command that was cancelled is no answer. */
		return *ret_res == -EINTR || *ret_res == -ECANCELED ? -ETIME : 0;
	}
	ublk_log(LIBUBLK_LOG_WARNING, "control command 0x%x on device %d goes on in the kernel",
		 cmd->op, (int)cmd->header.dev_id);
	pthread_mutex_lock(&unattended_lock);
	cmd->next = unattended;
	unattended = cmd;
	pthread_mutex_unlock(&unattended_lock);
	return -ETIME;
}

unsigned ublk_cmd_reap(void)
{
	struct ublk_cmd *cmd, *over = NULL, **link;
	unsigned left = 0;

	pthread_mutex_lock(&unattended_lock);
	for (link = &unattended; (cmd = *link);) {
		if (cmd->ctl->transport->cmd_wait(cmd, 0, -1)) {
			left++;
			link = &cmd->next;
			continue;
		}
		*link = cmd->next;
		cmd->next = over;
		over = cmd;
	}
	pthread_mutex_unlock(&unattended_lock);

	while ((cmd = over)) {
		over = cmd->next;
		undo_if_add(cmd);
		cmd_free(cmd);
	}
	return left;
}

static int effective_timeout(struct ublk_ctl *ctl, int timeout_ms)
{
	return timeout_ms ? timeout_ms : atomic_load(&ctl->timeout_ms);
}

static int run_once(struct ublk_ctl *ctl, const struct ublk_cmd_args *args, int *ret_res)
{
	int timeout_ms = effective_timeout(ctl, args->timeout_ms);
	struct ublk_cmd *cmd;
	int r;

	r = ublk_cmd_begin(ctl, args, &cmd);
	if (r < 0)
		return r;
	r = ublk_cmd_wait(cmd, timeout_ms, args->interrupt_fd);
	if (!r) {
		*ret_res = ublk_cmd_finish(cmd, args->buf, args->len);
		return 0;
	}
	if (!ublk_cmd_abandon(cmd, args->buf, args->len, ret_res))
		return 0;
	if (r == -ETIME)
		return ublk_set_error(ETIMEDOUT, "device %d: the driver did not finish command "
				      "0x%x within %d ms; it may go on in the kernel", args->id,
				      args->op, timeout_ms);
	if (r == -ECANCELED)
		return ublk_set_error(ECANCELED, "device %d: interrupted on request", args->id);
	return ublk_set_error(r, "device %d: waiting for command 0x%x: %s", args->id, args->op,
			      strerror(-r));
}

/* 0: *ret_is is what GET_DEV_INFO2 says; else its -errno. */
static int is_users_device(struct ublk_ctl *ctl, const struct ublk_cmd_args *command, bool *ret_is)
{
	struct ublksrv_ctrl_dev_info info;
	struct ublk_cmd_args ask = {
		.op = UBLK_U_CMD_GET_DEV_INFO2, .id = command->id, .queue = -1, .buf = &info,
		.len = sizeof(info), .timeout_ms = command->timeout_ms,
		.interrupt_fd = command->interrupt_fd,
	};
	int r, res;

	memset(&info, 0, sizeof(info));
	r = run_once(ctl, &ask, &res);
	if (!r)
		r = res;
	*ret_is = r >= 0 && (info.flags & UBLK_F_UNPRIVILEGED_DEV);
	return r < 0 ? r : 0;
}

static bool may_want_path(const struct ublk_cmd_args *args)
{
	return args->id >= 0 && !args->is_by_path && args->op != UBLK_U_CMD_ADD_DEV &&
	       args->op != UBLK_U_CMD_GET_FEATURES && args->op != UBLK_U_CMD_GET_DEV_INFO2;
}

int ublk_ctl_run(struct ublk_ctl *ctl, const struct ublk_cmd_args *args, int *ret_res)
{
	struct ublk_cmd_args by_path = *args;
	bool is_users;
	int r;

	r = run_once(ctl, args, ret_res);
	if (r < 0 || *ret_res != -EINVAL || !may_want_path(args))
		return r;
	r = is_users_device(ctl, args, &is_users);
	if (r == -EACCES)
		*ret_res = r;
	if (r < 0 || !is_users)
		return 0;
	by_path.is_by_path = true;
	/* One that could be root's by now would answer that without looking at the path. */
	if (args->op == UBLK_U_CMD_GET_DEV_INFO)
		by_path.op = UBLK_U_CMD_GET_DEV_INFO2;
	return run_once(ctl, &by_path, ret_res);
}

int ublk_not_permitted(int id, int res)
{
	if (res == -EACCES)
		return ublk_set_error(res, "device %d: not permitted: it is another user's, and its "
				      "node /dev/ublkc%d does not let you: ask its owner, or run as "
				      "root", id, id);
	return ublk_set_error(res, "device %d: not permitted: run as root (CAP_SYS_ADMIN)", id);
}

UBLK_EXPORT int ublk_ctl_command(struct ublk_ctl *ctl, uint32_t op, int id, int queue,
				 uint64_t data, void *buf, uint16_t len, int timeout_ms)
{
	struct ublk_cmd_args args = {
		.op = op, .id = id, .queue = queue, .data = data, .buf = buf, .len = len,
		.timeout_ms = timeout_ms, .interrupt_fd = -1,
	};
	int r, res;

	ublk_cmd_reap();
	r = ublk_ctl_run(ctl, &args, &res);
	if (r < 0)
		return r;
	if (res < 0)
		return ublk_set_error(res, "device %d: command 0x%x: %s", id, op, strerror(-res));
	return res;
}

UBLK_EXPORT int ublk_ctl_features(struct ublk_ctl *ctl, uint64_t *ret_features)
{
	uint64_t features = 0;
	struct ublk_cmd_args args = {
		.op = UBLK_U_CMD_GET_FEATURES, .id = -1, .queue = -1,
		.buf = &features, .len = UBLK_FEATURES_LEN, .interrupt_fd = -1,
	};
	int r, res;

	r = ublk_ctl_run(ctl, &args, &res);
	if (r < 0)
		return r;
	switch (res) {
	case -EOPNOTSUPP:
	case -ENODEV:
		/* Drivers before 6.5 do not know the command; 6.1 looks for a device -1. */
		*ret_features = 0;
		return 0;
	case -EPERM:
	case -EACCES:
		return ublk_set_error(res, "the driver refuses control commands: run as root "
				      "(CAP_SYS_ADMIN)");
	default:
		if (res < 0)
			return ublk_set_error(res, "GET_FEATURES: %s", strerror(-res));
		*ret_features = features;
		return 0;
	}
}
