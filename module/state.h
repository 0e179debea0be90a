/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_STATE_H
#define UBLK_STATE_H

#include "ublk_drv.h"

void ublk_state_check_locked(struct ublk_device *dev);
unsigned int ublk_state_times(struct ublk_device *dev, u64 *ret_state_ns, u64 *ret_unserved_ns);
void ublk_state_set_locked(struct ublk_device *dev, enum ublk_state to);
void ublk_phase_set_locked(struct ublk_session *s, enum ublk_phase to);
void ublk_announce_work(struct work_struct *work);

#endif /* UBLK_STATE_H */
