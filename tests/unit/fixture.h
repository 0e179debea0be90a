/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What each test of a device begins with: a fake kernel, a connection to it, a target. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "fake_target.h"

extern struct ublk_ctl *ctl;
extern struct fake_target *target;

int setup(void **state);
int teardown(void **state);

/* The last error's sentence has @part in it. */
void assert_sentence(const char *part);

#endif
