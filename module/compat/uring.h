/* SPDX-License-Identifier: GPL-2.0-only */
/* compat.h, the io_uring part. */
#ifndef UBLK_COMPAT_URING_H
#define UBLK_COMPAT_URING_H

#include <linux/io_uring.h>
#include <linux/io_uring_types.h>
#ifdef HAVE_URING_CMD_HEADER
#include <linux/io_uring/cmd.h>
#endif
#include <linux/percpu-refcount.h>
#include <linux/sched.h>

static inline const void *ublk_cmd_payload(const struct io_uring_cmd *cmd)
{
#ifdef HAVE_URING_CMD_SQE
	return cmd->sqe->cmd;
#else
	return cmd->cmd;
#endif
}

/* What FETCH and COMMIT say beside their payload; older kernels do not show it to a driver. */
static inline u64 ublk_cmd_sqe_addr(const struct io_uring_cmd *cmd)
{
#ifdef HAVE_URING_CMD_SQE
	return READ_ONCE(cmd->sqe->addr);
#else
	return 0;
#endif
}

#if defined(HAVE_URING_BUFFER_REQUEST)
#define UBLK_URING_BUFFERS	1
#elif defined(HAVE_URING_BUFFER_BVEC)
#define UBLK_URING_BUFFERS	1

static inline int io_buffer_register_request(struct io_uring_cmd *cmd, struct request *rq,
					     void (*release)(void *), unsigned int index,
					     unsigned int issue_flags)
{
	return io_buffer_register_bvec(cmd, rq, release, index, issue_flags);
}

static inline int io_buffer_unregister(struct io_uring_cmd *cmd, unsigned int index,
				       unsigned int issue_flags)
{
	return io_buffer_unregister_bvec(cmd, index, issue_flags);
}
#else
#define UBLK_URING_BUFFERS	0

static inline int io_buffer_register_request(struct io_uring_cmd *cmd, struct request *rq,
					     void (*release)(void *), unsigned int index,
					     unsigned int issue_flags)
{
	return -EOPNOTSUPP;
}

static inline int io_buffer_unregister(struct io_uring_cmd *cmd, unsigned int index,
				       unsigned int issue_flags)
{
	return -EOPNOTSUPP;
}
#endif

/* A macro is not expanded again inside itself: the inner name is the kernel's. */
#ifndef HAVE_URING_CMD_DONE_3ARGS
#define io_uring_cmd_done(cmd, ret, issue_flags)				\
	io_uring_cmd_done(cmd, ret, 0, issue_flags)
#endif

#ifndef HAVE_URING_CMD_TO_PDU
#define io_uring_cmd_to_pdu(cmd, pdu_type) ({					\
	BUILD_BUG_ON(sizeof(pdu_type) > sizeof((cmd)->pdu));			\
	(pdu_type *)(cmd)->pdu;							\
})
#endif

#ifndef HAVE_URING_CMD_GET_TASK
static inline struct task_struct *io_uring_cmd_get_task(struct io_uring_cmd *cmd)
{
	return cmd_to_io_kiocb(cmd)->task;
}
#endif

static inline const void *ublk_cmd_ring(struct io_uring_cmd *cmd)
{
#ifdef HAVE_URING_CMD_CTX_HANDLE
	return io_uring_cmd_ctx_handle(cmd);
#else
	return cmd_to_io_kiocb(cmd)->ctx;
#endif
}

#ifdef HAVE_URING_CMD_CANCEL
#define UBLK_URING_TELLS_CANCEL	1

static inline bool ublk_cmd_going_away(struct io_uring_cmd *cmd)
{
	return READ_ONCE(io_uring_cmd_get_task(cmd)->flags) & PF_EXITING;
}
#else
#define UBLK_URING_TELLS_CANCEL	0
#define IO_URING_F_CANCEL	0

static inline void io_uring_cmd_mark_cancelable(struct io_uring_cmd *cmd,
						unsigned int issue_flags)
{
}

static inline bool ublk_compat_is_cancelling(const struct io_uring_task *tctx)
{
#if defined(HAVE_URING_TASK_IN_IDLE)
	return atomic_read(&tctx->in_idle);
#elif defined(HAVE_URING_TASK_IN_CANCEL)
	return atomic_read(&tctx->in_cancel);
#else
#error "no cancel call, and no known way to see that a task is cancelling"
#endif
}

/*
 * The task's io_uring state and the ring may be freed once no command of theirs
 * is held, which is why the caller has to own it.  The three cover, in this
 * order: a thread on its way out; the time before that, and exec, when io_uring
 * waits for its commands to end; and a ring closed by a process that lives on.
 */
static inline bool ublk_cmd_going_away(struct io_uring_cmd *cmd)
{
	struct task_struct *task = io_uring_cmd_get_task(cmd);

	if (READ_ONCE(task->flags) & PF_EXITING)
		return true;
	if (task->io_uring && ublk_compat_is_cancelling(task->io_uring))
		return true;
	return percpu_ref_is_dying(&cmd_to_io_kiocb(cmd)->ctx->refs);
}
#endif

/*
 * The body that follows is a function of its own, under a name derived from the
 * given one; the given name is the callback in the kernel's type.
 */
#define UBLK_TW_BODY(name)							\
	static void name##_body(struct io_uring_cmd *cmd,			\
				unsigned int issue_flags, bool dying)

#if defined(HAVE_URING_TW_TOKEN)
#define UBLK_TW_FUNC(name)							\
	UBLK_TW_BODY(name);							\
	static void name(struct io_tw_req tw_req, io_tw_token_t tw)		\
	{									\
		name##_body(io_uring_cmd_from_tw(tw_req),			\
			    IO_URING_CMD_TASK_WORK_ISSUE_FLAGS, tw.cancel);	\
	}									\
	UBLK_TW_BODY(name)
#else
#ifdef HAVE_URING_TW_DEAD_FLAG
#define UBLK_COMPAT_TASK_DEAD	IO_URING_F_TASK_DEAD
#else
#define UBLK_COMPAT_TASK_DEAD	0
#endif
#define UBLK_TW_FUNC(name)							\
	UBLK_TW_BODY(name);							\
	static void name(struct io_uring_cmd *cmd, unsigned int issue_flags)	\
	{									\
		name##_body(cmd, issue_flags,					\
			    issue_flags & UBLK_COMPAT_TASK_DEAD);		\
	}									\
	UBLK_TW_BODY(name)
#endif

#define ublk_cmd_complete_in_task(cmd, name)	io_uring_cmd_complete_in_task(cmd, name)

#endif
