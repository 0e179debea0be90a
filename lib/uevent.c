/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What the driver tells by itself: uevents of the character devices, from the kernel's own socket,
 * so that no udev is needed. Anybody on the machine may send to that group, so only what has the
 * kernel's address and credentials is believed.
 */
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "internal.h"

#define KERNEL_GROUP		1		/* udev's own is 2 */
#define RECEIVE_BYTES		(1 << 20)
#define INITIAL_USER_NS		4026531837u	/* its inode, the same in every kernel */

struct ublk_events {
	int fd;
};

/* A parameter that only our module has: it sends a uevent at each change of state. */
static bool driver_announces(void)
{
	return !access("/sys/module/ublk_drv/parameters/monitor_period_ms", F_OK);
}

/* The kernel sends them only to network namespaces that belong to its first user namespace. */
static bool namespace_hears(void)
{
	int net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), owner = -1;
	bool hears = false;
	struct stat st;

	if (net >= 0)
		owner = ioctl(net, NS_GET_USERNS);
	if (owner >= 0 && !fstat(owner, &st))
		hears = st.st_ino == INITIAL_USER_NS;
	if (owner >= 0)
		close(owner);
	if (net >= 0)
		close(net);
	return hears;
}

UBLK_EXPORT int ublk_events_are_sent(void)
{
	if (!driver_announces())
		return ublk_set_error(EOPNOTSUPP, "the driver does not announce its devices' "
				      "states: it is not this project's, or not loaded");
	if (!namespace_hears())
		return ublk_set_error(EOPNOTSUPP, "this network namespace gets no uevents: it "
				      "belongs to a user namespace of its own");
	return 0;
}

UBLK_EXPORT int ublk_events_open(struct ublk_events **ret_events)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	struct ublk_events *events = calloc(1, sizeof(*events));
	int one = 1, bytes = RECEIVE_BYTES, r;

	if (!events)
		return ublk_set_error(ENOMEM, "out of memory");
	events->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			    NETLINK_KOBJECT_UEVENT);
	if (events->fd < 0 ||
	    setsockopt(events->fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) < 0 ||
	    bind(events->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		r = ublk_set_error(errno, "no uevents can be had: %s", strerror(errno));
		ublk_events_close(events);
		return r;
	}
	/* More than the default holds, for those who look rarely; without privilege the default. */
	setsockopt(events->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	*ret_events = events;
	return 0;
}

UBLK_EXPORT void ublk_events_close(struct ublk_events *events)
{
	if (!events)
		return;
	if (events->fd >= 0)
		close(events->fd);
	free(events);
}

UBLK_EXPORT int ublk_events_fd(const struct ublk_events *events)
{
	return events->fd;
}

static int state_of(const char *name)
{
	int state;

	for (state = LIBUBLK_STATE_DEAD; state <= LIBUBLK_STATE_FAIL_IO; state++) {
		if (!strcmp(ublk_state_name(state), name))
			return state;
	}
	return -EINVAL;
}

/* "ublkc17" at the end of a path. */
static int id_of(const char *path)
{
	const char *name = strrchr(path, '/');
	int id, used = 0;

	if (!name || sscanf(name, "/ublkc%d%n", &id, &used) != 1 || name[used] || id < 0)
		return -EINVAL;
	return id;
}

bool ublk_uevent_parse(const char *text, size_t len, struct ublk_event *ret)
{
	const char *action = "", *path = "", *subsystem = "", *state = NULL, *seqnum = "0", *at;
	struct ublk_event e = { .size = sizeof(e) };

	if (!len || text[len - 1])
		return false;
	for (at = text; at < text + len; at += strlen(at) + 1) {
		if (!strncmp(at, "ACTION=", 7))
			action = at + 7;
		else if (!strncmp(at, "DEVPATH=", 8))
			path = at + 8;
		else if (!strncmp(at, "SUBSYSTEM=", 10))
			subsystem = at + 10;
		else if (!strncmp(at, "UBLK_STATE=", 11))
			state = at + 11;
		else if (!strncmp(at, "SEQNUM=", 7))
			seqnum = at + 7;
	}
	e.id = id_of(path);
	if (strcmp(subsystem, "ublk-char") || e.id < 0)
		return false;
	e.seqnum = strtoull(seqnum, NULL, 10);
	if (!strcmp(action, "add")) {
		e.kind = LIBUBLK_EVENT_ADDED;
		e.state = LIBUBLK_STATE_DEAD;
	} else if (!strcmp(action, "remove")) {
		e.kind = LIBUBLK_EVENT_REMOVED;
		e.state = LIBUBLK_STATE_GONE;
	} else if (!strcmp(action, "change") && state && state_of(state) >= 0) {
		e.kind = LIBUBLK_EVENT_STATE;
		e.state = state_of(state);
	} else {
		return false;		/* somebody's "udevadm trigger" */
	}
	*ret = e;
	return true;
}

bool ublk_uevent_is_from_kernel(const struct msghdr *msg)
{
	const struct sockaddr_nl *sender = msg->msg_name;
	struct cmsghdr *c;

	if (sender->nl_pid || !(sender->nl_groups & KERNEL_GROUP))
		return false;
	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR((struct msghdr *)msg, c)) {
		struct ucred cred;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&cred, CMSG_DATA(c), sizeof(cred));
		/* A sender outside of this user namespace has the overflow uid, but no pid. */
		return !cred.pid;
	}
	return false;
}

/* 1 an event of ours, 0 of somebody else, -EAGAIN none, -ENOBUFS some are lost, -errno. */
static int receive(struct ublk_events *events, struct ublk_event *ret)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct sockaddr_nl sender = { .nl_family = AF_NETLINK };
	char text[8192];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = {
		.msg_name = &sender, .msg_namelen = sizeof(sender), .msg_iov = &iov,
		.msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(events->fd, &msg, 0);

	if (n < 0)
		return -errno;
	if ((msg.msg_flags & MSG_TRUNC) || !ublk_uevent_is_from_kernel(&msg))
		return 0;
	return ublk_uevent_parse(text, (size_t)n, ret);
}

UBLK_EXPORT int ublk_events_next(struct ublk_events *events, int timeout_ms,
				 struct ublk_event *ret_event)
{
	struct pollfd p = { .fd = events->fd, .events = POLLIN };
	int64_t deadline = ublk_deadline(timeout_ms);
	struct ublk_event e;
	int r;

	if (ret_event->size < offsetof(struct ublk_event, seqnum))
		return ublk_set_error(EINVAL, "ublk_event.size is not set");
	for (;;) {
		r = receive(events, &e);
		if (r == -ENOBUFS) {
			e = (struct ublk_event){ .kind = LIBUBLK_EVENT_LOST, .id = -1,
						 .state = LIBUBLK_STATE_GONE };
			r = 1;
		}
		if (r > 0)
			break;
		if (r < 0 && r != -EAGAIN && r != -EINTR)
			return ublk_set_error(r, "uevents: %s", strerror(-r));
		if (!r)
			continue;
		r = poll(&p, 1, ublk_time_left(deadline));
		if (r <= 0)
			return r < 0 ? ublk_set_error(errno, "uevents: %s", strerror(errno)) : 0;
	}
	e.size = ret_event->size;
	memcpy(ret_event, &e, e.size < sizeof(e) ? e.size : sizeof(e));
	return 1;
}
