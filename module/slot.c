// SPDX-License-Identifier: GPL-2.0-only
/*
 * slot.c - the only writer of a slot's word
 *
 * Ownership of a slot passes by one atomic exchange of its word. A successful exchange orders
 * like a lock: what the former owner stored in the slot is seen by the new one. slot_table.h
 * names the states and the legal edges; an illegal one is a bug and warns.
 */
#include "slot.h"
#include "trace.h"

/* A legal edge; ublk_slot_move() has the checks. */
bool __ublk_slot_move(struct ublk_session *s, struct ublk_slot *slot, enum ublk_slot_state from,
		      enum ublk_slot_state to)
{
	if (atomic_cmpxchg(&slot->word, from, to) != from)
		return false;
	trace_ublk_slot(s, slot, from, to);
	return true;
}

/* A legal edge; ublk_slot_store() has the checks. */
void __ublk_slot_store(struct ublk_session *s, struct ublk_slot *slot, enum ublk_slot_state from,
		       enum ublk_slot_state to)
{
	int old;

	/* Traced first: once the word is out, the next owner's event must come later. */
	trace_ublk_slot(s, slot, from, to);
	old = atomic_xchg(&slot->word, to);
	WARN_ONCE(old != from, "ublk: slot in %s (%#x) was to leave %s\n",
		  ublk_slot_state_name(old & UBLK_SLOT_STATE_MASK), old,
		  ublk_slot_state_name(from));
}

/* A legal edge; ublk_slot_take_ready() has the checks. */
bool __ublk_slot_take_ready(struct ublk_session *s, struct ublk_slot *slot,
			    enum ublk_slot_state to)
{
	while (!__ublk_slot_move(s, slot, UBLK_SLOT_READY, to)) {
		enum ublk_slot_state state = ublk_slot_state(slot);

		if (state != UBLK_SLOT_LOOKING && state != UBLK_SLOT_READY)
			return false;
		cpu_relax();
	}
	return true;
}

/**
 * ublk_slot_pin() - keep a request with the server while it is copied from or to
 * @slot: slot
 *
 * A pin is held for one copy with page faults disabled, never longer: COMMIT refuses a pinned
 * slot and the crash path comes back to it.
 *
 * Context: any. Acquires.
 * Return: true if the server has a request in this slot; then ublk_slot_unpin() is owed.
 */
bool ublk_slot_pin(struct ublk_slot *slot)
{
	int word = atomic_read(&slot->word);

	do {
		if ((word & UBLK_SLOT_STATE_MASK) != UBLK_SLOT_SERVER)
			return false;
	} while (!atomic_try_cmpxchg(&slot->word, &word, word + UBLK_SLOT_PIN));
	return true;
}

/**
 * ublk_slot_unpin() - give back what ublk_slot_pin() took
 * @slot: slot
 */
void ublk_slot_unpin(struct ublk_slot *slot)
{
	int word = atomic_sub_return(UBLK_SLOT_PIN, &slot->word);

	WARN_ON_ONCE((word & UBLK_SLOT_STATE_MASK) != UBLK_SLOT_SERVER);
}

/**
 * ublk_slot_is_busy() - is the kernel working on the slot?
 * @slot: slot
 *
 * Return: true in a state that never lasts: whoever asks comes back soon.
 */
bool ublk_slot_is_busy(const struct ublk_slot *slot)
{
	unsigned int word = atomic_read(&slot->word);

	return word & ~UBLK_SLOT_STATE_MASK || 1u << word & UBLK_SLOT_BUSY_MASK;
}
