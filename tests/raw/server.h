/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * A ublk server without a library, made to behave well or, on request, as badly
 * as a server can.  A worker is one thread with one ring that serves a range of
 * tags of one queue; the main thread talks to the control node and to the test.
 */
#ifndef UBLK_TESTS_RAW_SERVER_H
#define UBLK_TESTS_RAW_SERVER_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "raw.h"

#define SERVER_MAX_WORKERS	64
#define SERVER_MAX_ACTIONS	16
#define SERVER_MAX_SHMS		8

/* wakes a worker from its wait; never delivered anywhere else */
#define SERVER_NUDGE		SIGRTMIN

enum server_mode { MODE_COPY, MODE_GET_DATA, MODE_USER_COPY, MODE_REGISTERED, MODE_AUTO };

/* what a completion of a worker's ring is about; above the tag in user_data */
#define ZC_STEP_SHIFT		32
enum zc_step { ZC_COMMAND, ZC_REGISTER, ZC_DATA, ZC_UNREGISTER };

/* points in a server's life at which an action can be asked for */
enum when {
	WHEN_ADDED,		/* main: ADD_DEV and SET_PARAMS are done */
	WHEN_OPENED,		/* main: ublkcN is open, nothing fetched */
	WHEN_BETWEEN,		/* worker: half of its tags are fetched */
	WHEN_FETCHED,		/* main: all fetched, before START or END */
	WHEN_READY,		/* main: START or END has succeeded */
	WHEN_REQUEST,		/* worker: the n-th request has arrived, nothing is done */
	WHEN_COMMIT,		/* worker: n-th request is applied, its COMMIT not yet sent */
	WHEN_USR1,		/* main: SIGUSR1, SIGUSR2 */
	WHEN_USR2,
};

enum act {
	ACT_DIE,		/* SIGKILL itself */
	ACT_EXIT,		/* _exit(0) without any clean-up */
	ACT_PAUSE,		/* SIGSTOP itself */
	ACT_CLOSE_CHAR,		/* close the descriptor of ublkcN */
	ACT_CLOSE_RING,		/* close the worker's ring, live on */
	ACT_EXEC,		/* the main thread becomes sleep(1) */
	ACT_EXEC_WORKER,	/* the worker's thread does */
	ACT_FORK,		/* a child keeps ublkcN and the descriptors' mapping */
	ACT_FORK_RING,		/* a child keeps everything */
	ACT_THREAD_DIE,		/* the worker's thread ends, its ring stays */
	ACT_STALL,		/* requests are taken but no longer answered */
	ACT_RESUME,		/* answer again, those that were held first */
	ACT_UFFD,		/* buffers become pages that nobody serves */
	ACT_UFFD_SERVE,		/* serve them with zeroes after all */
	ACT_BAD_ADDR,		/* FETCH and COMMIT carry this address from now on */
	ACT_STALE,		/* try everything on the old descriptor, print the errnos */
	ACT_VFORK,		/* the worker vforks a child that writes and closes the disk */
	ACT_COPY,		/* so many threads pread() all requests for ever (user copy) */
	ACT_DROP,		/* the thread, and those that it makes later, become nobody */
	ACT_DOZE,		/* the next COMMIT is the last thing that a worker does */
	ACT_KEEP,		/* from now on COMMIT without UNREGISTER */
	ACT_REG,		/* every errno of (UN)REGISTER_IO_BUF, in main's thread */
	ACT_REG_OWNER,		/* the same in the worker's */
	ACT_META,		/* every errno of copies from and to metadata */
};

struct action {
	enum act act;
	enum when when;
	long arg;		/* worker number, address; -1 = none */
	unsigned long n;	/* of WHEN_REQUEST and WHEN_COMMIT */
};

struct options {
	enum server_mode mode;
	bool takeover, no_add, no_start, sqpoll, defer_taskrun, iosqe_async, fixed_file, inherit,
	     discard, direct, fallback;
	unsigned int table;	/* entries of a ring's buffer table; 0 = as many as tags */
	unsigned int auto_offset; /* added to the index of automatic registration */
	uint64_t auto_word;	/* sqe->addr instead of the true one unless 0 */
	unsigned int queues, depth, split, fetch_only, max_io_bytes, bs_shift, attrs;
	unsigned int timeout_ms, commit_delay_ms, partial;
	uint64_t size, flags;
	struct ublk_param_integrity meta; /* of size 0: none */
	bool meta_short;	/* reads with metadata may be answered in part */
	int32_t id;
	const char *file, *block_in;
	const char *fail_at;	/* step in which the fail_nth-th allocation or copy fails */
	unsigned int fail_nth;
	long forced_result;	/* sent instead of the true result unless LONG_MIN */
	struct action actions[SERVER_MAX_ACTIONS];
	unsigned int nr_actions;
};

struct server;

struct slot {
	unsigned char *buf;
	uint32_t last_op;	/* command whose completion is awaited */
	bool is_held;		/* request taken, not answered: stalled */
	bool is_registered;	/* by hand, at the tag's own index */
	bool has_canary;	/* nobody is to write to the buffer now */
	int result;		/* of the data */
};

struct worker {
	struct server *srv;
	unsigned int index, queue, first_tag, nr_tags;
	pthread_t thread;
	struct io_uring ring;
	unsigned char *buffers;
	const unsigned char *descs;	/* of the whole queue */
	struct slot *slots;		/* nr_tags of them, the first is first_tag */
	unsigned int nr_armed;		/* slots with a command or a request */
	atomic_uint orders;		/* bit per enum act, from any thread */
	atomic_bool is_fetched, is_ended;
	bool has_ring;
};

/* memory shared with who does I/O */
struct shm {
	unsigned char *at;
	size_t len;
	bool read_only;
};

struct server {
	struct options opt;
	struct raw_ctrl ctrl;
	struct ublksrv_ctrl_dev_info info;
	int cfd;			/* ublkcN */
	int backing_fd, block_fd, meta_fd;
	int uffd;
	pthread_t main_thread;
	struct worker workers[SERVER_MAX_WORKERS];
	unsigned int nr_workers;
	struct shm shms[SERVER_MAX_SHMS];
	unsigned int nr_shms;
	atomic_ulong nr_matched, nr_copied;
	atomic_bool is_stalling, has_uffd, is_dozing, is_keeping;
	atomic_ulong bad_addr;		/* 0 = none */
	atomic_ulong nr_requests, nr_commits, nr_errors, nr_aborted, nr_registered, nr_meta;
	atomic_long nr_held;
};

/* worker.c */
void server_start_workers(struct server *srv);
bool server_wait_fetched(struct server *srv, unsigned int timeout_ms);
bool server_all_ended(struct server *srv);
const struct ublksrv_io_desc *server_desc(const struct worker *w, unsigned int tag);
size_t server_buffers_bytes(const struct worker *w);
void server_prep_io(struct io_uring_sqe *sqe, int fd, uint32_t op,
		    const struct ublksrv_io_cmd *cmd);
void worker_request_ready(struct worker *w, unsigned int tag);
void worker_answer(struct worker *w, unsigned int tag, int result);

/* meta.c */
bool meta_parse(struct options *opt, const char *text);
bool meta_is_on(const struct server *srv);
int meta_open(struct server *srv);
int meta_serve(struct worker *w, unsigned int tag, size_t bytes, off_t pos);
int meta_forget(struct server *srv, off_t pos, size_t bytes);
void meta_probe(struct server *srv);

/* zc.c */
bool zc_is_on(const struct server *srv);
void zc_setup(struct worker *w);
uint64_t zc_auto_word(const struct worker *w, unsigned int tag);
bool zc_register(struct worker *w, unsigned int tag);
bool zc_serve(struct worker *w, unsigned int tag);
void zc_done(struct worker *w, unsigned int tag, enum zc_step step, int res);
void zc_probe(struct server *srv, const char *who);

/* shm.c */
void shm_open_file(struct server *srv, const char *text);
void shm_register(struct server *srv);
bool shm_is_matched(const struct worker *w, unsigned int tag);
unsigned char *shm_data(struct worker *w, unsigned int tag);
void shm_set_canary(struct worker *w, unsigned int tag, bool is_commit);

/* serve.c: carry out one request; bytes done or -errno */
int server_open_backing(struct server *srv);
int server_serve(struct worker *w, unsigned int tag, unsigned char *buf);

/* action.c */
bool action_parse(struct options *opt, const char *text);
void action_fire(struct server *srv, enum when when, unsigned long n);
void action_worker_orders(struct worker *w);

/* device.c: control commands in their order; 0 or -errno, said on stdout when they fail */
int server_create(struct server *srv);
int server_attach(struct server *srv);
int server_go_live(struct server *srv);

/* fail.c: begin and end of a step that may be the one that has to fail */
struct fault;
bool fail_parse(struct options *opt, char *text);
bool fail_begin(struct server *srv, const char *step, struct fault *fault);
void fail_end(struct server *srv, const char *step, struct fault *fault);
void fail_next_command(struct server *srv, const char *step);
void fail_say(struct server *srv, const char *step);

/* stale.c */
void stale_probe(struct server *srv);

/* odd.c */
void odd_vfork_closer(struct worker *w);
void odd_copiers(struct server *srv, long nr);
void odd_doze(struct worker *w);
void odd_drop(void);

#endif
