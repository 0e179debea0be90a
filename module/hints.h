/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_HINTS_H
#define UBLK_HINTS_H

int ublk_hints_init(void);
void ublk_hints_exit(void);

#endif /* UBLK_HINTS_H */
