/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * libublk: block devices that live in a process and outlive it.
 *
 * One description of a target (struct ublk_target_ops) serves three layers:
 *
 *   ublk_serve()                       everything in one call
 *   ublk_device_*, ublk_queue_*        your threads, your event loop
 *   ublk_ctl_command()                 one control command, as the kernel spells it
 *
 * Life of a device, with the moment at which each callback runs:
 *
 *   ublk_device_create / _takeover / _attach
 *       ADD, SET_PARAMS  or  START_USER_RECOVERY    device known, nothing served
 *       ops->open(dev, recovering)                  the target opens its backing
 *       ops->fence(dev)                             its lock is waited for, then held
 *       the record is written, synced, renamed      from here "ublk recover" works
 *   ublk_queue_open, one per queue, in the thread that will serve it
 *       ops->queue_open(q), then all tags are fetched
 *   ublk_device_start                               START or END_USER_RECOVERY: live
 *       ops->started(dev)
 *   ublk_queue_step, again and again
 *       ops->submit(io) .. ublk_io_complete(io)     ops->cqe for the target's own SQEs
 *   somebody stops the device: each queue drains and ublk_queue_step returns -ENODEV
 *       ublk_queue_close -> ops->queue_close(q)
 *   ublk_device_free -> ops->close(dev)
 *
 * ublk_device_run() is the part from ublk_queue_open on, with one thread per queue.
 *
 * Lifetimes. A ublk_ctl outlives its devices, a ublk_device its queues. ops and user must
 * outlive the device. A ublk_io and its buffer belong to the target from submit until its
 * completion. What ublk_last_error() returns lives until the next libublk call in the same
 * thread. Whatever comes through a char ** is freed by the caller with free(). If the process
 * dies at any point, the kernel keeps the device according to its recovery policy; the next
 * server calls ublk_device_takeover() or ublk_device_attach(), as often as it takes.
 *
 * Conventions. Functions return 0 (or a count) on success and a negative errno value on
 * failure; ublk_last_error() then has a sentence that says what happened and what to do.
 * Outputs named ret_* are written only on success. Sizes and offsets are bytes, times are
 * milliseconds. Structs carry their size and grow at the end; 0 in a field means its default.
 *
 * The library has no process-wide side effects: it installs no signal handlers, writes to no
 * stream, changes no priority, never exits. ublk_serve() is the one exception and says so.
 *
 * "Threads" in the comments below is one of
 *   MT-safe            any thread, at any time
 *   queue thread       the thread that called ublk_queue_open() for that queue
 *   one thread         one thread at a time per object
 *   async-signal-safe  MT-safe, and allowed in signal handlers
 */
#ifndef LIBUBLK_UBLK_H
#define LIBUBLK_UBLK_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LIBUBLK_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define LIBUBLK_PRINTF(fmt, first)
#endif

struct ublk_ctl;		/* access to the driver's control node */
struct ublk_device;		/* one device as seen by the process that serves it */
struct ublk_queue;		/* one hardware queue of it, bound to one thread */
struct ublk_io;			/* one request, on its way through the target */
struct ublk_record;		/* what is on file about a device */
struct ublk_stats;		/* its counters, mapped */
struct ublk_events;		/* a subscription to what the driver announces */

struct io_uring;
struct io_uring_sqe;
struct io_uring_cqe;

/* ------------------------------------------------------------------------------------------
 * Errors and messages
 */

/*
 * A sentence about the last failure in this thread, never NULL, "" if there was none. It names
 * the remedy where there is one (module missing, no permission, io_uring disabled, id taken,
 * device busy, wrong identity, backing still locked, feature missing).
 *
 * Owns: the library; valid until the next libublk call in the same thread.
 * Threads: MT-safe.
 */
const char *ublk_last_error(void);

/*
 * Records a sentence from inside a target callback, so that it reaches whoever called the
 * library. @err: positive or negative errno value; 0 is taken as EIO.
 *
 * Returns: the negative errno value, so that a callback can end in
 * "return ublk_set_error(errno, "%s: cannot open", path);".
 * Threads: MT-safe.
 */
int ublk_set_error(int err, const char *format, ...) LIBUBLK_PRINTF(2, 3);

#define LIBUBLK_LOG_ERROR	0
#define LIBUBLK_LOG_WARNING	1
#define LIBUBLK_LOG_INFO	2
#define LIBUBLK_LOG_DEBUG	3

typedef void ublk_log_fn(int level, const char *message, void *user);

/*
 * Sends the library's messages to @fn; NULL (the state at start) drops them. The callback may
 * run in any thread that is inside a libublk call, also in several at once.
 *
 * Threads: call it before there are other threads in the library.
 */
void ublk_set_log(ublk_log_fn *fn, void *user);

/*
 * A ublk_log_fn: "NAME: MESSAGE" on stderr, @user being NAME (NULL: "ublk"); with syslog's priority
 * in front ("<3>") if stderr is the stream that systemd made for its journal. Threads: MT-safe.
 */
void ublk_log_to_stderr(int level, const char *message, void *user);

/* Version of the library in use, such as "0.1.0". Threads: MT-safe. */
const char *ublk_version(void);

/* ------------------------------------------------------------------------------------------
 * Identity
 *
 * Every device carries a UUID from its creation. It is in the device's record and, in short,
 * in the kernel's device (ublksrv_flags), so that a stale record, an id that was given out
 * again, or somebody else's device cannot be taken for ours.
 */

struct ublk_uuid {
	uint8_t b[16];		/* all zero: none given */
};

#define LIBUBLK_UUID_TEXT	37	/* bytes of the text form with its NUL */

/* A random (version 4) UUID. Returns 0 or what getrandom() failed with. Threads: MT-safe. */
int ublk_uuid_generate(struct ublk_uuid *ret_uuid);
/* Returns 0, or -EINVAL if @text is not the 36 characters of a UUID. Threads: MT-safe. */
int ublk_uuid_parse(const char *text, struct ublk_uuid *ret_uuid);
/* Writes LIBUBLK_UUID_TEXT bytes to @text. Threads: MT-safe. */
void ublk_uuid_format(const struct ublk_uuid *uuid, char *text);
/* 1 if no UUID is given, else 0. Threads: MT-safe. */
int ublk_uuid_is_null(const struct ublk_uuid *uuid);

/* ------------------------------------------------------------------------------------------
 * Constants
 */

/* What becomes of the device when its server dies. */
#define LIBUBLK_RECOVERY_OFF		0	/* it goes, all I/O fails */
#define LIBUBLK_RECOVERY_PLAIN		1	/* stays; I/O the server had fails, new waits */
#define LIBUBLK_RECOVERY_REISSUE	2	/* stays; all I/O waits and is sent again: a
						 * write may reach the target twice */
#define LIBUBLK_RECOVERY_FAIL_IO	3	/* stays; all I/O fails until taken over */

/* How data travels between the kernel and the target. */
#define LIBUBLK_DATA_COPY		0	/* kernel copies to and from ublk_io_buffer() */
#define LIBUBLK_DATA_GET_DATA		1	/* as COPY; buffers made when first needed */
#define LIBUBLK_DATA_USER_COPY		2	/* no buffers: ublk_io_copy_in, _out */
#define LIBUBLK_DATA_REGISTERED		3	/* no copy: the request's pages are a registered
						 * buffer of the queue's ring: ublk_io_prep_rw */
#define LIBUBLK_DATA_AUTO_REGISTERED	4	/* the same, and the driver does the registering */
#define LIBUBLK_DATA_AUTO		5	/* the best that driver and target have, of
						 * AUTO_REGISTERED, REGISTERED, USER_COPY, COPY:
						 * ublk_device_data_reason() says why */
#define LIBUBLK_DATA_BIT(mode)		(1u << (mode))

/* Device states; the numbers are the kernel's, GONE is ours. */
#define LIBUBLK_STATE_DEAD		0	/* added or stopped: no disk */
#define LIBUBLK_STATE_LIVE		1
#define LIBUBLK_STATE_QUIESCED		2	/* server gone, I/O waits */
#define LIBUBLK_STATE_FAIL_IO		3	/* server gone, I/O fails */
#define LIBUBLK_STATE_GONE		(-1)	/* no device with this id */

/* Disk attributes, ublk_device_config.attrs. */
#define LIBUBLK_ATTR_READ_ONLY		(1u << 0)
#define LIBUBLK_ATTR_ROTATIONAL		(1u << 1)
#define LIBUBLK_ATTR_VOLATILE_CACHE	(1u << 2)	/* FLUSH requests are sent */
#define LIBUBLK_ATTR_FUA		(1u << 3)	/* FUA is used; needs the above */

/* Optional abilities of the driver; the bits are the kernel's. */
#define LIBUBLK_FEATURE_ZERO_COPY	(UINT64_C(1) << 0)
#define LIBUBLK_FEATURE_GET_DATA	(UINT64_C(1) << 2)
#define LIBUBLK_FEATURE_RECOVERY	(UINT64_C(1) << 3)
#define LIBUBLK_FEATURE_REISSUE		(UINT64_C(1) << 4)
#define LIBUBLK_FEATURE_UNPRIVILEGED	(UINT64_C(1) << 5)
#define LIBUBLK_FEATURE_IOCTL_ENCODE	(UINT64_C(1) << 6)
#define LIBUBLK_FEATURE_USER_COPY	(UINT64_C(1) << 7)
#define LIBUBLK_FEATURE_ZONED		(UINT64_C(1) << 8)
#define LIBUBLK_FEATURE_FAIL_IO		(UINT64_C(1) << 9)
#define LIBUBLK_FEATURE_UPDATE_SIZE	(UINT64_C(1) << 10)
#define LIBUBLK_FEATURE_AUTO_BUF_REG	(UINT64_C(1) << 11)
#define LIBUBLK_FEATURE_QUIESCE		(UINT64_C(1) << 12)
#define LIBUBLK_FEATURE_PER_IO_DAEMON	(UINT64_C(1) << 13)
#define LIBUBLK_FEATURE_BUF_REG_OFF_DAEMON (UINT64_C(1) << 14)
#define LIBUBLK_FEATURE_BATCH_IO	(UINT64_C(1) << 15)
#define LIBUBLK_FEATURE_INTEGRITY	(UINT64_C(1) << 16)
#define LIBUBLK_FEATURE_SAFE_STOP	(UINT64_C(1) << 17)
#define LIBUBLK_FEATURE_NO_PART_SCAN	(UINT64_C(1) << 18)
#define LIBUBLK_FEATURE_SHMEM_ZC	(UINT64_C(1) << 19)
#define LIBUBLK_FEATURE_IO_DESC_SIZE	(UINT64_C(1) << 20)

/* Name of the feature with this bit number (0..63), such as "USER_COPY"; NULL if unknown. */
const char *ublk_feature_name(unsigned bit);
/* "DEAD", "LIVE", "QUIESCED", "FAIL_IO", "GONE", or "UNKNOWN". */
const char *ublk_state_name(int state);
/* "off", "plain", "reissue", "fail-io", or "unknown". */
const char *ublk_recovery_name(uint32_t recovery);
/* "copy" .. "auto" of LIBUBLK_DATA_*, "unknown"; and back: the mode or -EINVAL. */
const char *ublk_data_mode_name(uint32_t mode);
int ublk_data_mode_parse(const char *name);
/* The data mode of a device that was granted these LIBUBLK_FEATURE_*. */
uint32_t ublk_data_mode_of(uint64_t features);
/* The reverse. Returns LIBUBLK_RECOVERY_* or -EINVAL. */
int ublk_recovery_parse(const char *name);

/* ------------------------------------------------------------------------------------------
 * The control node
 */

#define LIBUBLK_TIMEOUT_DEFAULT_MS	30000

/*
 * Opens /dev/ublk-control.
 *
 * Returns: 0; -ENOENT or -ENXIO the module is not loaded; -EACCES or -EPERM no permission;
 * -ENOSYS or -EPERM io_uring is missing or switched off; -ENOMEM, -EMFILE.
 * Owns: the caller closes it with ublk_ctl_close().
 * Threads: MT-safe. All functions on a ublk_ctl are.
 */
int ublk_ctl_open(struct ublk_ctl **ret_ctl);

/*
 * Closes it; NULL is allowed. A command that timed out and is still running in the kernel
 * keeps its own memory until it ends.
 */
void ublk_ctl_close(struct ublk_ctl *ctl);

/*
 * Bound on each control command that takes no timeout of its own, in ms; 0 restores
 * LIBUBLK_TIMEOUT_DEFAULT_MS, negative means no bound. A command that is over its time is
 * cancelled and reported as -ETIMEDOUT; if the kernel does not let go of it, it goes on there
 * (an ADD that succeeds late is undone).
 */
void ublk_ctl_set_timeout(struct ublk_ctl *ctl, int timeout_ms);

/*
 * Folder of the records. Default: $UBLK_RUN_DIR (not in set-uid programs), else /run/ublk; for an
 * ordinary user $XDG_RUNTIME_DIR/ublk, else /run/user/UID/ublk. Made with mode 0755 when the first
 * record is written.
 *
 * Returns: 0, -ENOMEM.
 */
int ublk_ctl_set_run_dir(struct ublk_ctl *ctl, const char *path);
/* Owns: the library, until the next ublk_ctl_set_run_dir(). */
const char *ublk_ctl_run_dir(struct ublk_ctl *ctl);

/* Features the running driver has. Returns 0 or -errno; 0 features for a driver before 6.5. */
int ublk_ctl_features(struct ublk_ctl *ctl, uint64_t *ret_features);

/*
 * One raw control command. @op: a UBLK_U_CMD_* number of <uapi/ublk_cmd.h>. @id: device or -1.
 * @queue: queue number or -1. @data: data[0]. @buf, @len: payload, in and out, or NULL and 0.
 * @timeout_ms: 0 as set for @ctl, negative for no bound.
 *
 * The payload is copied in before and out after the command, so that a command that timed out
 * touches no memory of the caller. The path that a user's device wants is put before it here.
 *
 * Returns: the command's result, >= 0, or its -errno; -ETIMEDOUT.
 */
int ublk_ctl_command(struct ublk_ctl *ctl, uint32_t op, int id, int queue, uint64_t data,
		     void *buf, uint16_t len, int timeout_ms);

/* ------------------------------------------------------------------------------------------
 * Looking at devices
 */

struct ublk_device_info {
	size_t   size;			/* set by the caller to sizeof(struct ublk_device_info) */
	int32_t  id;
	int32_t  state;			/* LIBUBLK_STATE_* */
	uint64_t features;		/* granted, LIBUBLK_FEATURE_* */
	uint64_t identity_tag;		/* the UUID as the kernel has it; 0: not libublk's */
	uint32_t recovery;		/* LIBUBLK_RECOVERY_* */
	int32_t  server_pid;		/* -1: none */
	uint32_t nr_queues;
	uint32_t queue_depth;
	uint32_t max_io;		/* bytes */
	uint32_t owner_uid;
	uint32_t owner_gid;
	uint32_t attrs;			/* LIBUBLK_ATTR_*; from here on 0 until SET_PARAMS */
	uint64_t capacity;		/* bytes */
	uint32_t logical_block;		/* bytes */
	uint32_t physical_block;	/* bytes */
	uint32_t io_min;		/* bytes */
	uint32_t io_opt;		/* bytes */
	uint32_t max_request;		/* bytes, per request */
	uint32_t discard_granularity;	/* bytes, 0: no discard */
	uint64_t max_discard;		/* bytes */
	uint64_t max_write_zeroes;	/* bytes */
	uint32_t char_major, char_minor;
	uint32_t disk_major, disk_minor; /* 0:0 while there is no disk */
};

/*
 * State and parameters of device @id.
 *
 * Returns: 0; -ENODEV no such device; -EINVAL if ret_info->size is not set; -errno of the
 * command.
 */
int ublk_device_get_info(struct ublk_ctl *ctl, int id, struct ublk_device_info *ret_info);

/*
 * Ids of all devices, ascending. Returns 0 or -errno.
 * Owns: *ret_ids is freed by the caller with free(); NULL if there are none.
 */
int ublk_device_list(struct ublk_ctl *ctl, int **ret_ids, size_t *ret_count);

/*
 * The same as one JSON object, with what the record says (uuid, target, argv, fenced).
 * Returns 0 or -errno. Owns: the caller frees *ret_json with free().
 */
int ublk_device_json(struct ublk_ctl *ctl, int id, char **ret_json);

/*
 * Waits until device @id is in @state (LIBUBLK_STATE_*). @timeout_ms: 0 only looks, negative
 * waits without bound. Woken by the driver's uevents; where ublk_events_are_sent() says that there
 * are none, and while a device is on its way out, it looks five times a second.
 *
 * Returns: 0; -ETIMEDOUT; -ENODEV if the device is gone and @state is not GONE; -EINTR.
 */
int ublk_device_wait_state(struct ublk_ctl *ctl, int id, int state, int timeout_ms);

#define LIBUBLK_EVENT_ADDED	0	/* a new device */
#define LIBUBLK_EVENT_STATE	1	/* it is in another state now */
#define LIBUBLK_EVENT_REMOVED	2	/* its node is gone, its id soon too */
#define LIBUBLK_EVENT_LOST	3	/* events were lost, nobody took them: look anew */

struct ublk_event {
	size_t   size;			/* set by the caller */
	int32_t  kind;			/* LIBUBLK_EVENT_* */
	int32_t  id;			/* -1 with LOST */
	int32_t  state;			/* LIBUBLK_STATE_* that was entered */
	uint64_t seqnum;		/* the kernel's, ascending */
};

/*
 * Can this process hear of changes of state? Needs no privilege.
 * Returns: 0; -EOPNOTSUPP, with the reason: another driver, or a network namespace that the kernel
 * sends no uevents to. Threads: MT-safe.
 */
int ublk_events_are_sent(void);

/*
 * Subscribes to the events of all devices, from now on: subscribe first and look then, and none is
 * missed. ublk_events_fd() is readable when there may be one.
 *
 * ublk_events_next() waits at most @timeout_ms (0: not at all, negative: without bound). Returns: 1
 * *ret_event is filled; 0 time over; -EINTR; -errno. What comes from others than the kernel is
 * dropped.
 * Owns: the caller frees it with ublk_events_close(), which takes NULL.
 * Threads: one thread.
 */
int ublk_events_open(struct ublk_events **ret_events);
int ublk_events_fd(const struct ublk_events *events);
int ublk_events_next(struct ublk_events *events, int timeout_ms, struct ublk_event *ret_event);
void ublk_events_close(struct ublk_events *events);

/* ------------------------------------------------------------------------------------------
 * Commands on any device, by id: the caller need not be its server
 */

#define LIBUBLK_STOP_IF_UNUSED	(1u << 0)	/* -EBUSY if anybody has the disk open */

/*
 * Ends the disk. With a healthy server buffered data is written back first. The device stays,
 * DEAD, and its server may start it again. @timeout_ms as for ublk_ctl_command().
 *
 * Returns: 0; -ENODEV; -EBUSY (LIBUBLK_STOP_IF_UNUSED); -ETIMEDOUT: it goes on in the kernel.
 */
int ublk_device_stop(struct ublk_ctl *ctl, int id, uint32_t flags, int timeout_ms);

#define LIBUBLK_DELETE_ASYNC	(1u << 0)	/* do not wait until the id is free again */

/*
 * Stops the device if need be, removes it, then removes its record and counters.
 *
 * Returns: 0; -ENODEV; -ETIMEDOUT: it goes on in the kernel, the record stays.
 */
int ublk_device_delete(struct ublk_ctl *ctl, int id, uint32_t flags, int timeout_ms);

/*
 * Lets the server of @id finish what it has and then go, so that a new one can take over.
 * Rolled back if the server does not finish within @timeout_ms (0: as for @ctl).
 *
 * Returns: 0; -EOPNOTSUPP the device lacks LIBUBLK_FEATURE_QUIESCE; -EBUSY not finished in
 * time; -ENODEV.
 */
int ublk_device_quiesce(struct ublk_ctl *ctl, int id, int timeout_ms);

/* New capacity in bytes, a multiple of the logical block. Returns 0, -EINVAL, -ENODEV, .. */
int ublk_device_resize(struct ublk_ctl *ctl, int id, uint64_t capacity);

/* ------------------------------------------------------------------------------------------
 * The target
 */

struct ublk_target_ops {
	size_t size;			/* UBLK_TARGET_OPS_SIZE */
	const char *name;		/* [a-z0-9_-]+; a takeover compares it */
	size_t io_priv_size;		/* bytes of ublk_io_priv(), per tag */

	/*
	 * Required. A request: exactly one completion must follow, from inside the call or
	 * later (ublk_io_complete() in the queue's thread, ublk_io_complete_mt() in any).
	 * Returns: 0, or -errno to have the library complete the request with it.
	 * Threads: queue thread.
	 */
	int (*submit)(struct ublk_io *io, void *user);

	/*
	 * A completion of an SQE from ublk_io_get_sqe(io, cookie). May get more SQEs, may
	 * complete @io. If @io was completed before, it must not be used for more than
	 * ublk_io_queue(); a tag is not used again while it has SQEs under way.
	 * Threads: queue thread. Owns: @cqe is valid during the call.
	 */
	void (*cqe)(struct ublk_io *io, uint32_t cookie, const struct io_uring_cqe *cqe,
		    void *user);

	/* The same for ublk_queue_get_sqe(q, cookie). */
	void (*queue_cqe)(struct ublk_queue *q, uint32_t cookie, const struct io_uring_cqe *cqe,
			  void *user);

	/*
	 * Opens what the device is made of. @recovering: 1 when an existing device is taken
	 * over: it has I/O on it, in-flight writes may come again (REISSUE), and the target must
	 * have the same contents as before or refuse with -errno, which leaves the device as it
	 * is. ublk_device_config_of(dev) has what was granted.
	 * Threads: the one that attaches.
	 */
	int (*open)(struct ublk_device *dev, int recovering, void *user);

	/* Called once if open was called and succeeded. Threads: the one that frees @dev. */
	void (*close)(struct ublk_device *dev, void *user);

	/*
	 * The fence: an fd whose flock() lock protects the backing, on the very open file the
	 * target does its I/O with. Dead servers' requests hold that file, so having its lock
	 * proves that none of their writes can land any more. The library takes LOCK_EX: at
	 * creation at once (-EBUSY), at takeover within config.fence_timeout_ms. It never closes
	 * the fd; the lock ends with the file. The fd must not be inherited by other processes.
	 * Returns: the fd; -EOPNOTSUPP: this target has none (shown as "unfenced"); other
	 * -errno: refuse. NULL callback: unfenced.
	 * Threads: the one that attaches, after open.
	 */
	int (*fence)(struct ublk_device *dev, void *user);

	/* Per queue, before its tags are fetched and after its last completion. -errno refuses. */
	int (*queue_open)(struct ublk_queue *q, void *user);
	void (*queue_close)(struct ublk_queue *q, void *user);

	/* The device is live; START or END_USER_RECOVERY returned. Threads: the one that starts. */
	void (*started)(struct ublk_device *dev, void *user);

	/*
	 * For tracing and fault injection: called where a server's death is of interest, with
	 * one of these names. What the callback does (sleep, abort, kill) is its own affair.
	 *   after-start-recovery   START_USER_RECOVERY succeeded      attaching thread
	 *   before-record          the record is about to be renamed  attaching thread
	 *   after-record           it is in place                     attaching thread
	 *   between-fetches        half the tags are with the kernel  queue thread
	 *   before-start           START is about to be sent          starting thread
	 *   before-end-recovery    END_USER_RECOVERY likewise         starting thread
	 *   before-commit          a request was completed, its COMMIT is not submitted
	 *   after-commit           it is                              queue thread, both
	 */
	void (*point)(const char *name, void *user);

	/*
	 * LIBUBLK_DATA_BIT()s of the modes that this target can serve. LIBUBLK_DATA_AUTO takes
	 * none of the others, and a device that is asked for one of them, or has it when it is
	 * taken over, is refused with -EOPNOTSUPP. 0: any that is asked for, and AUTO takes COPY,
	 * the one in which ublk_io_buffer() is never NULL.
	 */
	uint32_t data_modes;
};

#define UBLK_TARGET_OPS_SIZE	sizeof(struct ublk_target_ops)

/* ------------------------------------------------------------------------------------------
 * Configuration of a device
 */

#define LIBUBLK_NO_AFFINITY	(1u << 0)	/* run: do not bind threads to CPUs */
#define LIBUBLK_NO_SIGNALS	(1u << 1)	/* serve: leave SIGINT, SIGTERM alone */
#define LIBUBLK_HAND_OVER	(1u << 2)	/* serve, on a signal: quiesce and leave the
					 * device to the next server; needs recovery */
#define LIBUBLK_NO_RECORD	(1u << 3)	/* no record; takeover then needs .uuid */
#define LIBUBLK_ANY_BACKING	(1u << 4)	/* take over also with another file behind the fence
						 * than the record names: -ESTALE without this */

#define LIBUBLK_MAX_DEPTH	4096
#define LIBUBLK_MAX_QUEUES	4096

#define LIBUBLK_PI_NONE		0	/* no tuple: metadata are the application's alone */
#define LIBUBLK_PI_IP		1	/* tuple of 8 bytes: guard 2, application 2, reference 4 */
#define LIBUBLK_PI_CRC16	2	/* the same, T10's checksum */
#define LIBUBLK_PI_CRC64	4	/* 16 bytes: 8, 2, 6; NVMe's checksum */

#define LIBUBLK_PI_CAPABLE	(1u << 0)	/* in sysfs: the disk keeps them */
#define LIBUBLK_PI_REF_TAG	(1u << 1)	/* an interval's number is in its reference tag */

/* Bytes of a checksum's tuple, or -EINVAL. Threads: MT-safe. */
int ublk_pi_size(uint32_t csum);

struct ublk_device_config {
	size_t   size;			/* sizeof(struct ublk_device_config) */
	int32_t  id;			/* or -1: the first free one */
	uint16_t nr_queues;		/* 1..LIBUBLK_MAX_QUEUES, default 1; the kernel grants
					 * no more than there are CPUs */
	uint16_t queue_depth;		/* 1..LIBUBLK_MAX_DEPTH, default 128 */
	uint64_t capacity;		/* bytes, multiple of logical_block, not 0 */
	uint32_t logical_block;		/* bytes, power of two, 512..page; default 512 */
	uint32_t physical_block;	/* bytes, power of two >= logical_block; default: that,
					 * at least 4096 */
	uint32_t io_min;		/* bytes, power of two; default physical_block */
	uint32_t io_opt;		/* bytes, power of two; default physical_block */
	uint32_t max_io;		/* bytes per request, whole pages; default 512 KiB */
	uint32_t attrs;			/* LIBUBLK_ATTR_* */
	uint32_t recovery;		/* LIBUBLK_RECOVERY_*, default off */
	uint32_t data_mode;		/* LIBUBLK_DATA_*, default copy */
	uint32_t discard_granularity;	/* bytes; default logical_block if max_discard is set */
	uint64_t max_discard;		/* bytes per request, < 2 TiB; 0: none are sent */
	uint64_t max_write_zeroes;	/* bytes per request, < 2 TiB; 0: none are sent */
	uint32_t dma_alignment;		/* bytes, power of two, < page; 0: driver's default */
	uint32_t flags;			/* LIBUBLK_NO_AFFINITY .. */
	uint64_t features_wanted;	/* LIBUBLK_FEATURE_*: asked for, fine without */
	uint64_t features_required;	/* refused with -EOPNOTSUPP unless granted; UNPRIVILEGED
					 * makes it an ordinary user's: see below */
	uint64_t features_granted;	/* output: in ublk_device_config_of() */
	struct ublk_uuid uuid;		/* identity; none: a new one, or the record's */
	const char *const *argv;	/* for "ublk recover"; NULL-terminated; copied */
	uint32_t fence_timeout_ms;	/* default 30000 */
	uint32_t attach_timeout_ms;	/* how long an attach waits for the driver to notice
					 * that the old server died, and who makes a user's
					 * device for its nodes; default 30000 */
	uint32_t latency_every;		/* of so many requests of a kind the latency of one is
					 * measured; 1: of all, some 200 instructions each;
					 * default 16 */
	/*
	 * Zones, host-managed: written from front to back only. Needs LIBUBLK_DATA_USER_COPY; the
	 * target gets LIBUBLK_OP_ZONE_* and LIBUBLK_OP_REPORT_ZONES, the first of these already
	 * while the device starts.
	 */
	uint64_t zone_size;		/* bytes, power of two, capacity a multiple; 0: none */
	uint64_t max_zone_append;	/* bytes; default the smaller of max_io and zone_size */
	uint32_t max_open_zones;	/* 0: no limit */
	uint32_t max_active_zones;	/* open or closed, not less than open; 0: no limit */
	/*
	 * Metadata: so many bytes more belong to each interval of data, and are written and read
	 * with it. The kernel computes the tuple in them (guard, application tag, reference tag)
	 * for each write, and fails a read whose tuple does not fit; the target only stores them.
	 * Needs user-copy, registered or auto-registered, and a kernel of 7.1 or later.
	 */
	uint32_t metadata_size;		/* bytes per interval, up to 255; 0: none */
	uint32_t metadata_interval;	/* bytes of data, power of two; default logical_block */
	uint32_t pi_csum;		/* LIBUBLK_PI_*: what the guard is */
	uint32_t pi_offset;		/* of the tuple in an interval's metadata, bytes */
	uint32_t pi_flags;		/* LIBUBLK_PI_REF_TAG .. */
	uint32_t pi_tag_size;		/* bytes that an application may use; for sysfs only */
	uint32_t max_metadata_segments;	/* of a request, up to 65535; 0: no limit */
};

#define UBLK_DEVICE_CONFIG_INIT { \
	sizeof(struct ublk_device_config), -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
	0, 0, { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } }, NULL, 0, 0, 0, \
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/*
 * An ordinary user's device: .features_required has LIBUBLK_FEATURE_UNPRIVILEGED, and the caller
 * has /dev/ublk-control open without being root (who gets none). No recovery, no user copy. The
 * driver takes commands on it from whoever may use its node; all calls here name that node, root's,
 * too. The nodes are made as root's, and udev gives them to the owner: ublk_device_create() waits
 * for that, and ublk_device_start() for the disk's, each attach_timeout_ms at most (-ETIMEDOUT, and
 * the device is stopped and deleted again). ublk_device_start_poll() does not wait for the disk's.
 */

/*
 * Fills in the defaults and checks every field, as create and attach do.
 * Returns: 0, -EINVAL with a sentence that names the field. Threads: MT-safe.
 */
int ublk_device_config_check(struct ublk_device_config *config);

/* ------------------------------------------------------------------------------------------
 * Becoming a device's server
 */

/*
 * Makes a new device: ADD, SET_PARAMS, open, fence, record. Not started yet.
 *
 * Returns: 0; -EINVAL config or ops; -EEXIST the id is taken; -EOPNOTSUPP a required feature is
 * missing; -EBUSY the backing is locked by another process; -ENOSPC, -EACCES too many devices;
 * -EPERM only root's, or ask for a user's; what ops->open returned; -ETIMEDOUT. After a failure the
 * device is deleted again.
 * Owns: @config is copied. The caller frees *ret_dev with ublk_device_free().
 * Threads: MT-safe.
 */
int ublk_device_create(struct ublk_ctl *ctl, const struct ublk_device_config *config,
		       const struct ublk_target_ops *ops, void *user,
		       struct ublk_device **ret_dev);

/*
 * Takes over device @id, whose server is gone: START_USER_RECOVERY, open, fence, record. Not
 * started yet. Geometry and recovery policy are the device's; of @config count .uuid (if
 * given it must be the device's), .capacity (if given it must not be less than the device's),
 * .data_mode (ignored: the device's; a target that cannot serve it refuses),
 * .features_required, .argv, .flags and the timeouts. @config may be NULL.
 *
 * Returns: 0; -ENODEV; -EBUSY another server lives, or the backing is still locked by the dead
 * one's I/O; -ESTALE the device has another identity or target; -EINVAL no recovery;
 * what ops->open returned; -ETIMEDOUT; -ECANCELED ublk_device_request_stop(). A failure leaves
 * the device as it was, with its I/O and its record: the call can be repeated.
 * Owns, Threads: as ublk_device_create().
 */
int ublk_device_takeover(struct ublk_ctl *ctl, int id, const struct ublk_device_config *config,
			 const struct ublk_target_ops *ops, void *user,
			 struct ublk_device **ret_dev);

/*
 * Creates the device if it does not exist, takes it over if it is ours and without a server,
 * starts it again if it is ours and DEAD. Which device: config->id, or the one whose record
 * has config->uuid, or a new one. A server that has just died is waited for
 * (config->attach_timeout_ms).
 *
 * Returns: as the two above; -EBUSY if another server lives; -ESTALE if the id belongs to
 * another identity.
 */
int ublk_device_attach(struct ublk_ctl *ctl, const struct ublk_device_config *config,
		       const struct ublk_target_ops *ops, void *user,
		       struct ublk_device **ret_dev);

/*
 * Lets go of the device: closes what is open, calls ops->close. A device this call's owner
 * created and never started is deleted; any other stays in the kernel, to be recovered or
 * deleted. NULL is allowed.
 * Threads: one thread, after ublk_device_run() returned and all queues are closed.
 */
void ublk_device_free(struct ublk_device *dev);

/* Threads: MT-safe, all of these. */
int ublk_device_id(const struct ublk_device *dev);
int ublk_device_is_recovering(const struct ublk_device *dev);	/* 1: taken over, else 0 */
int ublk_device_is_fenced(const struct ublk_device *dev);
void *ublk_device_user(const struct ublk_device *dev);
struct ublk_ctl *ublk_device_ctl(const struct ublk_device *dev);
/* With all defaults and all that the kernel granted filled in. Owns: the device. */
const struct ublk_device_config *ublk_device_config_of(const struct ublk_device *dev);
/* Why config_of(dev)->data_mode is what it is: a phrase. Owns: @dev. */
const char *ublk_device_data_reason(const struct ublk_device *dev);

/* ------------------------------------------------------------------------------------------
 * Serving, the short way
 */

/*
 * Opens every queue in a thread of its own, starts the device, serves until it is stopped (by
 * ublk_device_request_stop() or by anybody's STOP), joins the threads. Must be called without
 * queues open. Fork before it, not after.
 *
 * Returns: 0 stopped; -errno it could not start, or a queue thread ended unasked: then all are
 * ended, so that the driver sees the server go.
 * Threads: one thread.
 */
int ublk_device_run(struct ublk_device *dev);

/*
 * Makes ublk_device_run() stop the device and return, and a takeover's wait or a start under
 * way return -ECANCELED. Idempotent.
 * Threads: async-signal-safe.
 */
void ublk_device_request_stop(struct ublk_device *dev);

/*
 * Opens the control node, attaches, runs; the exit status of a server in one call.
 *
 * Exceptions to "no side effects", all documented: SIGINT and SIGTERM are blocked in this
 * thread and its queue threads while it runs and end it in order (LIBUBLK_NO_SIGNALS: not);
 * warnings go to stderr unless ublk_set_log() was called; and if a queue thread ends unasked,
 * **the process ends** with status LIBUBLK_EXIT_DIED, because only then does recovery apply.
 *
 * A device that is ended by a signal is stopped and deleted (LIBUBLK_HAND_OVER: left to the
 * next server). One that is stopped from outside stays, DEAD, until somebody deletes it.
 *
 * Returns: 0 after an orderly end, else -errno.
 * Threads: one per process.
 */
int ublk_serve(const struct ublk_device_config *config, const struct ublk_target_ops *ops,
	       void *user);

#define LIBUBLK_EXIT_DIED	70	/* exit status: a queue thread ended unasked */

/* ------------------------------------------------------------------------------------------
 * Serving, with threads and event loop of your own
 */

/*
 * Opens queue @index (0 .. nr_queues - 1) in the calling thread, which alone may use it: ring,
 * descriptors, buffers, ops->queue_open, FETCH of every tag. A thread may have several queues,
 * also of several devices.
 *
 * Returns: 0; -EINVAL; -EEXIST already open; -ENODEV the device was stopped; -ENOMEM, -EMFILE;
 * what ops->queue_open returned.
 * Owns: freed with ublk_queue_close(), in the same thread.
 */
int ublk_queue_open(struct ublk_device *dev, unsigned index, struct ublk_queue **ret_q);

/*
 * Readable when ublk_queue_step() may have work. Owns: the queue; do not read or close it. Threads:
 * the queue's.
 */
int ublk_queue_fd(const struct ublk_queue *q);

/*
 * Submits what is pending, waits at most @timeout_ms (0: not at all, negative: without bound)
 * for something to happen, delivers all of it.
 *
 * Returns: the number of completions handled, 0 on timeout or signal; -ENODEV once the device
 * has ended and nothing of this queue is left (close it); another -errno is fatal for the queue.
 * Threads: queue thread.
 */
int ublk_queue_step(struct ublk_queue *q, int timeout_ms);

/*
 * Calls ops->queue_close and frees the queue. Requests the target still has are left to the
 * kernel's recovery: their handles are dead. NULL is allowed.
 * Threads: queue thread.
 */
void ublk_queue_close(struct ublk_queue *q);

/*
 * Makes a sleeping or the next ublk_queue_step() return soon. Threads: async-signal-safe, while
 * the queue is open.
 */
void ublk_queue_wake(struct ublk_queue *q);

/*
 * Goes live: START for a new device, END_USER_RECOVERY for one taken over. All queues must be
 * open, and served meanwhile by other threads (adding the disk reads its partition table).
 *
 * Returns: 0; -EBUSY the device is being stopped; -ECANCELED; -ETIMEDOUT; -errno.
 * Threads: one thread, not a queue thread.
 */
int ublk_device_start(struct ublk_device *dev);

/*
 * The same for a program with a single thread: begin, then ublk_device_start_poll() whenever
 * ublk_device_start_fd() is readable.
 *
 * ublk_device_start_poll() returns: -EAGAIN under way; 0 live; -errno.
 * Threads: one thread.
 */
int ublk_device_start_begin(struct ublk_device *dev);
int ublk_device_start_fd(const struct ublk_device *dev);
int ublk_device_start_poll(struct ublk_device *dev);

/* Threads: MT-safe, all of these. */
struct ublk_device *ublk_queue_device(const struct ublk_queue *q);
unsigned ublk_queue_index(const struct ublk_queue *q);
/* A pointer for the target, NULL at first. Threads: queue thread. */
void ublk_queue_set_priv(struct ublk_queue *q, void *priv);
void *ublk_queue_priv(const struct ublk_queue *q);
/* The queue's ring, for registering files or buffers (register file and buffer slots from 0).
 * Do not submit to it or reap from it. Threads: queue thread. */
struct io_uring *ublk_queue_ring(struct ublk_queue *q);

struct ublk_queue_stats {
	size_t   size;			/* set by the caller */
	uint64_t delivered;		/* requests handed to ops->submit */
	uint64_t completed;		/* completed by the target, first completions only */
	uint64_t failed;		/* of these with an error */
	uint64_t double_completions;	/* counted and ignored: a bug in the target */
	uint64_t bad_results;		/* positive, turned into -EIO: a bug in the target */
	uint32_t in_target;		/* requests the target has now */
	uint32_t sqes_in_flight;	/* the target's own SQEs under way */
};

/* Returns 0, -EINVAL. Threads: queue thread. */
int ublk_queue_get_stats(const struct ublk_queue *q, struct ublk_queue_stats *ret_stats);

/* ------------------------------------------------------------------------------------------
 * Memory shared with who does I/O
 *
 * A program that does O_DIRECT I/O on the disk out of memory that it shares with the server (a
 * memfd, a file on tmpfs or hugetlbfs that both have mapped) needs no copy: the server registers
 * that memory, and a request that lies in one registered piece of it, from front to back, comes as
 * a place in there. ublk_io_buffer() and all others that move data work with it as with
 * any request; all others travel as the data mode says.
 *
 * Asked for with LIBUBLK_FEATURE_SHMEM_ZC in config.features_wanted or features_required. The
 * memory is pinned, and counts against RLIMIT_MEMLOCK of the user unless it has CAP_IPC_LOCK. The
 * driver keeps it until it is unregistered or the device is deleted, also when the server dies; who
 * takes over begins without (what was registered before is unregistered), so register in ops->open.
 */

#define LIBUBLK_MAX_MEMORY	64		/* pieces at a time */

#define LIBUBLK_MEMORY_READ_ONLY (1u << 0)	/* this process must not write there: only what is
						 * written to the disk comes this way */

/*
 * Registers @len bytes at @at, whole pages, at most 4 GiB, shared (not private) memory. @flags:
 * LIBUBLK_MEMORY_*. *ret_index: for ublk_device_unregister_memory().
 *
 * Returns: 0; -EOPNOTSUPP without the feature; -EINVAL; -EFAULT it cannot be pinned; -ENOMEM, also
 * by RLIMIT_MEMLOCK; -EEXIST a page of it is registered already; -ENOSPC; -ENODEV; -ETIMEDOUT.
 * Owns: the caller keeps it mapped at @at until it is unregistered or @dev freed.
 * Threads: MT-safe, from ops->open on.
 */
int ublk_device_register_memory(struct ublk_device *dev, void *at, size_t len, uint32_t flags,
				unsigned *ret_index);

/*
 * Gives it back. From now on no request comes that way; those that did are waited for, some seconds
 * at most: a thread that holds such requests must not be the one that calls this.
 *
 * Returns: 0: no request points there any more; -EBUSY some do: complete them, and call it again
 * (the memory has to stay until then); -ENOENT; -EINVAL; -EOPNOTSUPP; -ETIMEDOUT.
 * Threads: MT-safe.
 */
int ublk_device_unregister_memory(struct ublk_device *dev, unsigned index);

/* ------------------------------------------------------------------------------------------
 * A request
 *
 * Threads: any thread, as long as the target has the request, unless it says otherwise.
 */

#define LIBUBLK_OP_READ		0
#define LIBUBLK_OP_WRITE	1
#define LIBUBLK_OP_FLUSH	2
#define LIBUBLK_OP_DISCARD	3
#define LIBUBLK_OP_WRITE_ZEROES	5
/* Of devices with zones; the offset says which zone. */
#define LIBUBLK_OP_ZONE_OPEN	10
#define LIBUBLK_OP_ZONE_CLOSE	11
#define LIBUBLK_OP_ZONE_FINISH	12
#define LIBUBLK_OP_ZONE_APPEND	13	/* a write whose place the target chooses in the zone */
#define LIBUBLK_OP_ZONE_RESET_ALL 14
#define LIBUBLK_OP_ZONE_RESET	15
#define LIBUBLK_OP_REPORT_ZONES	18	/* answered by ublk_io_report_zones() */

#define LIBUBLK_IO_FUA		(1u << 13)	/* durable before it is completed */
#define LIBUBLK_IO_NOUNMAP	(1u << 15)	/* WRITE_ZEROES: keep the blocks allocated */
#define LIBUBLK_IO_METADATA	(1u << 18)	/* ublk_io_metadata_length() is not 0 */

unsigned ublk_io_op(const struct ublk_io *io);		/* LIBUBLK_OP_* */
uint32_t ublk_io_flags(const struct ublk_io *io);	/* LIBUBLK_IO_*, other bits may be set */
uint64_t ublk_io_offset(const struct ublk_io *io);	/* bytes */
uint64_t ublk_io_length(const struct ublk_io *io);	/* bytes; 0: FLUSH, REPORT_ZONES, and of
							 * ZONE_* all but APPEND */
unsigned ublk_io_tag(const struct ublk_io *io);		/* 0 .. queue_depth - 1 */
struct ublk_queue *ublk_io_queue(const struct ublk_io *io);
/* ops->io_priv_size bytes that belong to this tag, zeroed when the queue is opened. */
void *ublk_io_priv(const struct ublk_io *io);

/*
 * The data: what is to be written (WRITE) or where to read to (READ), page aligned,
 * ublk_io_length() bytes. NULL for other operations, and with LIBUBLK_DATA_USER_COPY, _REGISTERED
 * and _AUTO_REGISTERED; but in registered memory it is there with these, too, and aligned as the
 * program has it that does the I/O.
 * Owns: the target, until it completes the request.
 */
void *ublk_io_buffer(const struct ublk_io *io);

/*
 * 1 if the data is in memory of ublk_device_register_memory(), else 0. Another process sees it all
 * the time: what has been checked may be something else a moment later.
 */
int ublk_io_is_in_memory(const struct ublk_io *io);

/*
 * Data of a request in any data mode: _out reads @len bytes of a WRITE's or ZONE_APPEND's data from
 * @offset within the request on, _in fills a READ's.
 *
 * Returns: 0; -EINVAL outside the request or wrong direction; -errno, -ENODEV the kernel has
 * taken the request back.
 */
int ublk_io_copy_out(struct ublk_io *io, uint64_t offset, void *to, size_t len);
int ublk_io_copy_in(struct ublk_io *io, uint64_t offset, const void *from, size_t len);

/*
 * Metadata of a READ or WRITE, config.metadata_size bytes for each interval of its data; 0: it has
 * none. A tuple whose application tag is 0xffff (without LIBUBLK_PI_REF_TAG: and whose reference
 * tag is all ones, too) says that the interval is not to be checked, so all ones are right for what
 * was never written.
 */
uint64_t ublk_io_metadata_length(const struct ublk_io *io);

/*
 * _out reads @len bytes of a WRITE's metadata from @offset within them on, _in fills a READ's.
 *
 * Returns: 0; -EINVAL outside of them or wrong direction; -errno as ublk_io_copy_in().
 */
int ublk_io_metadata_copy_out(struct ublk_io *io, uint64_t offset, void *to, size_t len);
int ublk_io_metadata_copy_in(struct ublk_io *io, uint64_t offset, const void *from, size_t len);

/*
 * Where the request's pages are in the table of registered buffers of ublk_queue_ring(), from
 * submit to completion, for SQEs of IORING_OP_READ_FIXED and _WRITE_FIXED: their address counts
 * from the request's first byte. -1: nowhere (other operations, other data modes).
 */
int ublk_io_buffer_index(const struct ublk_io *io);

/*
 * Prepares an SQE of ublk_io_get_sqe(): reads into a READ's data, or writes a WRITE's, @len bytes
 * from @at within the request on, from or to @offset of @fd; registered or not, as the data mode
 * has it. Flags (sqe->rw_flags) may be added afterwards.
 *
 * Returns: 0; -EINVAL outside the request; -EOPNOTSUPP with LIBUBLK_DATA_USER_COPY.
 */
int ublk_io_prep_rw(const struct ublk_io *io, struct io_uring_sqe *sqe, int fd, uint64_t at,
		    uint32_t len, uint64_t offset);

/*
 * Says where an append went, before its completion with 0: its first byte on the device, which has
 * to be in the zone that the request names. Without it that is the zone's first byte.
 */
void ublk_io_set_append(struct ublk_io *io, uint64_t offset);

#define LIBUBLK_ZONE_CONVENTIONAL	1	/* types; the numbers are the kernel's */
#define LIBUBLK_ZONE_SEQUENTIAL		2

#define LIBUBLK_ZONE_NOT_WP		0x0	/* conditions; the only one of conventional zones */
#define LIBUBLK_ZONE_EMPTY		0x1
#define LIBUBLK_ZONE_IMP_OPEN		0x2	/* by a write */
#define LIBUBLK_ZONE_EXP_OPEN		0x3	/* by ZONE_OPEN */
#define LIBUBLK_ZONE_CLOSED		0x4
#define LIBUBLK_ZONE_READ_ONLY		0xd
#define LIBUBLK_ZONE_FULL		0xe
#define LIBUBLK_ZONE_OFFLINE		0xf

struct ublk_zone {			/* all in bytes; its size does not change */
	uint64_t start, length;
	uint64_t capacity;		/* that can be written, not more than length */
	uint64_t write_pointer;		/* where the next write goes, while there can be one */
	uint32_t type, condition;	/* LIBUBLK_ZONE_* */
};

/* REPORT_ZONES: so many zones are asked for, from the one at ublk_io_offset() on. Else 0. */
unsigned ublk_io_nr_zones(const struct ublk_io *io);

/*
 * Answers a REPORT_ZONES, or a part of it: zones number @first, @first + 1, .. of those asked for.
 * What is not given is not there: the device ends before it. Then complete with 0.
 *
 * Returns: 0; -EINVAL more than asked for, or another operation; -errno as ublk_io_copy_in().
 */
int ublk_io_report_zones(struct ublk_io *io, unsigned first, const struct ublk_zone *zones,
			 unsigned count);

/*
 * An SQE on the queue's ring, zeroed, with user_data set by the library: prepare it, do not set
 * user_data. Its completion comes to ops->cqe with @cookie. It is submitted by the next
 * ublk_queue_step(). For linked SQEs call ublk_queue_reserve_sqes() first, so that a full ring
 * does not cut the chain.
 *
 * Returns: NULL if the ring is full and cannot be submitted.
 * Threads: queue thread.
 */
struct io_uring_sqe *ublk_io_get_sqe(struct ublk_io *io, uint32_t cookie);
struct io_uring_sqe *ublk_queue_get_sqe(struct ublk_queue *q, uint32_t cookie);
/* Room for @count SQEs without a submission in between. Returns 0, -ENOSPC, -errno. */
int ublk_queue_reserve_sqes(struct ublk_queue *q, unsigned count);

/*
 * Ends the request. @result: 0 all of it was done, or -errno. A positive value is a bug of the
 * target (a positive errno, a byte count): it is counted and the request fails with EIO. A
 * second completion is counted and ignored. Completed from another thread than the queue's
 * it takes the way of ublk_io_complete_mt().
 * Threads: queue thread.
 */
void ublk_io_complete(struct ublk_io *io, int result);

/*
 * The same from any thread, while the queue is open: the target must not let a queue be closed
 * under its helper threads (join them in ops->queue_close).
 * Threads: MT-safe.
 */
void ublk_io_complete_mt(struct ublk_io *io, int result);

/* ------------------------------------------------------------------------------------------
 * Records: what is on file about a device, <run dir>/<id>
 *
 * Written before a device goes live (temporary name, fsync, rename), replaced at each takeover,
 * removed only by ublk_device_delete().
 */

/*
 * Reads the record of device @id. Only a plain file that nobody but root or the caller could
 * have written is believed.
 *
 * Returns: 0; -ENOENT; -EPERM owner or mode of file or folder is wrong; -EBADMSG truncated,
 * garbled, or for another id; -EPROTONOSUPPORT written by a newer version; -errno.
 * Owns: the caller frees it with ublk_record_free(), which takes NULL.
 * Threads: MT-safe.
 */
int ublk_record_load(struct ublk_ctl *ctl, int id, struct ublk_record **ret_record);
void ublk_record_free(struct ublk_record *record);

/* Owns: the record, all of them. */
const struct ublk_uuid *ublk_record_uuid(const struct ublk_record *record);
const char *ublk_record_target(const struct ublk_record *record);
const char *ublk_record_cwd(const struct ublk_record *record);	/* where argv was started */
/* NULL-terminated, may be empty. */
const char *const *ublk_record_argv(const struct ublk_record *record);
int ublk_record_is_fenced(const struct ublk_record *record);
/* The file whose flock() is the fence; NULL: unfenced, or it had no name. */
const char *ublk_record_fence_path(const struct ublk_record *record);

/* Process that wrote it; may be long dead, and the number in use again. */
int ublk_record_pid(const struct ublk_record *record);
/* Its parent then: the supervisor, if it has one. 0: written by an older version. */
int ublk_record_parent(const struct ublk_record *record);
/* When this server attached, in seconds since 1970. */
int64_t ublk_record_time(const struct ublk_record *record);

/*
 * Ids that have a record, ascending, also those without a device. Returns 0 or -errno.
 * Owns: *ret_ids is freed by the caller with free(); NULL if there are none.
 */
int ublk_record_list(struct ublk_ctl *ctl, int **ret_ids, size_t *ret_count);

/* Removes a record that is of no more use, and counters (ublk_device_delete() does it itself).
 * Returns 0, -ENOENT, -errno. */
int ublk_record_remove(struct ublk_ctl *ctl, int id);

/*
 * A second copy of the record, <run dir>/<id>.old: whoever replaces a server that works keeps the
 * record of that one until the new one is live, because the new one writes its own before.
 * ublk_record_remove() removes it too.
 *
 * Returns: as ublk_record_load(); ublk_record_keep() also what writing fails with;
 * ublk_record_drop_kept() 0, -ENOENT, -errno. Threads: MT-safe.
 */
int ublk_record_keep(struct ublk_ctl *ctl, int id);
int ublk_record_load_kept(struct ublk_ctl *ctl, int id, struct ublk_record **ret_record);
int ublk_record_drop_kept(struct ublk_ctl *ctl, int id);

/*
 * Is the record about the device that has this id in the kernel now (and not about an earlier
 * one)? Returns 1, 0.
 */
int ublk_record_matches(const struct ublk_record *record, const struct ublk_device_info *info);

/* ------------------------------------------------------------------------------------------
 * Counters: <run dir>/<id>.stats, written by the server, mapped by whoever wants to know
 *
 * They are the device's: they go on when another server takes over and end with the device.
 * <ublk_stats.h> has the layout, for programs without this library. A server that cannot make the
 * file (no room, LIBUBLK_NO_RECORD) serves without it.
 */

#define LIBUBLK_STATS_READ	0	/* indexes of kinds */
#define LIBUBLK_STATS_WRITE	1
#define LIBUBLK_STATS_FLUSH	2
#define LIBUBLK_STATS_DISCARD	3
#define LIBUBLK_STATS_WRITE_ZEROES 4
#define LIBUBLK_STATS_OTHER	5
#define LIBUBLK_STATS_KINDS	6
#define LIBUBLK_STATS_BUCKETS	40

struct ublk_stats_info {
	size_t   size;			/* set by the caller */
	struct ublk_uuid uuid;
	int32_t  id;
	int32_t  server_pid;		/* the one that went live last; may be dead */
	uint32_t nr_queues;
	uint32_t nr_servers;		/* that went live; restarts are one less */
	uint64_t created_ms;		/* since 1970: counting began */
	uint64_t live_ms;		/* since 1970: the last server went live */
	uint32_t latency_every;		/* as in ublk_device_config; 0: not measured */
};

struct ublk_stats_of_kind {
	uint64_t ops;			/* requests the target completed, failed ones too */
	uint64_t errors;		/* of these with an error */
	uint64_t bytes;			/* of those without */
	uint64_t measured;		/* whose latency was measured */
	uint64_t measured_ns;		/* sum of these, from submit to completion */
	/* How many took 2^n .. 2^(n+1) - 1 ns; the last bucket has all above. */
	uint64_t buckets[LIBUBLK_STATS_BUCKETS];
};

struct ublk_stats_counters {
	size_t   size;			/* set by the caller */
	uint64_t in_flight;		/* requests the target has */
	uint64_t left_behind;		/* that servers had when they died */
	struct ublk_stats_of_kind kinds[LIBUBLK_STATS_KINDS];
};

/*
 * Maps the counters of device @id, read only. Compare the UUID with the device's: the file may be
 * of an earlier device with this id.
 *
 * Returns: 0; -ENOENT there are none; -EPERM owner or mode of file or folder is wrong; -EBADMSG
 * damaged or of another version; -errno.
 * Owns: the caller frees it with ublk_stats_close(), which takes NULL.
 * Threads: MT-safe; reading too, from several threads at once.
 */
int ublk_stats_open(struct ublk_ctl *ctl, int id, struct ublk_stats **ret_stats);
void ublk_stats_close(struct ublk_stats *stats);
/* Returns 0, -EINVAL if size is not set. */
int ublk_stats_get_info(const struct ublk_stats *stats, struct ublk_stats_info *ret_info);

/*
 * The counters of one queue, or with @queue < 0 the sums of all. Each number is of this moment; two
 * may be of moments a little apart. Returns 0, -EINVAL.
 */
int ublk_stats_read(const struct ublk_stats *stats, int queue,
		    struct ublk_stats_counters *ret_counters);

/*
 * The latency in ns that @percent (0 .. 100) of those in LIBUBLK_STATS_BUCKETS buckets do not
 * exceed, evenly spread within a bucket; 0 if there are none. @buckets may be the difference of two
 * reads.
 */
uint64_t ublk_stats_percentile(const uint64_t *buckets, double percent);

/* ------------------------------------------------------------------------------------------
 * Supervision: a parent without I/O state starts the server again when it dies
 */

#define LIBUBLK_EXIT_GIVE_UP	78	/* a worker's exit status: starting it again is of no use */

#define LIBUBLK_WORKER_STARTED	0	/* value: pid */
#define LIBUBLK_WORKER_EXITED	1	/* value: exit status */
#define LIBUBLK_WORKER_KILLED	2	/* value: signal */
#define LIBUBLK_WORKER_BACKOFF	3	/* value: ms until the next start */
#define LIBUBLK_WORKER_GIVE_UP	4	/* value: starts so far */
#define LIBUBLK_WORKER_HUNG	5	/* value: 0; it is killed now */

struct ublk_supervisor_config {
	size_t size;			/* sizeof(struct ublk_supervisor_config) */
	/* Runs in the child; its return value is the exit status. @attempt counts from 0. */
	int (*worker)(unsigned attempt, void *user);
	const char *const *argv;	/* or: a command to execute, NULL-terminated */
	uint32_t max_restarts;		/* within window_ms; default 5 */
	uint32_t window_ms;		/* default 60000 */
	/*
	 * A worker that dies is started again at once, unless the one before it died within
	 * steady_ms, too: then after a pause, which doubles each time. Up to half of it is taken
	 * off at random.
	 */
	uint32_t backoff_min_ms;	/* default 100 */
	uint32_t backoff_max_ms;	/* default 10000 */
	uint32_t stop_timeout_ms;	/* from SIGTERM until giving up; default 60000 */
	int32_t  stop_fd;		/* readable: SIGTERM to the worker, return; -1: none */
	void (*event)(int event, long value, void *user);	/* may be NULL */
	/*
	 * Asked every check_ms while a worker runs, in the supervisor; may be NULL. Not 0: the
	 * worker hangs; it is killed (SIGKILL) and, when it has ended, started again.
	 */
	int (*is_hung)(void *user);
	uint32_t check_ms;		/* default 1000 */
	uint32_t steady_ms;		/* default 1000 */
};

#define UBLK_SUPERVISOR_CONFIG_INIT { \
	sizeof(struct ublk_supervisor_config), NULL, NULL, 0, 0, 0, 0, 0, -1, NULL, NULL, 0, 0 }

/*
 * Starts the worker and starts it again whenever it dies of a signal or exits with a status
 * other than 0 and LIBUBLK_EXIT_GIVE_UP. Never stops or deletes a device: when it gives up, the
 * device stays as its recovery policy says, with its I/O waiting, and can be taken over by hand.
 * The worker is not killed if the supervisor dies.
 *
 * Returns: 0 the worker ended with status 0, or stop_fd was used and it ended; -ECHILD given up;
 * -ETIMEDOUT it did not end within stop_timeout_ms (it is left alone); -EINVAL, also if the
 * process has other threads and .worker is used; -errno.
 * Threads: the only thread of the process. It reaps its own child, no other.
 */
int ublk_supervise(const struct ublk_supervisor_config *config, void *user);

#ifdef __cplusplus
}
#endif

#endif /* LIBUBLK_UBLK_H */
