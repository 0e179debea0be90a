// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The fixture of the tests of devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

struct ublk_ctl *ctl;
struct fake_target *target;

int setup(void **state)
{
	(void)state;
	ctl = fake_setup();
	target = fake_target_new();
	return 0;
}

int teardown(void **state)
{
	(void)state;
	fake_teardown(ctl);
	fake_target_free(target);
	return 0;
}

void assert_sentence(const char *part)
{
	if (!strstr(ublk_last_error(), part))
		fail_msg("'%s' is not in '%s'", part, ublk_last_error());
}
