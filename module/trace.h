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
	TP_printk("dev=%d from=%s to=%s", __entry->dev, ublk_state_name(__entry->from),
		  ublk_state_name(__entry->to))
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
		  ublk_phase_name(__entry->from), ublk_phase_name(__entry->to))
);

TRACE_EVENT(ublk_slot,
	TP_PROTO(const struct ublk_session *s, const struct ublk_slot *slot, unsigned int from,
		 unsigned int to),
	TP_ARGS(s, slot, from, to),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, session)
		__field(u16, q)
		__field(u16, tag)
		__field(unsigned int, from)
		__field(unsigned int, to)
	),
	TP_fast_assign(
		__entry->dev = s->dev->id;
		__entry->session = s->seq;
		__entry->q = slot->q_id;
		__entry->tag = slot->tag;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("dev=%d session=%u q=%u tag=%u from=%s to=%s", __entry->dev, __entry->session,
		  __entry->q, __entry->tag, ublk_slot_state_name(__entry->from),
		  ublk_slot_state_name(__entry->to))
);

TRACE_EVENT(ublk_dispatch,
	TP_PROTO(const struct ublk_session *s, const struct ublk_slot *slot,
		 const struct ublksrv_io_desc *desc),
	TP_ARGS(s, slot, desc),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, session)
		__field(u16, q)
		__field(u16, tag)
		__field(u8, op)
		__field(u64, sector)
		__field(u32, nr_sectors)
	),
	TP_fast_assign(
		__entry->dev = s->dev->id;
		__entry->session = s->seq;
		__entry->q = slot->q_id;
		__entry->tag = slot->tag;
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
		__field(int, dev)
		__field(u32, session)
		__field(u16, q)
		__field(u16, tag)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->dev = s->dev->id;
		__entry->session = s->seq;
		__entry->q = slot->q_id;
		__entry->tag = slot->tag;
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
		__field(int, dev)
		__field(u32, session)
		__field(u16, q)
		__field(u16, tag)
		__field(unsigned int, from)
		__field(bool, park)
	),
	TP_fast_assign(
		__entry->dev = s->dev->id;
		__entry->session = s->seq;
		__entry->q = slot->q_id;
		__entry->tag = slot->tag;
		__entry->from = from;
		__entry->park = park;
	),
	TP_printk("dev=%d session=%u q=%u tag=%u from=%s action=%s", __entry->dev,
		  __entry->session, __entry->q, __entry->tag, ublk_slot_state_name(__entry->from),
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

/* @actor and @step are string literals. */
TRACE_EVENT(ublk_step,
	TP_PROTO(const struct ublk_device *dev, u32 session, const char *actor, const char *step,
		 int value),
	TP_ARGS(dev, session, actor, step, value),
	TP_STRUCT__entry(
		__field(int, dev)
		__field(u32, session)
		__field(const char *, actor)
		__field(const char *, step)
		__field(int, value)
	),
	TP_fast_assign(
		__entry->dev = dev->id;
		__entry->session = session;
		__entry->actor = actor;
		__entry->step = step;
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
