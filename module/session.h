/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_SESSION_H
#define UBLK_SESSION_H

#include "ublk_drv.h"

/* Sessions that are current, of all devices. */
extern atomic_t ublk_nr_current;

struct ublk_session *ublk_session_alloc(struct ublk_device *dev);
struct ublk_session *ublk_session_get_current(struct ublk_device *dev);
void ublk_session_get(struct ublk_session *s);
void ublk_session_put(struct ublk_session *s);

bool ublk_session_latch_mm(struct ublk_session *s, struct mm_struct *mm);

void ublk_session_count_ready(struct ublk_session *s);
void ublk_session_uncount_ready(struct ublk_session *s);
int ublk_session_become_current(struct ublk_session *s);
int ublk_session_go_live(struct ublk_device *dev, struct pid *server, unsigned int from_states,
			 u64 begun);
bool ublk_session_retire_locked(struct ublk_session *s);

void ublk_slot_set_owner(struct ublk_session *s, struct ublk_slot *slot, struct task_struct *task);
bool ublk_slot_owner_is_gone(struct ublk_session *s, struct ublk_slot *slot);
void ublk_session_kill_server(struct ublk_device *dev);
bool ublk_session_process_is_gone(struct ublk_session *s);

#endif /* UBLK_SESSION_H */
