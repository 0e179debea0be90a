/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_RECOVERY_H
#define UBLK_RECOVERY_H

#include "ublk_drv.h"

void ublk_monitor_arm_locked(struct ublk_device *dev, unsigned int delay_ms);
unsigned int ublk_monitor_period(void);
void ublk_monitor_hint(struct ublk_session *s);
void ublk_monitor_work(struct work_struct *work);
bool ublk_session_is_gone(struct ublk_session *s);

#endif /* UBLK_RECOVERY_H */
