// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* ublk stop and ublk del: the ways out. Nothing here waits without a limit. */
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "device_view.h"
#include "fence_wait.h"

#define STEP_TIMEOUT_S 60
#define CALM_FENCE_MS 5000

/* The server as it was when we began, and where its writes go. */
struct server {
	int pidfd;			/* -1 = none */
	int pid;
	char fence[PATH_MAX];		/* "" = none that we know of */
	int is_fence_free;
	int is_killed;
};

/*
 * A number can be used again between asking for it and opening it; so the device is
 * asked once more afterwards. If it still names that number, the process we opened
 * is its server, because it has not died meanwhile.
 */
static int server_find_by_device(struct command_call *call, int id, struct server *server)
{
	struct device_view view;
	const char *path;
	int r;

	server->pidfd = -1;
	server->fence[0] = '\0';
	server->is_fence_free = server->is_killed = 0;
	r = device_view_load(call->ctl, id, &view);
	if (r < 0)
		return r;
	path = device_view_fence(&view);
	if (path)
		snprintf(server->fence, sizeof(server->fence), "%s", path);
	server->pid = view.server_pid;
	device_view_free(&view);
	if (server->pid <= 0)
		return 0;
	server->pidfd = process_open(server->pid);
	if (server->pidfd < 0) {
		server->pidfd = -1;
		return 0;
	}
	r = device_view_load(call->ctl, id, &view);
	if (r < 0 || view.server_pid != server->pid) {
		close(server->pidfd);
		server->pidfd = -1;
	}
	if (!r)
		device_view_free(&view);
	return 0;
}

static void server_close(struct server *server)
{
	if (server->pidfd >= 0)
		close(server->pidfd);
}

static int kill_server(struct command_call *call, struct server *server, int timeout_ms)
{
	int r;

	if (server->pidfd < 0)
		return STATUS_OK;
	r = process_kill(server->pidfd);
	if (r < 0 && r != -ESRCH)
		return command_fail(call, r, "server %d cannot be killed: %s", server->pid,
				    strerror(-r));
	server->is_killed = !r;
	r = process_wait(server->pidfd, timeout_ms);
	/* stuck in the kernel: the stop works without it, and the fence will tell */
	if (r == -ETIMEDOUT)
		fprintf(stderr, "ublk stop: server %d does not die (stuck in the kernel); going "
				"on without it\n",
			server->pid);
	return STATUS_OK;
}

/*
 * When the fence is free, the backing may be given to somebody else, and "ublk add" of
 * the same file works at once. A server that was not killed may well keep its file
 * open for reasons of its own; then that is said, but the stop has been a success.
 */
static int wait_for_fence(struct command_call *call, struct server *server, int timeout_ms)
{
	int r;

	if (!server->fence[0])
		return STATUS_OK;
	if (!call->is_kill && timeout_ms > CALM_FENCE_MS)
		timeout_ms = CALM_FENCE_MS;
	r = fence_wait(server->fence, timeout_ms);
	server->is_fence_free = !r;
	if (!r || !call->is_kill)
		return STATUS_OK;
	if (r == -ETIMEDOUT)
		return command_fail(call, r, "the device has ended, but the server's last writes "
					     "to %s have not: do not use that yet",
				    server->fence);
	return command_fail(call, r, "cannot tell whether %s is still being written to: %s",
			    server->fence, strerror(-r));
}

static int report(struct command_call *call, int id, const char *state,
		  const struct server *server)
{
	struct json_object *object;

	if (!call->is_json) {
		if (server->fence[0] && !server->is_fence_free)
			printf("ublk %d is %s, but %s is still locked by its server\n", id, state,
			       server->fence);
		else
			printf("ublk %d is %s\n", id, state);
		return STATUS_OK;
	}
	object = json_object_new_object();
	json_object_object_add(object, "id", json_object_new_int(id));
	json_object_object_add(object, "state", json_object_new_string(state));
	json_object_object_add(object, "killed", json_object_new_boolean(server->is_killed));
	json_object_object_add(object, "fence", server->fence[0] ?
			       json_object_new_string(server->fence) : NULL);
	json_object_object_add(object, "fence_free", server->fence[0] ?
			       json_object_new_boolean(server->is_fence_free) : NULL);
	return command_print_json(object);
}

static int stop_device(struct command_call *call, int id, const struct server *server,
		       int timeout_ms)
{
	uint32_t flags = call->is_if_unused ? LIBUBLK_STOP_IF_UNUSED : 0;
	int r = ublk_device_stop(call->ctl, id, flags, timeout_ms);

	if (r == -ETIMEDOUT && !call->is_kill && server->pidfd >= 0)
		return command_fail(call, r, "%s; if server %d is stuck, ublk stop --kill %d "
					     "ends it",
				    ublk_last_error(), server->pid, id);
	return r < 0 ? command_fail(call, r, "%s", ublk_last_error()) : STATUS_OK;
}

int verb_stop(struct command_call *call)
{
	int timeout_ms = command_timeout_ms(call, STEP_TIMEOUT_S);
	struct server server;
	int id, r, status;

	if (call->is_kill && call->is_if_unused)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "--kill and --if-unused exclude each other: a killed "
					   "server cannot be unkilled");
	status = command_id(call, 0, &id);
	if (status == STATUS_OK)
		status = command_connect(call);
	if (status != STATUS_OK)
		return status;
	r = server_find_by_device(call, id, &server);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	if (call->is_kill)
		status = kill_server(call, &server, timeout_ms);
	if (status == STATUS_OK)
		status = stop_device(call, id, &server, timeout_ms);
	if (status == STATUS_OK)
		status = wait_for_fence(call, &server, timeout_ms);
	if (status == STATUS_OK)
		status = report(call, id, "DEAD", &server);
	server_close(&server);
	return status;
}

/* The device may be gone and its record still there: that is what del is for, too. */
static int delete_record(struct command_call *call, int id)
{
	struct server none = { .pidfd = -1 };
	int r = ublk_record_remove(call->ctl, id);

	if (r == -ENOENT)
		return command_fail(call, -ENODEV, "there is no device %d", id);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	return report(call, id, "GONE", &none);
}

int verb_del(struct command_call *call)
{
	int timeout_ms = command_timeout_ms(call, STEP_TIMEOUT_S);
	struct server server;
	int id, r, status;

	status = command_id(call, 0, &id);
	if (status == STATUS_OK)
		status = command_connect(call);
	if (status != STATUS_OK)
		return status;
	r = server_find_by_device(call, id, &server);
	if (r == -ENODEV)
		return delete_record(call, id);
	if (r < 0)
		return command_fail(call, r, "%s", ublk_last_error());
	r = ublk_device_delete(call->ctl, id, 0, timeout_ms);
	if (r < 0)
		status = command_fail(call, r, "%s", ublk_last_error());
	if (status == STATUS_OK)
		status = wait_for_fence(call, &server, timeout_ms);
	if (status == STATUS_OK)
		status = report(call, id, "GONE", &server);
	server_close(&server);
	return status;
}
