// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Device states, session phases and recovery policy, module/state_table.h,
 * against a second table written from the description of the interface.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <ublk_cmd.h>

#include "state_table.h"

static const char *const state_names[] = { "DEAD", "LIVE", "QUIESCED", "FAIL_IO" };
static const char *const phase_names[] = { "NONE", "BRINGUP", "LIVE", "CLOSING", "RETIRED" };

#define NR(array)	(sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *from, *to, *why;
} edges[] = {
	{ "DEAD",	"LIVE",		"START" },
	{ "LIVE",	"DEAD",		"STOP, or the server is gone and nobody waits" },
	{ "LIVE",	"QUIESCED",	"the server is gone, I/O waits for the next" },
	{ "LIVE",	"FAIL_IO",	"the server is gone, I/O fails until the next" },
	{ "QUIESCED",	"LIVE",		"END_USER_RECOVERY" },
	{ "QUIESCED",	"DEAD",		"STOP" },
	{ "FAIL_IO",	"LIVE",		"END_USER_RECOVERY" },
	{ "FAIL_IO",	"DEAD",		"STOP" },
};

static bool expected(const char *from, const char *to)
{
	for (size_t i = 0; i < NR(edges); i++)
		if (!strcmp(edges[i].from, from) && !strcmp(edges[i].to, to))
			return true;
	return false;
}

static void states_are_those_of_the_interface(void **state)
{
	(void)state;
	assert_int_equal(UBLK_STATE_DEAD, UBLK_S_DEV_DEAD);
	assert_int_equal(UBLK_STATE_LIVE, UBLK_S_DEV_LIVE);
	assert_int_equal(UBLK_STATE_QUIESCED, UBLK_S_DEV_QUIESCED);
	assert_int_equal(UBLK_STATE_FAIL_IO, UBLK_S_DEV_FAIL_IO);
	assert_int_equal(UBLK_NR_STATES, NR(state_names));
}

static void every_state_has_its_name(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < NR(state_names); i++)
		assert_string_equal(ublk_state_name(i), state_names[i]);
	assert_string_equal(ublk_state_name(NR(state_names)), "?");
	assert_string_equal(ublk_state_name(UINT32_MAX), "?");
}

static void every_pair_of_states_is_as_described(void **state)
{
	(void)state;
	for (unsigned int f = 0; f < NR(state_names); f++) {
		for (unsigned int t = 0; t < NR(state_names); t++) {
			const bool want = expected(state_names[f], state_names[t]);

			if (!!ublk_state_edge_is_legal(f, t) != want)
				fail_msg("%s to %s must be %s", state_names[f], state_names[t],
					 want ? "legal" : "illegal");
		}
	}
}

static void numbers_that_are_no_state_have_no_edge(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		assert_false(ublk_state_edge_is_legal(i, UBLK_NR_STATES));
		assert_false(ublk_state_edge_is_legal(UBLK_NR_STATES, i));
		assert_false(ublk_state_edge_is_legal(i, UINT32_MAX));
		assert_false(ublk_state_edge_is_legal(UINT32_MAX, i));
	}
}

/* Promise 4: however often a recovery fails, the way on and the way out stay. */
static void a_device_without_server_can_be_taken_over_or_stopped(void **state)
{
	static const unsigned int without_server[] = { UBLK_STATE_QUIESCED, UBLK_STATE_FAIL_IO };

	(void)state;
	for (size_t i = 0; i < NR(without_server); i++) {
		assert_true(ublk_state_edge_is_legal(without_server[i], UBLK_STATE_LIVE));
		assert_true(ublk_state_edge_is_legal(without_server[i], UBLK_STATE_DEAD));
	}
}

static void every_phase_has_its_name_and_they_rise(void **state)
{
	(void)state;
	assert_int_equal(UBLK_NR_PHASES, NR(phase_names));
	for (unsigned int i = 0; i < NR(phase_names); i++)
		assert_string_equal(ublk_phase_name(i), phase_names[i]);
	assert_string_equal(ublk_phase_name(NR(phase_names)), "?");
	/* "only rises" is tested with < in the module */
	assert_true(UBLK_PHASE_NONE < UBLK_PHASE_BRINGUP);
	assert_true(UBLK_PHASE_BRINGUP < UBLK_PHASE_LIVE);
	assert_true(UBLK_PHASE_LIVE < UBLK_PHASE_CLOSING);
	assert_true(UBLK_PHASE_CLOSING < UBLK_PHASE_RETIRED);
}

static void assert_policy(enum ublk_recovery recovery, enum ublk_state after, bool park_served,
			  bool park_queued, bool park_fresh)
{
	const struct ublk_policy *policy = &ublk_policies[recovery];

	assert_int_equal(policy->after, after);
	assert_int_equal(policy->park_served, park_served);
	assert_int_equal(policy->park_queued, park_queued);
	assert_int_equal(policy->park_fresh, park_fresh);
}

static void policies_keep_what_the_interface_promises(void **state)
{
	(void)state;
	assert_int_equal(UBLK_NR_RECOVERY, 4);
	/*				       state after	    served queued fresh */
	assert_policy(UBLK_RECOVERY_OFF,       UBLK_STATE_DEAD,     false, false, false);
	assert_policy(UBLK_RECOVERY_PLAIN,     UBLK_STATE_QUIESCED, false, true,  true);
	assert_policy(UBLK_RECOVERY_REISSUE,   UBLK_STATE_QUIESCED, true,  true,  true);
	assert_policy(UBLK_RECOVERY_FAIL_IO,   UBLK_STATE_FAIL_IO,  false, false, false);
}

/* A parked request needs a server to come, or it is parked for ever. */
static void policies_park_only_where_somebody_may_come(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < UBLK_NR_RECOVERY; i++) {
		const struct ublk_policy *policy = &ublk_policies[i];

		assert_true(ublk_state_edge_is_legal(UBLK_STATE_LIVE, policy->after));
		if (policy->park_served || policy->park_queued || policy->park_fresh)
			assert_int_equal(policy->after, UBLK_STATE_QUIESCED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_are_those_of_the_interface),
		cmocka_unit_test(every_state_has_its_name),
		cmocka_unit_test(every_pair_of_states_is_as_described),
		cmocka_unit_test(numbers_that_are_no_state_have_no_edge),
		cmocka_unit_test(a_device_without_server_can_be_taken_over_or_stopped),
		cmocka_unit_test(every_phase_has_its_name_and_they_rise),
		cmocka_unit_test(policies_keep_what_the_interface_promises),
		cmocka_unit_test(policies_park_only_where_somebody_may_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
