/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What the rooms of the library share: the structs first, then the verbs of each room.
 *
 *   serve  supervise                 threads, processes
 *   device  node  recovery           a device from the server's side
 *   queue  buffer  zoned  shmem      ownership of each request
 *   inspect  json  record  stats     what is known about a device, and tells of it: uevent
 *   ctl  config  data_mode           commands, checks
 *   transport: uring, uring_ctl      the kernel, or tests/unit/fake_*.c in its place
 *   log  error  uuid  version
 *
 * A room may call those below it and its own line, never above.
 */
#ifndef LIBUBLK_INTERNAL_H
#define LIBUBLK_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "ublk.h"
#include "ublk_stats.h"
#include "uapi/ublk_cmd.h"

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define UBLK_HIDDEN		__attribute__((visibility("hidden")))
#define UBLK_EXPORT		__attribute__((visibility("default")))

#define SECTOR_SHIFT		9
#define UBLK_NODE_PATH		96	/* bytes of /dev/ublkcN, and of what the unit tests have */

struct ublk_transport_ops;

/* ---- structs ---- */

/* Access to the control node. Held by devices' owners and by commands that outlive a call. */
struct ublk_ctl {
	atomic_uint refs;
	const struct ublk_transport_ops *transport;
	void *t;			/* the transport's; released with the last reference */
	atomic_int timeout_ms;		/* negative: no bound */
	pthread_mutex_t lock;		/* run_dir */
	char *run_dir;			/* NULL until somebody asks */
};

/*
 * One control command on its way. It owns a copy of the payload, because the kernel may write to
 * it until the completion has come, however late that is.
 */
struct ublk_cmd {
	struct ublk_ctl *ctl;		/* holds a reference */
	uint32_t op;
	struct ublksrv_ctrl_cmd header;
	void *buf;			/* header.dev_path_len bytes of path, payload; or NULL */
	int res;			/* valid once wait said so */
	void *t;			/* the transport's, for this command */
	struct ublk_cmd *next;		/* in the list of commands nobody waits for any more */
};

/* What a caller wants from one command. */
struct ublk_cmd_args {
	uint32_t op;
	int id;				/* -1: none */
	int queue;			/* -1: none */
	uint64_t data;
	void *buf;			/* in and out, or NULL */
	uint16_t len;
	int timeout_ms;			/* 0: the ctl's, negative: no bound */
	int interrupt_fd;		/* readable: give up with -ECANCELED; -1: none */
	bool is_by_path;		/* a user's device: the node's path comes first */
};

/* Who has a tag. Changes only in queue.c; TARGET to DONE by compare-and-exchange, in any thread. */
enum ublk_io_state {
	IO_IDLE,			/* nobody yet: not fetched */
	IO_KERNEL,			/* the kernel holds its command */
	IO_REGISTERING,			/* delivered, its pages are being registered by hand */
	IO_TARGET,			/* the target has the request */
	IO_DONE,			/* completed by the target, not committed yet */
	IO_ENDED,			/* the kernel gave the command back for good */
};

struct ublk_io {
	struct ublk_queue *q;
	uint16_t tag;
	atomic_int state;		/* enum ublk_io_state */
	int result;			/* bytes or -errno, for the COMMIT; by whoever won DONE */
	unsigned nr_sqes;		/* target's SQEs under way; queue thread */
	bool is_registered;		/* by hand: to be unregistered before the COMMIT */
	uint64_t append_sector;		/* where an append went; by who has the request */
	bool is_settled;		/* DONE is known to the queue thread, and counted */
	struct ublk_stats_kind *counters; /* of its kind */
	int64_t begun_ns;		/* when it was delivered; 0: its latency is not measured */
	struct ublk_io *remote_next;	/* in q->remote */
	struct ublksrv_io_desc desc;	/* as it was when the request was delivered */
	void *priv;			/* ops->io_priv_size bytes */
};

struct ublk_queue {
	struct ublk_device *dev;
	const struct ublk_transport_ops *transport;
	unsigned index, depth;
	pthread_t thread;		/* who opened it */
	struct ublk_io *ios;		/* depth of them */
	void *privs;			/* one area for all io->priv */
	char *bufs;			/* one area for all io->buf, or NULL */
	size_t bufs_size, buf_stride;
	_Atomic(struct ublk_io *) remote; /* completed in other threads, newest first */
	int wake_fd;			/* eventfd; its reader is the transport */
	unsigned nr_kernel;		/* tags in IO_KERNEL */
	int error;			/* fatal: -errno that step reports from now on */
	bool is_stepping;		/* inside the transport's wait */
	void *priv;			/* the target's */
	void *t;			/* the transport's */
	struct ublk_queue_stats stats;
	struct ublk_stats_queue *counters; /* in the device's shared file; written here only */
	uint32_t latency_every;		/* 1: measure each request */
	uint32_t to_measure[UBLK_STATS_KINDS]; /* it is the so many-th from here that is next */
	atomic_ullong double_completions, bad_results; /* of stats; any thread */
};

/* Which file it is, whatever its name: a block device has no inode here but its own number. */
struct ublk_backing {
	bool is_known;
	unsigned major, minor;
	uint64_t inode;			/* 0: the block device itself */
};

/* Registered with the driver. */
struct ublk_memory {
	_Atomic(char *) at;		/* NULL: none; written under memory_lock */
	size_t len;			/* written before it */
};

struct ublk_device {
	struct ublk_ctl *ctl;
	struct ublk_target_ops ops;
	void *user;
	struct ublk_device_config config; /* asked, defaulted, then what was granted */
	char **argv;			/* owned copy behind config.argv */
	char name[32];			/* owned copy behind ops.name */
	char data_reason[200];		/* why config.data_mode is what it is */
	int id;				/* -1 until ADD */
	int chr_fd;			/* -1 until opened */
	unsigned desc_size;		/* bytes per descriptor, from the driver */
	int event_fd;			/* eventfd: news for the thread in charge */
	int wait_fd;			/* epoll over event_fd and signal_fd */
	int signal_fd;			/* readable: asked to stop; -1: none; not owned */
	atomic_bool is_stop_requested;
	atomic_int failed_queue;	/* -errno of the first thread that ended unasked */
	bool is_ours_to_delete;		/* this call did the ADD, and it never went live */
	bool is_recovering;		/* END_USER_RECOVERY rather than START */
	bool is_target_open;		/* ops->open succeeded */
	bool is_fenced;
	char *fence_path;		/* for the record; NULL if unknown */
	struct ublk_backing backing;	/* what the fence is on */
	struct ublk_backing expected;	/* a takeover: what it was on before, by the record */
	atomic_bool is_live;
	struct ublk_stats_header *counters; /* mapped <run dir>/<id>.stats; NULL before prepare */
	struct ublk_cmd *start;		/* START or END under way */
	pthread_mutex_t lock;		/* is_open */
	bool *is_open;			/* per queue */
	pthread_mutex_t memory_lock;	/* held over the commands, too */
	struct ublk_memory memory[LIBUBLK_MAX_MEMORY];
};

struct ublk_record {
	int id;
	struct ublk_uuid uuid;
	char *target;
	char *cwd;
	char **argv;
	int pid;			/* who wrote it */
	int64_t time;			/* s since 1970 */
	char *fence_path;		/* NULL: unfenced, or the file has no name */
	bool is_fenced;
	int parent;			/* of pid, then; 0: the record does not say */
	struct ublk_backing backing;
};

/* ---- the transport ---- */

/*
 * The seam to the kernel. uring.c and uring_ctl.c implement it; so does the fake kernel of the
 * unit tests, which is why nothing above it knows a ring. All return 0 (or what is said) or
 * -errno; the caller writes the sentence unless the transport knows more.
 */
struct ublk_transport_ops {
	int (*open)(void **ret_t);
	void (*close)(void *t);

	/* Control. submit starts; wait returns 0 when cmd->res is there, -ETIME, -ECANCELED. */
	int (*cmd_submit)(struct ublk_cmd *cmd);
	int (*cmd_wait)(struct ublk_cmd *cmd, int timeout_ms, int interrupt_fd);
	void (*cmd_cancel)(struct ublk_cmd *cmd);	/* a request: go on waiting */
	int (*cmd_fd)(const struct ublk_cmd *cmd);	/* readable when wait may succeed */
	void (*cmd_release)(struct ublk_cmd *cmd);	/* completed, or never submitted */

	/* Device nodes. */
	void (*dev_path)(int id, bool is_disk, char ret_path[UBLK_NODE_PATH]);
	int (*dev_open)(struct ublk_ctl *ctl, int id);	/* fd */
	void (*dev_close)(struct ublk_ctl *ctl, int fd);
	int (*dev_list)(struct ublk_ctl *ctl, int **ret_ids, size_t *ret_count);
	/* Will a uevent tell whatever happens to this device next? NULL: no. */
	bool (*dev_announces)(int id);

	/* Queues, in their thread. */
	int (*queue_init)(struct ublk_queue *q);
	void (*queue_exit)(struct ublk_queue *q);
	int (*queue_fd)(const struct ublk_queue *q);
	const struct ublksrv_io_desc *(*queue_desc)(const struct ublk_queue *q, unsigned tag);
	int (*queue_command)(struct ublk_queue *q, unsigned tag, uint32_t op, int32_t result,
			     uint64_t addr);
	int (*queue_submit)(struct ublk_queue *q);
	/* Submits, waits, calls the ublk_queue_on_*() below; the number of completions. */
	int (*queue_wait)(struct ublk_queue *q, int timeout_ms);
	struct io_uring_sqe *(*queue_sqe)(struct ublk_queue *q, struct ublk_io *io,
					  uint32_t cookie);
	int (*queue_reserve)(struct ublk_queue *q, unsigned count);
	struct io_uring *(*queue_ring)(struct ublk_queue *q);

	/* User copy, any thread. Bytes moved or -errno. */
	ssize_t (*copy)(struct ublk_io *io, uint64_t offset, void *buf, size_t len,
			bool to_kernel);
};

extern UBLK_HIDDEN const struct ublk_transport_ops ublk_uring_transport;

/* uring_ctl.c, for the table in uring.c */
int ublk_uring_open(void **ret_t);
void ublk_uring_close(void *t);
int ublk_uring_cmd_submit(struct ublk_cmd *cmd);
int ublk_uring_cmd_wait(struct ublk_cmd *cmd, int timeout_ms, int interrupt_fd);
void ublk_uring_cmd_cancel(struct ublk_cmd *cmd);
int ublk_uring_cmd_fd(const struct ublk_cmd *cmd);
void ublk_uring_cmd_release(struct ublk_cmd *cmd);
int ublk_uring_setup_error(int err);

/* ---- error.c, log.c, util.c ---- */

/* Before a callback of the target: what is there afterwards is its own. */
void ublk_clear_error(void);
void ublk_log(int level, const char *format, ...) LIBUBLK_PRINTF(2, 3);
bool ublk_log_is_set(void);

int64_t ublk_now_ms(void);		/* monotonic */
/* What is left until @deadline (a ublk_now_ms() value, negative: none) as a poll timeout. */
int ublk_time_left(int64_t deadline);
int64_t ublk_deadline(int timeout_ms);
/* poll() on one fd; 1 readable, 0 time over, -errno. fd -1 just waits. EINTR is not an event. */
int ublk_poll_in(int fd, int timeout_ms);
int ublk_event_create(void);		/* eventfd or -errno */
void ublk_event_set(int fd);		/* async-signal-safe */
void ublk_event_clear(int fd);
/* Copy of a caller's sized struct into ours: -EINVAL too small, -E2BIG unknown fields in use. */
int ublk_copy_sized(void *to, size_t to_size, const void *from, size_t from_size, size_t least,
		    const char *what);
/* A growing list of device ids. */
struct ublk_ids {
	int *ids;
	size_t count;
};

int ublk_ids_add(struct ublk_ids *ids, int id);
void ublk_ids_sort(struct ublk_ids *ids);
char **ublk_strv_dup(const char *const *strv);
void ublk_strv_free(char **strv);
/* The part of the UUID that the kernel's device carries; never 0. */
uint64_t ublk_uuid_tag(const struct ublk_uuid *uuid);

/* ---- ctl.c ---- */

int ublk_ctl_open_transport(const struct ublk_transport_ops *transport,
			    struct ublk_ctl **ret_ctl);
void ublk_ctl_get(struct ublk_ctl *ctl);
void ublk_ctl_put(struct ublk_ctl *ctl);
/* < 0, with a sentence: no answer. 0: *ret_res is the driver's, for the caller to explain. */
int ublk_ctl_run(struct ublk_ctl *ctl, const struct ublk_cmd_args *args, int *ret_res);
int ublk_cmd_begin(struct ublk_ctl *ctl, const struct ublk_cmd_args *args,
		   struct ublk_cmd **ret_cmd);
/* 0 it is over: finish it; -ETIME, -ECANCELED: it is not: wait again, or abandon it. */
int ublk_cmd_wait(struct ublk_cmd *cmd, int timeout_ms, int interrupt_fd);
/* The result of a command that is over, and its payload; frees it. */
int ublk_cmd_finish(struct ublk_cmd *cmd, void *buf, uint16_t len);
/*
 * Asks the kernel to end it and waits a little. 0: it ended by itself meanwhile, as after finish.
 * -ETIME: it was cancelled, or goes on unattended.
 */
int ublk_cmd_abandon(struct ublk_cmd *cmd, void *buf, uint16_t len, int *ret_res);
unsigned ublk_cmd_reap(void);		/* number of commands still unattended */
/* @res is -EPERM or -EACCES: returns it, with the sentence for whom device @id refuses. */
int ublk_not_permitted(int id, int res);

/* ---- config.c ---- */

int ublk_config_copy(const struct ublk_device_config *config, struct ublk_device_config *ret);
int ublk_ops_copy(const struct ublk_target_ops *ops, struct ublk_target_ops *ret);
uint64_t ublk_config_features(const struct ublk_device_config *config);
void ublk_config_to_params(const struct ublk_device_config *config, struct ublk_params *ret);
void ublk_config_from_kernel(struct ublk_device_config *config,
			     const struct ublksrv_ctrl_dev_info *info,
			     const struct ublk_params *params);
int ublk_features_refuse(uint64_t missing, const char *what);
uint32_t ublk_flags_to_recovery(uint64_t flags);
uint32_t ublk_shift_to_bytes(unsigned shift);

/* ---- data_mode.c ---- */

uint64_t ublk_data_mode_flags(uint32_t mode);
bool ublk_data_mode_is_registered(uint32_t mode);
/* Before ADD, and for a device that is there already: is the mode one for the target? */
int ublk_data_mode_choose(struct ublk_device *dev, uint64_t known);
int ublk_data_mode_adopt(struct ublk_device *dev);

/* ---- inspect.c ---- */

int ublk_get_kernel_info(struct ublk_ctl *ctl, int id, struct ublksrv_ctrl_dev_info *ret);
int ublk_get_kernel_params(struct ublk_ctl *ctl, int id, struct ublk_params *ret);
int ublk_no_device(int id);		/* -ENODEV and its sentence */
/* Until it is in , or with  in any other.  as in ublk_cmd_args. */
int ublk_wait_state(struct ublk_ctl *ctl, int id, int state, bool is_negated, int timeout_ms,
		    int interrupt_fd);

/* ---- uevent.c ---- */

struct msghdr;
bool ublk_uevent_parse(const char *text, size_t len, struct ublk_event *ret);
bool ublk_uevent_is_from_kernel(const struct msghdr *msg);

/* ---- record.c, record_json.c ---- */

int ublk_record_save(struct ublk_ctl *ctl, const struct ublk_device *dev);
int ublk_record_to_text(const struct ublk_device *dev, const char *cwd, int64_t time,
			char **ret_text);
int ublk_record_from_text(const char *text, struct ublk_record *ret);
/* The id whose record has this UUID and matches the kernel's device; -ENOENT. */
int ublk_record_find(struct ublk_ctl *ctl, const struct ublk_uuid *uuid);

/* The folder of the records if nobody else could have put files into it: fd or -errno; -EPERM comes
 * with a sentence. */
int ublk_run_dir_open(struct ublk_ctl *ctl, const char **ret_path);
int ublk_run_dir_make(struct ublk_ctl *ctl);	/* if it is not there */
/* Nobody but root or the caller could have written it. */
bool ublk_file_is_trusted(const struct stat *st);

/* ---- stats.c, stats_read.c ---- */

/* Counters for all queues of @dev: shared if that works, else memory that nobody sees. */
int ublk_stats_attach(struct ublk_device *dev);
void ublk_stats_detach(struct ublk_device *dev);
void ublk_stats_live(struct ublk_device *dev);
void ublk_stats_queue_init(struct ublk_queue *q);
/* For stats.h: one whose latency counts. */
void ublk_stats_measure_begin(struct ublk_io *io, unsigned kind);
void ublk_stats_measure_end(struct ublk_io *io);
void ublk_stats_remove(int dir_fd, int id);
void ublk_stats_name(int id, char name[24]);
/* Is the header one that this library could go on with, in a file of @bytes? */
bool ublk_stats_is_sound(const struct ublk_stats_header *h, uint64_t bytes);
unsigned ublk_stats_bucket(uint64_t ns);

/* ---- device.c, node.c, start.c, recovery.c, fence.c ---- */

int ublk_device_alloc(struct ublk_ctl *ctl, const struct ublk_device_config *config,
		      const struct ublk_target_ops *ops, void *user, int signal_fd,
		      struct ublk_device **ret_dev);
int ublk_device_set_params(struct ublk_device *dev);
int ublk_device_open_node(struct ublk_device *dev);
/* It belongs to an ordinary user, who is this process. */
bool ublk_device_is_users(const struct ublk_device *dev);
/* Waits until the caller may use its node, or its disk's; at once if it is not a user's. */
int ublk_node_wait(struct ublk_device *dev, bool is_disk);
/* ops->open, fence, record: what every way of attaching has in common. */
int ublk_device_prepare(struct ublk_device *dev, int fence_timeout_ms);
/* One command on this device that request_stop interrupts; as ublk_ctl_run(). */
int ublk_device_run_command(struct ublk_device *dev, uint32_t op, uint64_t data, void *buf,
			    uint16_t len, int *ret_res);
bool ublk_device_is_cancelled(struct ublk_device *dev);
/* Runs it as ublk_device_run() does; @on_unasked, if given, is called when a queue thread ends
 * unasked, in that thread, before anybody waits for others. */
int ublk_run(struct ublk_device *dev, void (*on_unasked)(struct ublk_device *dev));
/* Takes note of a signal in signal_fd, for good; true if the device is to end. */
bool ublk_device_consume_signal(struct ublk_device *dev);
void ublk_device_point(struct ublk_device *dev, const char *name);
int ublk_device_new(struct ublk_ctl *ctl, const struct ublk_device_config *config,
		    const struct ublk_target_ops *ops, void *user, int signal_fd,
		    struct ublk_device **ret_dev);
int ublk_attach(struct ublk_ctl *ctl, const struct ublk_device_config *config,
		const struct ublk_target_ops *ops, void *user, int signal_fd,
		struct ublk_device **ret_dev);
int ublk_fence(struct ublk_device *dev, int timeout_ms);
bool ublk_process_is_gone(int pid);	/* a zombie counts as gone */

/* ---- queue.c, buffer.c ---- */

int ublk_queue_fetch_all(struct ublk_queue *q);
/* A step; without @submit_after the caller's next call is a step again. */
int ublk_queue_advance(struct ublk_queue *q, int timeout_ms, bool submit_after);
void ublk_queue_on_command(struct ublk_queue *q, unsigned tag, int res);
/* The end of a REGISTER_IO_BUF or, only if it failed, an UNREGISTER_IO_BUF. */
void ublk_queue_on_buffer(struct ublk_queue *q, unsigned tag, uint32_t op, int res);
void ublk_queue_on_io_sqe(struct ublk_queue *q, unsigned tag, uint32_t cookie,
			  const struct io_uring_cqe *cqe);
void ublk_queue_on_sqe(struct ublk_queue *q, uint32_t cookie, const struct io_uring_cqe *cqe);
void ublk_queue_set_error(struct ublk_queue *q, int err);

int ublk_buffers_init(struct ublk_queue *q);
void ublk_buffers_exit(struct ublk_queue *q);
void *ublk_buffer_of(const struct ublk_io *io);	/* NULL with user copy, registered */
int ublk_user_copy(struct ublk_io *io, uint64_t offset, char *buf, size_t len, bool to_kernel);

/* ---- shmem.c ---- */

int ublk_memory_forget(struct ublk_device *dev);
void *ublk_memory_of(const struct ublk_io *io);

static inline bool ublk_is_in_memory(const struct ublk_io *io)
{
	return io->desc.op_flags & UBLK_IO_F_SHMEM_ZC;
}

/* ---- zoned.c ---- */

int ublk_zoned_check(struct ublk_device_config *config);
void ublk_zoned_to_params(const struct ublk_device_config *config, struct ublk_params *ret);
void ublk_zoned_from_params(struct ublk_device_config *config, const struct ublk_params *params);
uint64_t ublk_zone_report_bytes(const struct ublk_io *io);	/* 0: no report */

/* ---- integrity.c ---- */

int ublk_integrity_check(struct ublk_device_config *config);
void ublk_integrity_to_params(const struct ublk_device_config *config, struct ublk_params *ret);
void ublk_integrity_from_params(struct ublk_device_config *config,
				const struct ublk_params *params);

#endif /* LIBUBLK_INTERNAL_H */
