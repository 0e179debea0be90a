/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Named moments of a server's life at which tests kill it. Nothing in the library that is shipped:
 * only the second build of it in tests/points has them (tests/points/point.c).
 *
 * A moment stands for all that come until the next one: nothing that the kernel or another process
 * could see lies between. ops->point tells targets of some of them, too (include/ublk.h); but with
 * that each COMMIT is submitted by itself, and here nothing else changes.
 */
#ifndef LIBUBLK_POINT_H
#define LIBUBLK_POINT_H

#define UBLK_POINTS(X)								\
	/* making a device, up to the disk */					\
	X(BEFORE_ADD, "before-add")						\
	X(AFTER_ADD, "after-add")						\
	X(AFTER_PARAMS, "after-params")						\
	X(AFTER_OPEN, "after-open")		/* of /dev/ublkcN */		\
	X(BEFORE_FENCE, "before-fence")						\
	X(AFTER_FENCE, "after-fence")						\
	X(BEFORE_RECORD, "before-record")	/* written, not yet renamed */	\
	X(AFTER_RENAME, "after-rename")		/* not yet durable */		\
	X(AFTER_RECORD, "after-record")						\
	X(BEFORE_FETCH, "before-fetch")						\
	X(BETWEEN_FETCHES, "between-fetches")	/* half of them are sent */	\
	X(FETCHES_PREPARED, "fetches-prepared")	/* in the ring, not submitted */ \
	X(AFTER_FETCH, "after-fetch")		/* of one queue */		\
	X(BEFORE_START, "before-start")		/* all queues have fetched */	\
	X(START_SENT, "start-sent")						\
	X(AFTER_START, "after-start")						\
	/* taking it over, where that differs */				\
	X(BEFORE_START_RECOVERY, "before-start-recovery")			\
	X(AFTER_START_RECOVERY, "after-start-recovery")				\
	X(BEFORE_END_RECOVERY, "before-end-recovery")				\
	X(END_SENT, "end-sent")							\
	X(AFTER_END_RECOVERY, "after-end-recovery")				\
	/* serving */								\
	X(DELIVERED, "delivered")		/* the target does not know it yet */ \
	X(GET_DATA_PREPARED, "get-data-prepared")				\
	X(BEFORE_COPY, "before-copy")		/* user copy */			\
	X(AFTER_COPY, "after-copy")						\
	X(BEFORE_IO_SQE, "before-io-sqe")	/* the target's own operation */ \
	X(AFTER_IO_SQE, "after-io-sqe")		/* it is done, the target does not know */ \
	X(BEFORE_COMMIT, "before-commit")					\
	X(COMMIT_PREPARED, "commit-prepared")	/* COMMIT_AND_FETCH in the ring */ \
	X(AFTER_SUBMIT, "after-submit")		/* no completion is looked at yet */ \
	/* ending */								\
	X(BEFORE_STOP, "before-stop")						\
	X(AFTER_STOP, "after-stop")						\
	X(BEFORE_QUIESCE, "before-quiesce")					\
	X(AFTER_QUIESCE, "after-quiesce")					\
	X(BEFORE_DELETE, "before-delete")					\
	X(AFTER_DELETE, "after-delete")		/* its record is still there */

#ifdef UBLK_KILL_POINTS
#define UBLK_POINT_ENUM(id, name) UBLK_POINT_##id,
enum ublk_point { UBLK_POINTS(UBLK_POINT_ENUM) UBLK_NR_POINTS };

__attribute__((visibility("hidden"))) void ublk_point(enum ublk_point point);
__attribute__((visibility("hidden"))) int ublk_point_is_wanted(enum ublk_point point);
#define UBLK_POINT(id) ublk_point(UBLK_POINT_##id)
#define UBLK_POINT_IS_WANTED(id) ublk_point_is_wanted(UBLK_POINT_##id)
#else
#define UBLK_POINT(id) ((void)0)
#define UBLK_POINT_IS_WANTED(id) 0
#endif

#endif /* LIBUBLK_POINT_H */
