// SPDX-License-Identifier: GPL-2.0-only
/*
 * hints.c - have the monitors look when a process ends, where io_uring does not tell
 *
 * Before 6.7 a driver learns nothing of a ring's end. The close of /dev/ublkcN at exit is a hint
 * (chardev.c), but does not come from a server that closed it after fetching, and late from one
 * with an SQPOLL thread (P9). The end of a process is announced by the tracepoint
 * sched_process_exit, too; a probe there costs one test per thread while no server is about.
 */
#include <linux/sched/signal.h>
#include <linux/tracepoint.h>

#include "device.h"
#include "hints.h"
#include "recovery.h"
#include "session.h"

static struct tracepoint *ublk_exit_tracepoint;

/* Which of the servers is it? In a work, for the probe runs with preemption off. */
static void ublk_hints_look(struct work_struct *work)
{
	struct ublk_session *s;
	struct ublk_device *dev;
	int id = 0;

	for (; (dev = ublk_device_next(&id)); id++) {
		s = ublk_session_get_current(dev);
		if (s) {
			if (ublk_session_process_is_gone(s))
				ublk_monitor_hint(s);
			ublk_session_put(s);
		}
		ublk_device_put(dev);
	}
}

static DECLARE_WORK(ublk_hints_work, ublk_hints_look);

static void ublk_process_exits(void *unused, struct task_struct *task)
{
	/* the last thread of a process, and only if there may be a server among all processes */
	if (atomic_read(&ublk_nr_current) && !atomic_read(&task->signal->live) &&
	    READ_ONCE(ublk_hints))
		queue_work(ublk_wq, &ublk_hints_work);
}

static void ublk_find_tracepoint(struct tracepoint *tp, void *unused)
{
	if (!strcmp(tp->name, "sched_process_exit"))
		ublk_exit_tracepoint = tp;
}

int ublk_hints_init(void)
{
	int err = 0;

	if (UBLK_URING_TELLS_CANCEL)
		return 0;
	for_each_kernel_tracepoint(ublk_find_tracepoint, NULL);
	if (ublk_exit_tracepoint)
		err = tracepoint_probe_register(ublk_exit_tracepoint, ublk_process_exits, NULL);
	if (err)
		ublk_exit_tracepoint = NULL;
	return err;
}

void ublk_hints_exit(void)
{
	if (ublk_exit_tracepoint) {
		tracepoint_probe_unregister(ublk_exit_tracepoint, ublk_process_exits, NULL);
		tracepoint_synchronize_unregister();
	}
	cancel_work_sync(&ublk_hints_work);
}
