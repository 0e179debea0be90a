// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The executable ublk-NAME around one target; CMake says which (TARGET_TYPE). */
#include "target.h"

int main(int argc, char **argv)
{
	return target_main(&TARGET_TYPE, argc, argv);
}
