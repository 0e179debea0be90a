/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_SLOT_H
#define UBLK_SLOT_H

#include "ublk_drv.h"

static inline enum ublk_slot_state ublk_slot_state(const struct ublk_slot *slot)
{
	return atomic_read(&slot->word) & UBLK_SLOT_STATE_MASK;
}

static inline bool ublk_slot_is_in(const struct ublk_slot *slot, unsigned int mask)
{
	return 1u << ublk_slot_state(slot) & mask;
}

static inline bool ublk_slot_is_pinned(const struct ublk_slot *slot)
{
	return atomic_read(&slot->word) & ~UBLK_SLOT_STATE_MASK;
}

bool ublk_slot_move(struct ublk_session *s, struct ublk_slot *slot, enum ublk_slot_state from,
		    enum ublk_slot_state to);
void ublk_slot_store(struct ublk_session *s, struct ublk_slot *slot, enum ublk_slot_state from,
		     enum ublk_slot_state to);
bool ublk_slot_take_ready(struct ublk_session *s, struct ublk_slot *slot,
			  enum ublk_slot_state to);
bool ublk_slot_pin(struct ublk_slot *slot);
void ublk_slot_unpin(struct ublk_slot *slot);
bool ublk_slot_is_busy(const struct ublk_slot *slot);

#endif /* UBLK_SLOT_H */
