// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What ublk reap may remove, what only by force, and what never. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <ublk.h>

#include "reap.h"

static struct reap_facts facts;
static char text[256];

/* An orphan by all rules; each test saves it by one. */
static int orphan(void **state)
{
	(void)state;
	memset(&facts, 0, sizeof(facts));
	facts.id = 5;
	facts.has_device = facts.has_record = 1;
	facts.state = LIBUBLK_STATE_QUIESCED;
	facts.server_pid = 4711;
	return 0;
}

static void orphans_in_each_state(void **state)
{
	static const uint32_t states[] = { LIBUBLK_STATE_DEAD, LIBUBLK_STATE_LIVE,
					   LIBUBLK_STATE_QUIESCED, LIBUBLK_STATE_FAIL_IO };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(states) / sizeof(*states); i++) {
		facts.state = states[i];
		assert_int_equal(reap_judge(&facts, text), REAP_REMOVE);
		assert_non_null(strstr(text, ublk_state_name(states[i])));
		assert_non_null(strstr(text, "4711"));
	}
	facts.has_record = 0;
	facts.record_error = -ENOENT;
	facts.server_pid = -1;
	assert_int_equal(reap_judge(&facts, text), REAP_REMOVE);
	assert_non_null(strstr(text, "no record"));
}

static void served_devices_stay(void **state)
{
	(void)state;
	facts.is_server_alive = 1;
	assert_int_equal(reap_judge(&facts, text), REAP_LEAVE);
	/* whatever the kernel calls the state: it may be taking over just now */
	facts.state = LIBUBLK_STATE_DEAD;
	assert_int_equal(reap_judge(&facts, text), REAP_LEAVE);
	assert_non_null(strstr(text, "4711"));
}

static void supervised_devices_stay(void **state)
{
	(void)state;
	strcpy(facts.supervisor, "ublk@5.service");
	assert_int_equal(reap_judge(&facts, text), REAP_LEAVE);
	assert_non_null(strstr(text, "ublk@5.service"));
	/* also if they are used: force must not get there */
	strcpy(facts.usage, "is mounted on /mnt");
	assert_int_equal(reap_judge(&facts, text), REAP_LEAVE);
}

static void used_devices_want_force(void **state)
{
	(void)state;
	strcpy(facts.usage, "has I/O waiting");
	assert_int_equal(reap_judge(&facts, text), REAP_IN_USE);
}

static void records(void **state)
{
	(void)state;
	facts.has_device = 0;
	assert_int_equal(reap_judge(&facts, text), REAP_REMOVE);
	/* nothing of that is looked at: there is no device */
	facts.has_record = 0;
	facts.record_error = -EPERM;
	assert_int_equal(reap_judge(&facts, text), REAP_LEAVE);
	facts.record_error = -EBADMSG;
	assert_int_equal(reap_judge(&facts, text), REAP_LEAVE);
}

#define reap_test(f) cmocka_unit_test_setup(f, orphan)

int main(void)
{
	const struct CMUnitTest tests[] = {
		reap_test(orphans_in_each_state), reap_test(served_devices_stay),
		reap_test(supervised_devices_stay), reap_test(used_devices_want_force),
		reap_test(records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
