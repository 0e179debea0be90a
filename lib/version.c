/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* The version, which CMake reads from dkms.conf. */
#include "internal.h"

UBLK_EXPORT const char *ublk_version(void)
{
	return UBLK_VERSION;
}
