// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Uevents: what is understood, what is left alone, and from whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

/* String constants with \0 between the fields; the last one's own NUL ends the message. */
#define PARSE(text, ret)	ublk_uevent_parse(text, sizeof(text), ret)
#define CHAR(action, name) action "@/devices/virtual/ublk-char/" name "\0ACTION=" action \
	"\0DEVPATH=/devices/virtual/ublk-char/" name "\0SUBSYSTEM=ublk-char\0"

static void states(void **state)
{
	struct ublk_event e;

	(void)state;
	assert_true(PARSE(CHAR("change", "ublkc7") "UBLK_STATE=QUIESCED\0SEQNUM=4711", &e));
	assert_int_equal(e.kind, LIBUBLK_EVENT_STATE);
	assert_int_equal(e.id, 7);
	assert_int_equal(e.state, LIBUBLK_STATE_QUIESCED);
	assert_int_equal(e.seqnum, 4711);
	assert_true(PARSE(CHAR("add", "ublkc0") "SEQNUM=1", &e));
	assert_int_equal(e.kind, LIBUBLK_EVENT_ADDED);
	assert_int_equal(e.state, LIBUBLK_STATE_DEAD);
	assert_true(PARSE(CHAR("remove", "ublkc1048575") "SEQNUM=1", &e));
	assert_int_equal(e.kind, LIBUBLK_EVENT_REMOVED);
	assert_int_equal(e.id, 1048575);
	assert_int_equal(e.state, LIBUBLK_STATE_GONE);
}

static void not_ours(void **state)
{
	static const char unended[] = { 'A', '=', 'b' };
	struct ublk_event e = { .size = 77 };

	(void)state;
	/* udevadm trigger: a change that is none */
	assert_false(PARSE(CHAR("change", "ublkc0") "SYNTH_UUID=0\0SEQNUM=1", &e));
	assert_false(PARSE(CHAR("change", "ublkc0") "UBLK_STATE=NONSENSE", &e));
	assert_false(PARSE(CHAR("change", "ublkc0x") "UBLK_STATE=LIVE", &e));
	assert_false(PARSE(CHAR("change", "ublkc-1") "UBLK_STATE=LIVE", &e));
	assert_false(PARSE(CHAR("change", "ublkb0") "UBLK_STATE=LIVE", &e));
	assert_false(PARSE("change@/x\0ACTION=change\0DEVPATH=/x/ublkc0\0SUBSYSTEM=block\0"
			   "UBLK_STATE=LIVE", &e));
	assert_false(PARSE("", &e));
	assert_false(ublk_uevent_parse(NULL, 0, &e));
	assert_false(ublk_uevent_parse(unended, sizeof(unended), &e));
	assert_int_equal(e.size, 77);
}

static bool believed(uint32_t port, uint32_t groups, pid_t pid, bool has_cred)
{
	struct sockaddr_nl sender = { AF_NETLINK, 0, port, groups };
	struct ucred cred = { .pid = pid };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control = { .bytes = { 0 } };
	struct msghdr msg = { .msg_name = &sender, .msg_namelen = sizeof(sender),
			      .msg_control = &control,
			      .msg_controllen = has_cred ? sizeof(control) : 0 };

	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_CREDENTIALS;
	control.align.cmsg_len = CMSG_LEN(sizeof(cred));
	memcpy(CMSG_DATA(&control.align), &cred, sizeof(cred));
	return ublk_uevent_is_from_kernel(&msg);
}

static void only_the_kernel_is_believed(void **state)
{
	(void)state;
	assert_true(believed(0, 1, 0, true));
	assert_false(believed(1234, 1, 0, true));	/* a program's address */
	assert_false(believed(0, 0, 0, true));		/* sent to us alone */
	assert_false(believed(0, 2, 0, true));		/* udev's group */
	assert_false(believed(0, 1, 1, true));		/* a process said so */
	assert_false(believed(0, 1, 0, false));
}

/* Another program sends what looks like an event, to the group and to our very socket. */
static void a_forged_one_is_dropped(void **state)
{
	static const char text[] = CHAR("change", "ublkc0") "UBLK_STATE=QUIESCED";
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_groups = 1 }, ours = { 0 };
	struct ublk_event e = { .size = sizeof(e) };
	socklen_t len = sizeof(ours);
	struct ublk_events *events = NULL;
	int fd, sent;

	(void)state;
	if (ublk_events_open(&events) < 0) {
		skip();
		return;
	}
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	assert_int_equal(getsockname(ublk_events_fd(events), (struct sockaddr *)&ours, &len), 0);
	sent = sendto(fd, text, sizeof(text), 0, (struct sockaddr *)&to, sizeof(to)) > 0;
	to.nl_pid = ours.nl_pid;
	to.nl_groups = 0;
	sent += sendto(fd, text, sizeof(text), 0, (struct sockaddr *)&to, sizeof(to)) > 0;
	if (!sent)
		print_message("no privilege to forge one\n");
	assert_int_equal(ublk_events_next(events, 50, &e), 0);
	close(fd);
	ublk_events_close(events);
	ublk_events_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(not_ours),
		cmocka_unit_test(only_the_kernel_is_believed),
		cmocka_unit_test(a_forged_one_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
