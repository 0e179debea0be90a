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

bool __ublk_slot_move(struct ublk_session *s, struct ublk_slot *slot, enum ublk_slot_state from,
		      enum ublk_slot_state to);
void __ublk_slot_store(struct ublk_session *s, struct ublk_slot *slot, enum ublk_slot_state from,
		       enum ublk_slot_state to);
bool __ublk_slot_take_ready(struct ublk_session *s, struct ublk_slot *slot,
			    enum ublk_slot_state to);

/*
 * Each request passes here four times, so what is constant is checked when it is compiled: an edge
 * that the table does not have is an error. One that is known later only warns.
 */
static __always_inline bool ublk_slot_edge_is_bad(enum ublk_slot_state from,
						  enum ublk_slot_state to)
{
	if (__builtin_constant_p(ublk_slot_edge_is_legal(from, to))) {
		BUILD_BUG_ON(__builtin_constant_p(ublk_slot_edge_is_legal(from, to)) &&
			     !ublk_slot_edge_is_legal(from, to));
		return false;
	}
	return WARN_ONCE(!ublk_slot_edge_is_legal(from, to),
			 "ublk: slot must not go from %s to %s\n", ublk_slot_state_name(from),
			 ublk_slot_state_name(to));
}

/**
 * ublk_slot_move() - take or pass a slot that others want, too
 * @s: the slot's session
 * @slot: slot
 * @from: state it must be in; a slot with pins does not match
 * @to: state it is to have
 *
 * Context: any. Full barrier if it succeeds.
 * Return: true if this caller made the change.
 */
static __always_inline bool ublk_slot_move(struct ublk_session *s, struct ublk_slot *slot,
					   enum ublk_slot_state from, enum ublk_slot_state to)
{
	return !ublk_slot_edge_is_bad(from, to) && __ublk_slot_move(s, slot, from, to);
}

/**
 * ublk_slot_store() - leave a state that only its owner can leave
 * @s: the slot's session
 * @slot: slot
 * @from: state it is in
 * @to: state it is to have
 *
 * For FETCHING, HANDING, COMMITTING, LOOKING, ABANDONED and REAPING, which nobody else changes.
 * The caller may not touch the slot afterwards, unless @to is its own, too.
 *
 * Context: any.
 */
static __always_inline void ublk_slot_store(struct ublk_session *s, struct ublk_slot *slot,
					    enum ublk_slot_state from, enum ublk_slot_state to)
{
	ublk_slot_edge_is_bad(from, to);
	__ublk_slot_store(s, slot, from, to);
}

/**
 * ublk_slot_take_ready() - leave READY, even if the monitor is just looking
 * @s: the slot's session
 * @slot: slot
 * @to: state it is to have
 *
 * The monitor looks with preemption off, so the wait is a matter of a few instructions. Without it
 * a request would be parked on a healthy device, and nobody would kick it (P11).
 *
 * Context: any but hard interrupt.
 * Return: true if this caller took the slot out of READY.
 */
static __always_inline bool ublk_slot_take_ready(struct ublk_session *s, struct ublk_slot *slot,
						 enum ublk_slot_state to)
{
	return !ublk_slot_edge_is_bad(UBLK_SLOT_READY, to) && __ublk_slot_take_ready(s, slot, to);
}

bool ublk_slot_pin(struct ublk_slot *slot);
void ublk_slot_unpin(struct ublk_slot *slot);
bool ublk_slot_is_busy(const struct ublk_slot *slot);

#endif /* UBLK_SLOT_H */
