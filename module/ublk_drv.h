/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ublk_drv.h - the objects of the driver, and its locks
 *
 * Lock order, outer to inner:
 *
 *  1  io_uring's uring_lock   held by io_uring around FETCH, COMMIT and (6.7 and later) task work;
 *                             completing a cancelable command may take it, so that is done by a
 *                             session's reaper, which nobody waits for without a bound
 *  2  dev->mutex              the disk comes and goes, parameters; never taken by I/O commands, by
 *                             the monitor or by abort_work, and nobody waits for a server under it
 *                             except del_gendisk(), which abort_work watches
 *  3  disk->open_mutex,       inside 2: del_gendisk(), TRY_STOP's look at the openers
 *     queue freeze
 *  3  shmem.mutex             inside none of the above: which registered buffers there are; under
 *                             it memory is allocated, and nobody is waited for
 *  4  dev->lock               spinlock: session, phase, state, stoppers; no I/O, no sleep
 *  4  session->owner_lock     raw spinlock: the owner pointers of slots
 *  4  ublk_ids_lock           spinlock in device.c: id table
 *
 * No two of the locks of rank 4 nest. The path of a request (queue_rq, hand-over, COMMIT) takes
 * none of them: a slot's word is exchanged (slot.c), and the session is found under RCU.
 *
 * Works: monitor_work takes no mutex and never waits for a server. stop_work takes dev->mutex and
 * waits for monitor_work, abort_work, scan_work, zones_work. No other work waits for a work.
 */
#ifndef UBLK_DRV_H
#define UBLK_DRV_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/kref.h>
#include <linux/maple_tree.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <ublk_cmd.h>

#include "slot_table.h"
#include "state_table.h"

#define UBLK_MINORS		(1U << MINORBITS)

/* Every flag that this driver can serve; GET_FEATURES reports it and ADD_DEV masks with it. */
#define UBLK_FEATURES                                                                     \
	(UBLK_F_URING_CMD_COMP_IN_TASK | UBLK_F_NEED_GET_DATA | UBLK_F_USER_RECOVERY |    \
	 UBLK_F_USER_RECOVERY_REISSUE | UBLK_F_UNPRIVILEGED_DEV | UBLK_F_CMD_IOCTL_ENCODE |\
	 UBLK_F_USER_COPY | UBLK_F_USER_RECOVERY_FAIL_IO | UBLK_F_UPDATE_SIZE |           \
	 UBLK_F_QUIESCE | UBLK_F_PER_IO_DAEMON | UBLK_F_SAFE_STOP_DEV |                   \
	 UBLK_F_NO_AUTO_PART_SCAN | UBLK_F_IO_DESC_SIZE | UBLK_F_SHMEM_ZC |               \
	 UBLK_ZERO_COPY_FEATURES |                                                        \
	 (UBLK_HAS_ZONED ? UBLK_F_ZONED : 0) |                                            \
	 (UBLK_HAS_INTEGRITY ? UBLK_F_INTEGRITY : 0))

/* What needs a kernel whose io_uring takes a request's pages as a registered buffer. */
#define UBLK_ZERO_COPY_FEATURES                                                           \
	(UBLK_URING_BUFFERS ? UBLK_F_SUPPORT_ZERO_COPY | UBLK_F_AUTO_BUF_REG |            \
			      UBLK_F_BUF_REG_OFF_DAEMON : 0)

struct ublk_device;

/*
 * A tag of a queue in one session; one cache line. Who may touch the plain fields is what the
 * state says (slot_table.h): they belong to the owner of the slot.
 */
struct ublk_slot {
	atomic_t word;			/* state and pins; written in slot.c only */
	u32 commits;			/* COMMITs done; read without order, for progress */
	struct io_uring_cmd *cmd;	/* the command held; it holds the file, so the session */
	struct request *rq;
	u64 addr;			/* server's buffer, of the command held */
	struct task_struct *owner;	/* pinned; session->owner_lock */
	u64 exec_id;			/* owner's self_exec_id at FETCH (P10) */
	u16 q_id, tag;			/* which slot this is; immutable */
	u16 buf_index;			/* AUTO_BUF_REG, of the command held: where, ... */
	u8 buf_flags;			/* ... UBLK_AUTO_BUF_REG_* */
	const void *buf_ring;		/* where the request's pages are now, to compare; or NULL */
} ____cacheline_aligned_in_smp;

struct ublk_queue {
	struct ublk_slot *slots;	/* queue_depth of them; immutable */
	void *descs;			/* what the server maps, vmalloc_user(); immutable */
};

/*
 * One server's tenure: made by open of /dev/ublkcN, never reset, only retired and replaced.
 * Everything that a server can reach hangs off its session, so whatever a former server still
 * holds (descriptor, mapping, command) finds a RETIRED session and gets -ENODEV.
 */
struct ublk_session {
	struct kref ref;		/* the file; dev->session; a reaper at work; passers-by */
	struct ublk_device *dev;	/* counted; immutable */
	u32 seq;			/* counts the device's sessions from 1; immutable */
	int phase;			/* enum ublk_phase; written under dev->lock, rises only */

	struct pid *opener;		/* counted; thread group of the opener; immutable */
	u64 opener_exec_id;		/* immutable */
	struct mm_struct *mm;		/* first mapper's, mmgrab()ed, compared only; set once */

	bool released;			/* last reference of the file is gone; set once */
	bool quiescing;			/* QUIESCE_DEV under way: new requests park; dev->lock */
	bool quiesce_seen;		/* every queue_rq sees that by now; dev->lock */
	u32 quiesces;			/* counts the wishes, to tell them apart; dev->lock */
	bool resume;			/* monitor owes barrier and kick; dev->lock */
	bool warned;			/* about a dead thread in a living process; monitor only */
	atomic_t ready;			/* rises after READY, falls before READY is left (R9) */
	unsigned int nr_slots;		/* queues times depth; immutable */

	raw_spinlock_t owner_lock;	/* raw: taken with preemption off */
	struct work_struct reap_work;
	struct rcu_work free_work;
	unsigned int nr_queues;		/* immutable */
	struct ublk_queue queues[];
};

/* What is to become of a request that its slot has given up. */
enum ublk_fate {
	UBLK_FATE_COMPLETE,		/* by its server's result */
	UBLK_FATE_PARK,			/* for the next server */
	UBLK_FATE_FAIL,
};

/* Private data of a request. */
struct ublk_rq {
	u64 parked_since;		/* ns, 0 if it is not parked; request's holder only */
	atomic_t references;		/* of the slot, and registered buffers; see reference.c */
	enum ublk_fate fate;		/* these two: by who gives up the slot's, for the last */
	int result;
	struct ublk_shmem_buf *shmem;	/* that all its data is in, or NULL; by the slot's owner */
	u64 report_sector;		/* REQ_OP_DRV_IN: a report of zones, from here on; */
	u32 report_zones;		/* so many at most. Both by whoever allocated it */
};

/* Memory that servers have registered, of a device; see shmem.c. */
struct ublk_shmem {
	struct mutex mutex;		/* rank 3 */
	struct maple_tree pages;	/* page frames to runs; mutex, read under RCU */
	struct xarray bufs;		/* index to buffer, until it is freed */
	u64 last_seq;			/* mutex */
	bool is_closed;			/* mutex: DEL has begun */
	atomic_long_t nr_pages;		/* pinned */
};

struct ublk_device {
	struct device cdev_dev;		/* its kobject counts the references to this struct */
	struct cdev cdev;
	int id;				/* immutable */
	struct ublksrv_ctrl_dev_info info; /* immutable; state and pid are not kept here */
	enum ublk_recovery recovery;	/* derived from info.flags; immutable */
	struct blk_mq_tag_set tag_set;	/* immutable after ADD */

	struct mutex mutex;		/* rank 2 */
	struct ublk_shmem shmem;
	struct ublk_params params;	/* mutex */
	struct gendisk *disk;		/* written under mutex with the monitor off; see device.c */
	bool disk_added;		/* mutex */
	bool untrusted;			/* fetched without CAP_SYS_ADMIN once; set only */
	bool block_open;		/* TRY_STOP keeps openers out; disk->open_mutex */

	spinlock_t lock;		/* rank 4 */
	enum ublk_state state;		/* lock; written in state.c only */
	u64 state_since;		/* lock: ktime_get_ns() of the last change */
	u64 unserved_ns;		/* lock: spent QUIESCED or FAIL_IO before that */
	unsigned int takeovers;		/* lock: how often it went LIVE from there */
	struct ublk_session __rcu *session; /* the current one or NULL; lock, read under RCU */
	u32 last_seq;			/* lock */
	unsigned int stoppers;		/* lock: while > 0 no monitor, no open, no START, no END */
	u64 stops_begun, stops_done;	/* lock: a STOP waits until done reaches its own number */
	bool force_abort;		/* set under lock; read anywhere: requests end with EIO */
	bool abort_on;			/* lock: abort_work may arm itself */
	bool deleted;			/* lock: DEL has begun, nobody may open or start it */
	bool silent;			/* lock: its node is going, no more uevents */
	bool withdrawn;			/* lock: its node is gone */
	bool kept;			/* lock: DEL has not yet given the id back */
	u8 announced[8];		/* lock: states whose uevent is still to be sent */
	unsigned int announce_head, announce_tail; /* lock */

	wait_queue_head_t wait;		/* readiness, state, stoppers, disk gone */
	struct delayed_work monitor_work;
	struct delayed_work abort_work;
	struct work_struct stop_work;
	struct work_struct scan_work;
	struct work_struct zones_work;
	int zones_err;			/* of zones_work, -EINPROGRESS before; released, acquired */
	struct work_struct announce_work;

	u32 abort_commits;		/* progress seen last; abort_work only */
	unsigned long abort_progress;	/* jiffies of it; abort_work only */

	atomic_t nr_disks;		/* gendisks of ours not yet freed */
	atomic_t nr_sessions;		/* sessions not yet freed, stale ones included */
	atomic_t nr_parked;		/* requests waiting in the requeue list */
	atomic_t nr_detained;		/* given up by their slot, their pages still registered */
	atomic64_t parked_ns;		/* total time that requests were parked */
	atomic64_t nr_late;		/* commands of stale sessions or aborted slots refused */
	atomic64_t nr_failed;		/* requests ended by the crash path with an error */
	atomic64_t nr_taken;		/* taken back from slots that were given up */
	atomic64_t nr_reissued;		/* requests parked after the server had them */
	struct dentry *debugfs;
};

/* Private data of an I/O command: the slot that it was given to. */
struct ublk_cmd_pdu {
	struct ublk_session *session;	/* borrowed: the command holds the file */
	struct ublk_slot *slot;
	struct io_uring_cmd *next;	/* its requests' task work is done by mine; see request.c */
};

static inline struct ublk_slot *ublk_slot_of(struct ublk_session *s, u16 q_id, u16 tag)
{
	return &s->queues[q_id].slots[tag];
}

static inline unsigned int ublk_nr_queues(const struct ublk_device *dev)
{
	return dev->info.nr_hw_queues;
}

static inline unsigned int ublk_depth(const struct ublk_device *dev)
{
	return dev->info.queue_depth;
}

static inline const struct ublk_policy *ublk_policy(const struct ublk_device *dev)
{
	return &ublk_policies[dev->recovery];
}

static inline bool ublk_is_user_copy(const struct ublk_device *dev)
{
	return dev->info.flags & UBLK_F_USER_COPY;
}

static inline bool ublk_is_zero_copy(const struct ublk_device *dev)
{
	return dev->info.flags & UBLK_F_SUPPORT_ZERO_COPY;
}

static inline bool ublk_is_auto_reg(const struct ublk_device *dev)
{
	return dev->info.flags & UBLK_F_AUTO_BUF_REG;
}

/* Can the pages of a request be in use beyond its slot? */
static inline bool ublk_has_references(const struct ublk_device *dev)
{
	return dev->info.flags & (UBLK_F_SUPPORT_ZERO_COPY | UBLK_F_AUTO_BUF_REG);
}

static inline bool ublk_is_shmem(const struct ublk_device *dev)
{
	return dev->info.flags & UBLK_F_SHMEM_ZC;
}

/* Does a request hold more than its slot, to be given back when it leaves that? */
static inline bool ublk_holds_more(const struct ublk_device *dev)
{
	return dev->info.flags & (UBLK_F_SUPPORT_ZERO_COPY | UBLK_F_AUTO_BUF_REG | UBLK_F_SHMEM_ZC);
}

/* Does the driver copy between a request and a buffer of the server? */
static inline bool ublk_is_copying(const struct ublk_device *dev)
{
	return !ublk_is_user_copy(dev) && !ublk_has_references(dev);
}

static inline bool ublk_is_zoned(const struct ublk_device *dev)
{
	return dev->info.flags & UBLK_F_ZONED;
}

static inline bool ublk_has_integrity(const struct ublk_device *dev)
{
	return dev->info.flags & UBLK_F_INTEGRITY;
}

static inline bool ublk_is_unprivileged(const struct ublk_device *dev)
{
	return dev->info.flags & UBLK_F_UNPRIVILEGED_DEV;
}

static inline bool ublk_is_get_data(const struct ublk_device *dev)
{
	return dev->info.flags & UBLK_F_NEED_GET_DATA;
}

/* Bytes of the descriptors of one queue, as mapped. */
static inline size_t ublk_descs_size(const struct ublk_device *dev)
{
	return PAGE_ALIGN((size_t)ublk_depth(dev) * dev->info.io_desc_size);
}

/* Iterates over all slots of a session; q and tag are unsigned int. */
#define ublk_for_each_slot(s, q, tag, slot)                                               \
	for ((q) = 0; (q) < (s)->nr_queues; (q)++)                                        \
		for ((tag) = 0; (tag) < ublk_depth((s)->dev) &&                           \
				((slot) = ublk_slot_of(s, q, tag), true); (tag)++)

/*
 * monitor, abort, announce, hints: never wait for a server. The others may, each for its own, so
 * that sick devices cannot hold up another one's monitor: stop and scan wait for I/O, reap for
 * io_uring's lock.
 */
extern struct workqueue_struct *ublk_wq;
extern struct workqueue_struct *ublk_stop_wq;
extern struct workqueue_struct *ublk_reap_wq;

extern unsigned int ublk_ublks_max;
extern unsigned int ublk_monitor_period_ms;
extern unsigned int ublk_stop_timeout_ms;
extern bool ublk_hints;

#endif /* UBLK_DRV_H */
