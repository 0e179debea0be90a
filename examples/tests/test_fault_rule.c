// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Fault rules: what they mean, and on which request they fire. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <ublk.h>

#include "fault_rule.h"

/* "0010010" for a rule that fires on the 3rd and the 6th of seven. */
static void assert_fires(const char *text, const char *pattern)
{
	struct option_error err = { "" };
	struct fault_rule rule;
	char fired[64] = "";
	size_t i;

	if (fault_rule_parse(text, &rule, &err))
		fail_msg("%s: %s", text, err.text);
	for (i = 0; i < strlen(pattern); i++)
		fired[i] = fault_rule_count(&rule) ? '1' : '0';
	assert_string_equal(fired, pattern);
}

static void rule_fires(void **state)
{
	(void)state;
	assert_fires("drop", "111111");
	assert_fires("drop,nth=1", "100000");
	assert_fires("drop,nth=3", "001000");
	assert_fires("drop,nth=3,times=2", "001100");
	assert_fires("drop,nth=3,times=0", "001111");
	assert_fires("drop,every=3", "001001001");
	assert_fires("drop,every=2,times=2", "0101000");
	assert_fires("drop,nth=2,every=3", "010010010");
	assert_fires("drop,nth=2,every=3,times=2", "010010000");
}

static void rule_selects(void **state)
{
	struct option_error err = { "" };
	struct fault_rule rule;

	(void)state;
	assert_int_equal(fault_rule_parse("fail,op=write,errno=ENOSPC", &rule, &err), 0);
	assert_int_equal(rule.err, ENOSPC);
	assert_true(fault_rule_wants_op(&rule, LIBUBLK_OP_WRITE));
	assert_false(fault_rule_wants_op(&rule, LIBUBLK_OP_READ));
	assert_false(fault_rule_wants_point(&rule, "before-commit"));

	assert_int_equal(fault_rule_parse("kill,at=before-commit,nth=2", &rule, &err), 0);
	assert_int_equal(rule.action, FAULT_KILL);
	assert_false(fault_rule_wants_op(&rule, LIBUBLK_OP_WRITE));
	assert_true(fault_rule_wants_point(&rule, "before-commit"));
	assert_false(fault_rule_wants_point(&rule, "after-commit"));

	assert_int_equal(fault_rule_parse("hold,ms=20", &rule, &err), 0);
	assert_int_equal(rule.ms, 20);
	assert_true(fault_rule_wants_op(&rule, LIBUBLK_OP_FLUSH));

	assert_int_equal(fault_rule_parse("fail,errno=5", &rule, &err), 0);
	assert_int_equal(rule.err, 5);
	assert_int_equal(fault_rule_parse("fail", &rule, &err), 0);
	assert_int_equal(rule.err, EIO);
	assert_int_equal(fault_rule_parse("tear,nth=2", &rule, &err), 0);
	assert_true(fault_rule_wants_op(&rule, LIBUBLK_OP_WRITE));
	assert_false(fault_rule_wants_op(&rule, LIBUBLK_OP_READ));
	assert_true(fault_action_is_cheat(rule.action));
	assert_int_equal(fault_rule_parse("clobber", &rule, &err), 0);
	assert_true(fault_rule_wants_op(&rule, LIBUBLK_OP_DISCARD));
	assert_false(fault_rule_wants_op(&rule, LIBUBLK_OP_WRITE));
	assert_int_equal(fault_rule_parse("ignore-fua,op=write", &rule, &err), 0);
	assert_false(fault_action_is_cheat(rule.action));
	assert_int_equal(fault_rule_parse("kill,op=read,when=after", &rule, &err), 0);
	assert_int_equal(rule.is_after, 1);
	assert_int_equal(fault_rule_parse("unfenced", &rule, &err), 0);
	assert_int_equal(rule.action, FAULT_UNFENCED);
}

static void rule_refuses(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "action" }, { "explode", "none of delay, hold" },
		{ "drop,op=trim", "none of any, read" }, { "drop,nth=0", "whole number" },
		{ "drop,nth=-1", "whole number" }, { "drop,nth=", "whole number" },
		{ "drop,nth", "wants =VALUE" }, { "drop,what=1", "none of op, nth" },
		{ "delay", "want ms" }, { "drop,ms=5", "ms goes with" },
		{ "drop,errno=EIO", "errno goes with" }, { "fail,errno=EWHAT", "whole number" },
		{ "drop,at=before-commit", "kill and stop only" },
		{ "kill,at=lunch", "none of after-start-recovery" },
		{ "kill,at=before-commit,op=read", "belongs to no request" },
		{ "kill,when=later", "before or after" }, { "drop,once=relative", "absolute" },
		{ "tear,op=read", "nothing to do" }, { "clobber,op=write", "nothing to do" },
		{ "revert,ms=5", "ms goes with" },
	};
	struct option_error err;
	struct fault_rule rule;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err.text[0] = '\0';
		assert_int_equal(fault_rule_parse(bad[i].text, &rule, &err), -EINVAL);
		if (!strstr(err.text, bad[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].text, err.text,
				 bad[i].says);
	}
}

/* The marker outlives the process: the second process must not fire. */
static void rule_once(void **state)
{
	char dir[] = "/tmp/fault_rule_XXXXXX", text[96], marker[64];
	struct option_error err;
	struct fault_rule rule;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(marker, sizeof(marker), "%s/done", dir);
	snprintf(text, sizeof(text), "kill,once=%s", marker);
	assert_int_equal(fault_rule_parse(text, &rule, &err), 0);
	assert_int_equal(fault_rule_count(&rule), 1);
	assert_int_equal(fault_rule_count(&rule), 0);
	assert_int_equal(fault_rule_parse(text, &rule, &err), 0);
	assert_int_equal(fault_rule_count(&rule), 0);
	unlink(marker);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_fires),
		cmocka_unit_test(rule_selects),
		cmocka_unit_test(rule_refuses),
		cmocka_unit_test(rule_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
