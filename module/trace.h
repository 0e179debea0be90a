/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - tracepoints: every change of ownership and every step of the crash path
 *
 * tests/raw/ublk-trace-check reads their text; names and fields are kept stable for it.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ublk

#if !defined(UBLK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define UBLK_TRACE_H

#include <linux/tracepoint.h>

#include "ublk_drv.h"

/*
 * Names of states, spelled so that programs which read raw events can print them, too: they know
 * __print_symbolic() and enums told to them, and no function of ours.
 */
#define UBLK_STATE_NAMES(one, last) \
	one(STATE_DEAD, "DEAD") one(STATE_LIVE, "LIVE") one(STATE_QUIESCED, "QUIESCED") \
	last(STATE_FAIL_IO, "FAIL_IO")
#define UBLK_PHASE_NAMES(one, last) \
	one(PHASE_NONE, "NONE") one(PHASE_BRINGUP, "BRINGUP") one(PHASE_LIVE, "LIVE") \
	one(PHASE_CLOSING, "CLOSING") last(PHASE_RETIRED, "RETIRED")
#define UBLK_SLOT_NAMES(one, last) \
	one(SLOT_FREE, "FREE") one(SLOT_FETCHING, "FETCHING") one(SLOT_READY, "READY") \
	one(SLOT_LOOKING, "LOOKING") one(SLOT_QUEUED, "QUEUED") one(SLOT_HANDING, "HANDING") \
	one(SLOT_GETDATA, "GETDATA") one(SLOT_SERVER, "SERVER") \
	one(SLOT_COMMITTING, "COMMITTING") one(SLOT_ABORTED, "ABORTED") \
	one(SLOT_ABANDONED, "ABANDONED") one(SLOT_REAPING, "REAPING") last(SLOT_CLOSED, "CLOSED")

#define UBLK_TELL(value, name)		TRACE_DEFINE_ENUM(UBLK_##value);
#define UBLK_SYMBOL(value, name)	{ UBLK_##value, name },
#define UBLK_LAST_SYMBOL(value, name)	{ UBLK_##value, name }

UBLK_STATE_NAMES(UBLK_TELL, UBLK_TELL)
UBLK_PHASE_NAMES(UBLK_TELL, UBLK_TELL)
UBLK_SLOT_NAMES(UBLK_TELL, UBLK_TELL)

#define ublk_print_state(value) \
	__print_symbolic(value, UBLK_STATE_NAMES(UBLK_SYMBOL, UBLK_LAST_SYMBOL))
#define ublk_print_phase(value) \
	__print_symbolic(value, UBLK_PHASE_NAMES(UBLK_SYMBOL, UBLK_LAST_SYMBOL))
#define ublk_print_slot(value) \
	__print_symbolic(value, UBLK_SLOT_NAMES(UBLK_SYMBOL, UBLK_LAST_SYMBOL))

/* Which slot of which session: what most events begin with. */
#define UBLK_WHICH_SLOT \
	__field(int, dev) \
	__field(u32, session) \
	__field(u16, q) \
	__field(u16, tag)
#define ublk_assign_which(s, slot) do { \
	__entry->dev = (s)->dev->id; \
	__entry->session = (s)->seq; \
	__entry->q = (slot)->q_id; \
	__entry->tag = (slot)->tag; \
} while (0)

TRACE_EVENT(ublk_state,
	TP_PROTO(const struct ublk_device *dev, unsigned int from, unsigned int to),
	TP_ARGS(dev, from, to),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(unsigned int, from)
		__field(unsigned int, to)
	),
	TP_fast_assign(
		__entry->dev = dev->id;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("dev=%d from=%s to=%s", __entry->dev, ublk_print_state(__entry->from),
		  ublk_print_state(__entry->to))
);

TRACE_EVENT(ublk_session,
	TP_PROTO(const struct ublk_session *s, unsigned int from, unsigned int to),
	TP_ARGS(s, from, to),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, session)
		__field(unsigned int, from)
		__field(unsigned int, to)
	),
	TP_fast_assign(
		__entry->dev = s->dev->id;
		__entry->session = s->seq;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("dev=%d session=%u from=%s to=%s", __entry->dev, __entry->session,
		  ublk_print_phase(__entry->from), ublk_print_phase(__entry->to))
);

TRACE_EVENT(ublk_slot,
	TP_PROTO(const struct ublk_session *s, const struct ublk_slot *slot, unsigned int from,
		 unsigned int to),
	TP_ARGS(s, slot, from, to),
	TP_STRUCT__entry(
		UBLK_WHICH_SLOT
		__field(unsigned int, from)
		__field(unsigned int, to)
	),
	TP_fast_assign(
		ublk_assign_which(s, slot);
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("dev=%d session=%u q=%u tag=%u from=%s to=%s", __entry->dev, __entry->session,
		  __entry->q, __entry->tag, ublk_print_slot(__entry->from),
		  ublk_print_slot(__entry->to))
);

TRACE_EVENT(ublk_dispatch,
	TP_PROTO(const struct ublk_session *s, const struct ublk_slot *slot,
		 const struct ublksrv_io_desc *desc),
	TP_ARGS(s, slot, desc),
	TP_STRUCT__entry(
		UBLK_WHICH_SLOT
		__field(u8, op)
		__field(u64, sector)
		__field(u32, nr_sectors)
	),
	TP_fast_assign(
		ublk_assign_which(s, slot);
		__entry->op = desc->op_flags & 0xff;
		__entry->sector = desc->start_sector;
		__entry->nr_sectors = desc->nr_sectors;
	),
	TP_printk("dev=%d session=%u q=%u tag=%u op=%u sector=%llu nr_sectors=%u", __entry->dev,
		  __entry->session, __entry->q, __entry->tag, __entry->op, __entry->sector,
		  __entry->nr_sectors)
);

DECLARE_EVENT_CLASS(ublk_result,
	TP_PROTO(const struct ublk_session *s, const struct ublk_slot *slot, int result),
	TP_ARGS(s, slot, result),
	TP_STRUCT__entry(
		UBLK_WHICH_SLOT
		__field(int, result)
	),
	TP_fast_assign(
		ublk_assign_which(s, slot);
		__entry->result = result;
	),
	TP_printk("dev=%d session=%u q=%u tag=%u result=%d", __entry->dev, __entry->session,
		  __entry->q, __entry->tag, __entry->result)
);

DEFINE_EVENT(ublk_result, ublk_commit,
	TP_PROTO(const struct ublk_session *s, const struct ublk_slot *slot, int result),
	TP_ARGS(s, slot, result)
);

/* A held command ends for good, not with a request. */
DEFINE_EVENT(ublk_result, ublk_cmd_done,
	TP_PROTO(const struct ublk_session *s, const struct ublk_slot *slot, int result),
	TP_ARGS(s, slot, result)
);

TRACE_EVENT(ublk_abort,
	TP_PROTO(const struct ublk_session *s, const struct ublk_slot *slot, unsigned int from,
		 bool park),
	TP_ARGS(s, slot, from, park),
	TP_STRUCT__entry(
		UBLK_WHICH_SLOT
		__field(unsigned int, from)
		__field(bool, park)
	),
	TP_fast_assign(
		ublk_assign_which(s, slot);
		__entry->from = from;
		__entry->park = park;
	),
	TP_printk("dev=%d session=%u q=%u tag=%u from=%s action=%s", __entry->dev,
		  __entry->session, __entry->q, __entry->tag, ublk_print_slot(__entry->from),
		  __entry->park ? "requeue" : "fail")
);

TRACE_EVENT(ublk_requeue,
	TP_PROTO(const struct ublk_device *dev, const struct request *rq),
	TP_ARGS(dev, rq),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(unsigned int, q)
		__field(int, tag)
	),
	TP_fast_assign(
		__entry->dev = dev->id;
		__entry->q = rq->mq_hctx->queue_num;
		__entry->tag = rq->tag;
	),
	TP_printk("dev=%d q=%u tag=%d", __entry->dev, __entry->q, __entry->tag)
);

/* @actor and @step are copied: who reads the event may do so when the module is gone. */
TRACE_EVENT(ublk_step,
	TP_PROTO(const struct ublk_device *dev, u32 session, const char *actor, const char *step,
		 int value),
	TP_ARGS(dev, session, actor, step, value),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, session)
		__array(char, actor, 8)
		__array(char, step, 20)
		__field(int, value)
	),
	TP_fast_assign(
		__entry->dev = dev->id;
		__entry->session = session;
		strscpy(__entry->actor, actor, sizeof(__entry->actor));
		strscpy(__entry->step, step, sizeof(__entry->step));
		__entry->value = value;
	),
	TP_printk("dev=%d session=%u actor=%s step=%s value=%d", __entry->dev, __entry->session,
		  __entry->actor, __entry->step, __entry->value)
);

#endif /* UBLK_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
