/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes every supported kernel look like the newest one (7.3).
 *
 * Force-included, after the answers of Kbuild.probe, into each file of the
 * module, so driver code includes nothing from here and has no condition on
 * the kernel.  It is written as for 7.3, except for the names below, which
 * stand for types that no rename can hide.
 *
 * Task work of a command (the callback's type changed twice):
 *
 *	UBLK_TW_FUNC(ublk_request_deliver)
 *	{
 *		... cmd, issue_flags, dying ...
 *	}
 *	ublk_cmd_complete_in_task(cmd, ublk_request_deliver);
 *
 *   opens the body of a static void function with the parameters
 *   (struct io_uring_cmd *cmd, unsigned int issue_flags, bool dying).  dying:
 *   io_uring says that the command's task or ring is gone.  6.1 never says so;
 *   look at ublk_cmd_going_away() and at current as well.  For a prototype,
 *   UBLK_TW_FUNC(name); does as well.
 *
 * Commands:
 *   ublk_cmd_payload(cmd)	const void *, what the server put into sqe->cmd.
 *				May be memory the server can still change: copy,
 *				then check.
 *   ublk_cmd_sqe_addr(cmd)	u64, sqe->addr; the server may still change it: read once
 *   ublk_cmd_ring(cmd)		const void *, identity of the ring, to compare
 *   ublk_cmd_going_away(cmd)	bool; the caller owns the held command.  Its task
 *				is exiting or, where io_uring does not tell the
 *				driver (no cancel call, up to 6.6), its task is
 *				in exec or its ring is being torn down.
 *   UBLK_URING_TELLS_CANCEL	1 if IO_URING_F_CANCEL calls come, else 0 (then
 *				IO_URING_F_CANCEL and the mark are no-ops)
 *
 *   UBLK_URING_BUFFERS		1 if io_uring lets a driver register the pages of a
 *				request (6.15), else 0: io_buffer_register_request()
 *				and io_buffer_unregister() then are -EOPNOTSUPP
 *
 * Opening the disk (the parameters changed):
 *
 *	UBLK_BDEV_OPEN(ublk_disk_open)		body with: disk, mode (blk_mode_t);
 *	{ ... return 0; }			static int, for .open
 *	UBLK_BDEV_RELEASE(ublk_disk_release)	body with: disk;
 *	{ ... }					static void, for .release
 *
 * Zones:
 *
 *	UBLK_REPORT_ZONES(ublk_report_zones)	body with: disk, sector, nr_zones,
 *	{ ... return number; }			args; int, for .report_zones; passes
 *						args to disk_report_zone()
 *	UBLK_REPORT_ZONES_PROTO(ublk_report_zones);	its prototype
 *   UBLK_HAS_ZONED		0 where the kernel was built without; then
 *				blk_revalidate_disk_zones() gives -EOPNOTSUPP
 *
 * Requests of a plug:
 *   UBLK_QUEUE_RQS(name)	opens the body of ->queue_rqs, with struct rq_list *rqlist
 *
 * Metadata of a request:
 *   UBLK_HAS_INTEGRITY		0 where the block layer has no tuple with a place and a size
 *				(before 7.1), or was built without; then no request has any
 *   ublk_limits_set_integrity(lim, bi, max_segments)
 *				of struct queue_limits: integrity, max_integrity_segments
 *
 * Of 7.3, available everywhere: io_uring_cmd_to_pdu(), io_uring_cmd_done() with
 * three arguments, io_uring_cmd_mark_cancelable(), io_uring_cmd_get_task();
 * struct queue_limits with features, blk_mq_alloc_disk() with limits, BLK_FEAT_*,
 * blk_mode_t, BLK_OPEN_*, blk_mq_freeze_queue() with memflags,
 * BLK_MQ_F_SHOULD_MERGE (0 where gone); struct rq_list, rq_list_pop(), rq_list_add_tail();
 * blk_mq_start_request() enters the request in the tags' table;
 * class_create() with one argument,
 * blk_rq_map_kern() without the queue, blk_revalidate_disk_zones() with the disk alone,
 * vm_flags_clear(), nop_mnt_idmap, import_ubuf(), __guarded_by().
 */
#ifndef UBLK_COMPAT_H
#define UBLK_COMPAT_H

/* Here, because the kernel headers below would otherwise define an empty one. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "uring.h"
#include "integrity.h"
#include "block.h"
#include "core.h"

#endif
