/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_ABORT_H
#define UBLK_ABORT_H

#include "ublk_drv.h"

void ublk_barrier(void);
void ublk_kick(struct ublk_device *dev);
unsigned int ublk_count_in(struct ublk_session *s, unsigned int mask);
unsigned int ublk_count_busy(struct ublk_session *s);
unsigned int ublk_abort_slots(struct ublk_session *s, bool park_served, bool park_queued,
			      bool gone_only);
bool ublk_close_slots(struct ublk_session *s);
void ublk_reap(struct ublk_session *s);
void ublk_reap_work(struct work_struct *work);

void ublk_abort_begin(struct ublk_device *dev);
void ublk_abort_end(struct ublk_device *dev);
void ublk_abort_work(struct work_struct *work);
void ublk_abort_for_good(struct ublk_device *dev);

#endif /* UBLK_ABORT_H */
