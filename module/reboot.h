/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_REBOOT_H
#define UBLK_REBOOT_H

void ublk_reboot_init(void);
void ublk_reboot_exit(void);

#endif /* UBLK_REBOOT_H */
