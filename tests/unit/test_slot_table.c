// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * The ownership of slots, module/slot_table.h, against a second table written
 * from the protocol: every pair of states is asked about, and what a wrong edge
 * would break is asked for by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "slot_table.h"

static const char *const state_names[] = {
	"FREE", "FETCHING", "READY", "LOOKING", "QUEUED", "HANDING", "GETDATA", "SERVER",
	"COMMITTING", "ABORTED", "ABANDONED", "REAPING", "CLOSED",
};

#define NR_STATES	(sizeof(state_names) / sizeof(state_names[0]))

/* Each line: who may do what, and so from where to where. */
static const struct edge {
	const char *from, *to, *why;
} edges[] = {
	{ "FREE",	"FETCHING",	"the server fetches" },
	{ "FREE",	"CLOSED",	"the sweep, so that a late FETCH needs no second look" },
	{ "FETCHING",	"READY",	"published" },
	{ "READY",	"QUEUED",	"queue_rq has a request" },
	{ "READY",	"FREE",		"cancel call, or the publisher who finds the end come" },
	{ "READY",	"REAPING",	"monitor or STOP; somebody else completes (R17)" },
	{ "READY",	"LOOKING",	"monitor reads the command's ring (P11)" },
	{ "LOOKING",	"READY",	"it is well" },
	{ "LOOKING",	"REAPING",	"it goes away" },
	{ "QUEUED",	"HANDING",	"task work starts" },
	{ "QUEUED",	"ABANDONED",	"the request is taken from a gone owner (R4)" },
	{ "HANDING",	"SERVER",	"copied and delivered" },
	{ "HANDING",	"GETDATA",	"delivered, the server is asked for a buffer" },
	{ "HANDING",	"QUEUED",	"fault the buffer in without the slot (P4)" },
	{ "HANDING",	"READY",	"the buffer is bad: request failed, command kept (C11)" },
	{ "HANDING",	"FREE",		"nobody to hand to" },
	{ "GETDATA",	"HANDING",	"NEED_GET_DATA brought the buffer" },
	{ "GETDATA",	"ABORTED",	"taken from a gone server" },
	{ "SERVER",	"COMMITTING",	"COMMIT" },
	{ "SERVER",	"ABORTED",	"taken from a gone server" },
	{ "COMMITTING",	"READY",	"the command of the COMMIT is held (R1)" },
	{ "COMMITTING",	"SERVER",	"refused, dying or to be faulted in (P4, P5)" },
	{ "ABANDONED",	"FREE",		"the task work came after all" },
	{ "REAPING",	"FREE",		"completed, the session goes on" },
	{ "REAPING",	"CLOSED",	"completed, the session ends" },
};

static unsigned int by_name(const char *name)
{
	for (unsigned int i = 0; i < UBLK_NR_SLOT_STATES; i++)
		if (!strcmp(ublk_slot_state_name(i), name))
			return i;
	fail_msg("no state is called %s", name);
	return 0;
}

static bool may(const char *from, const char *to)
{
	return ublk_slot_edge_is_legal(by_name(from), by_name(to));
}

static bool expected(const char *from, const char *to)
{
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
		if (!strcmp(edges[i].from, from) && !strcmp(edges[i].to, to))
			return true;
	return false;
}

static void every_state_has_its_name(void **state)
{
	(void)state;
	assert_int_equal(UBLK_NR_SLOT_STATES, NR_STATES);
	for (unsigned int i = 0; i < NR_STATES; i++)
		assert_string_equal(ublk_slot_state_name(i), state_names[i]);
	assert_string_equal(ublk_slot_state_name(NR_STATES), "?");
	assert_string_equal(ublk_slot_state_name(UINT32_MAX), "?");
}

static void every_pair_is_as_the_protocol_says(void **state)
{
	unsigned int wrong = 0;

	(void)state;
	for (size_t f = 0; f < NR_STATES; f++) {
		for (size_t t = 0; t < NR_STATES; t++) {
			const bool want = expected(state_names[f], state_names[t]);

			if (may(state_names[f], state_names[t]) == want)
				continue;
			wrong++;
			print_error("%s to %s must be %s\n", state_names[f], state_names[t],
				    want ? "legal" : "illegal");
		}
	}
	assert_int_equal(wrong, 0);
}

static void numbers_that_are_no_state_have_no_edge(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		assert_false(ublk_slot_edge_is_legal(i, UBLK_NR_SLOT_STATES));
		assert_false(ublk_slot_edge_is_legal(UBLK_NR_SLOT_STATES, i));
		assert_false(ublk_slot_edge_is_legal(i, UINT32_MAX));
		assert_false(ublk_slot_edge_is_legal(UINT32_MAX, i));
	}
}

/* A change to itself would be an exchange that two parties can both win. */
static void no_state_follows_itself(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < NR_STATES; i++)
		assert_false(ublk_slot_edge_is_legal(i, i));
}

/* R15: the kernel works on it and still uses the request */
static void abort_never_takes_a_busy_slot(void **state)
{
	static const char *const busy[] = { "FETCHING", "HANDING", "COMMITTING" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_false(may(busy[i], "ABORTED"));
		assert_false(may(busy[i], "ABANDONED"));
		assert_false(may(busy[i], "REAPING"));
		assert_false(may(busy[i], "CLOSED"));
	}
}

/* R7: from there only the task work itself completes the command */
static void pending_task_work_keeps_its_command(void **state)
{
	(void)state;
	assert_false(may("QUEUED", "FREE"));
	assert_false(may("QUEUED", "REAPING"));
	assert_false(may("QUEUED", "ABORTED"));
	assert_false(may("QUEUED", "SERVER"));
	assert_false(may("ABANDONED", "REAPING"));
	assert_false(may("ABANDONED", "CLOSED"));
	assert_false(may("ABANDONED", "READY"));
}

/* A2, promise 5: what was taken from a server never comes back to it */
static void taken_requests_do_not_return(void **state)
{
	(void)state;
	for (size_t t = 0; t < NR_STATES; t++) {
		assert_false(may("ABORTED", state_names[t]));
		assert_false(may("CLOSED", state_names[t]));
		if (strcmp(state_names[t], "FREE"))
			assert_false(may("ABANDONED", state_names[t]));
	}
}

/* A slot gets a request only where a command waits for one. */
static void requests_enter_by_ready_only(void **state)
{
	(void)state;
	for (size_t f = 0; f < NR_STATES; f++) {
		const bool had_one = 1u << by_name(state_names[f]) & UBLK_SLOT_REQUEST_MASK;

		for (size_t t = 0; t < NR_STATES; t++) {
			if (had_one || !(1u << by_name(state_names[t]) & UBLK_SLOT_REQUEST_MASK))
				continue;
			if (may(state_names[f], state_names[t])) {
				assert_string_equal(state_names[f], "READY");
				assert_string_equal(state_names[t], "QUEUED");
			}
		}
	}
}

static unsigned int reachable_from(unsigned int start)
{
	unsigned int seen = 1u << start, before;

	do {
		before = seen;
		for (unsigned int f = 0; f < UBLK_NR_SLOT_STATES; f++)
			if (seen >> f & 1)
				seen |= ublk_slot_edges[f];
	} while (seen != before);
	return seen;
}

static void every_state_is_reached_and_ends(void **state)
{
	const unsigned int all = (1u << NR_STATES) - 1;
	const unsigned int ends = 1u << by_name("CLOSED") | 1u << by_name("ABORTED");

	(void)state;
	assert_int_equal(reachable_from(by_name("FREE")), all);
	for (unsigned int i = 0; i < NR_STATES; i++)
		assert_true(reachable_from(i) & ends);
}

static unsigned int mask_of(const char *const *names)
{
	unsigned int mask = 0;

	for (; *names; names++)
		mask |= 1u << by_name(*names);
	return mask;
}

static void groups_are_as_the_protocol_says(void **state)
{
	static const char *const busy[] = { "FETCHING", "HANDING", "COMMITTING", NULL };
	static const char *const with_request[] = {
		"QUEUED", "HANDING", "GETDATA", "SERVER", "COMMITTING", NULL };
	static const char *const retired[] = {
		"FREE", "ABORTED", "ABANDONED", "REAPING", "CLOSED", NULL };

	(void)state;
	assert_int_equal(UBLK_SLOT_BUSY_MASK, mask_of(busy));
	assert_int_equal(UBLK_SLOT_REQUEST_MASK, mask_of(with_request));
	assert_int_equal(UBLK_SLOT_RETIRED_MASK, mask_of(retired));
	/* a retired session has no request left to lose, and nothing under way */
	assert_int_equal(UBLK_SLOT_RETIRED_MASK & UBLK_SLOT_REQUEST_MASK, 0);
	assert_int_equal(UBLK_SLOT_RETIRED_MASK & UBLK_SLOT_BUSY_MASK, 0);
}

static void states_and_pins_share_a_word(void **state)
{
	(void)state;
	assert_true(UBLK_NR_SLOT_STATES - 1 <= UBLK_SLOT_STATE_MASK);
	assert_int_equal(UBLK_SLOT_PIN, UBLK_SLOT_STATE_MASK + 1);
	/* the masks above have a bit per state */
	assert_true(UBLK_NR_SLOT_STATES <= 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_its_name),
		cmocka_unit_test(every_pair_is_as_the_protocol_says),
		cmocka_unit_test(numbers_that_are_no_state_have_no_edge),
		cmocka_unit_test(no_state_follows_itself),
		cmocka_unit_test(abort_never_takes_a_busy_slot),
		cmocka_unit_test(pending_task_work_keeps_its_command),
		cmocka_unit_test(taken_requests_do_not_return),
		cmocka_unit_test(requests_enter_by_ready_only),
		cmocka_unit_test(every_state_is_reached_and_ends),
		cmocka_unit_test(groups_are_as_the_protocol_says),
		cmocka_unit_test(states_and_pins_share_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
