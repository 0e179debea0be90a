// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Prints the driver's tables, a line for each edge. */
#include <stdio.h>

#include "slot_table.h"
#include "state_table.h"

int main(void)
{
	int i, j;

	for (i = 0; i < UBLK_NR_SLOT_STATES; i++)
		for (j = 0; j < UBLK_NR_SLOT_STATES; j++)
			if (ublk_slot_edge_is_legal(i, j))
				printf("slot %s %s\n", ublk_slot_state_name(i),
				       ublk_slot_state_name(j));
	for (i = 0; i < UBLK_NR_STATES; i++)
		for (j = 0; j < UBLK_NR_STATES; j++)
			if (ublk_state_edge_is_legal(i, j))
				printf("state %s %s\n", ublk_state_name(i), ublk_state_name(j));
	/* a phase rises by one, and bring-up may also be closed */
	for (i = 0; i + 1 < UBLK_NR_PHASES; i++)
		printf("phase %s %s\n", ublk_phase_name(i), ublk_phase_name(i + 1));
	printf("phase %s %s\n", ublk_phase_name(UBLK_PHASE_BRINGUP),
	       ublk_phase_name(UBLK_PHASE_CLOSING));
	return 0;
}
