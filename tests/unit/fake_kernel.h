/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * A driver made of plain memory, behind the library's transport table.
 *
 * It lives in a mapping that is shared with forked children, so that a test can start a server in
 * a child, have it killed by SIGKILL at any chosen step, and look at what the "kernel" has then.
 * Every call of the transport is a step; so is every fsync, rename and unlink (see fake_wrap.c).
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "internal.h"

#define FAKE_DEVICES	4
#define FAKE_QUEUES	4
#define FAKE_DEPTH	8
#define FAKE_REQUESTS	64
#define FAKE_DATA	512		/* bytes per request */
#define FAKE_MEMORY	80		/* registered pieces */
#define FAKE_METADATA	64

enum fake_request_state { FAKE_WAITING = 1, FAKE_IN_SERVER, FAKE_DONE };

struct fake_request {
	enum fake_request_state state;
	int device, queue, tag;
	unsigned op;
	uint64_t sector;
	int result;			/* of DONE */
	uint64_t append_sector;		/* of an append that is DONE */
	unsigned nr_delivered, nr_done;
	uint64_t memory;		/* its data is there, in the word of the interface */
	bool is_in_memory;
	bool has_metadata;
	unsigned char data[FAKE_DATA];
	unsigned char metadata[FAKE_METADATA];
};

struct fake_slot {
	bool is_held;			/* the driver has a command of the server */
	bool is_refused;		/* the held command ends with -ENODEV at the next look */
	bool is_asking;			/* the request was announced, its data not yet fetched */
	uint64_t addr;
	int request;			/* index; -1: none */
	bool is_registered;		/* the request's pages are in the ring's table */
	bool is_registering;		/* which the server hears of at its next look */
};

struct fake_device {
	bool exists;
	bool is_node_open;
	bool has_params;
	bool was_live;
	unsigned nr_unnoticed;		/* so often yet the driver takes a dead server for alive */
	unsigned session;		/* of the present or last opener */
	struct ublksrv_ctrl_dev_info info;
	struct ublk_params params;
	struct fake_slot slots[FAKE_QUEUES][FAKE_DEPTH];
	struct ublk_shmem_buf_reg memory[FAKE_MEMORY]; /* len 0: none */
};

struct fake_kernel {
	pthread_mutex_t lock;		/* robust: its holder may be killed */
	struct fake_device devices[FAKE_DEVICES];
	struct fake_request requests[FAKE_REQUESTS];
	unsigned nr_requests;
	uint64_t features;		/* 0: GET_FEATURES is unknown */
	uint64_t withheld;		/* known, but not granted by ADD */
	unsigned nr_cpus;		/* clamps queues; 0: no clamp */
	bool is_user;			/* who asks is not root, but owns all users' devices */
	bool is_stranger;		/* nor owns them */

	atomic_uint step, die_at;		/* die_at: SIGKILL at this step; 0: never */

	uint32_t fail_op;		/* this command ends with fail_with, and does nothing */
	int fail_with;
	uint32_t hang_op;		/* this command does not end .. */
	bool is_hang_over;		/* .. until this is set: then it is done late */
	bool ignores_cancel;
	bool holds_sqes;		/* the target's SQEs stay under way */
	int sqe_result;
	bool fails_auto_reg;		/* the server has to register by hand */
	int register_result;		/* of REGISTER_IO_BUF */
	unsigned nr_registers, nr_unregisters;
	atomic_int io_error;			/* end each I/O command with this; 0: no */
	atomic_uint nr_commands[32];	/* by the low 5 bits of the number */
	atomic_uint nr_sqes;		/* of the target, ended */
};

extern struct fake_kernel *fake;
extern const struct ublk_transport_ops fake_transport;

/* A kernel without devices, and a handle for it with records in an own folder. */
struct ublk_ctl *fake_setup(void);
/* Closes the handle, removes the folder. */
void fake_teardown(struct ublk_ctl *ctl);

void fake_lock(void);
void fake_unlock(void);
void fake_step(void);
/* Another handle on the same kernel, as a second process would have. */
struct ublk_ctl *fake_open(void);
const char *fake_run_dir(void);
/* Gives the node of a user's device to its owner, as udev would: it appears in the run dir. */
void fake_give_node(int id, bool is_disk);
void fake_path(int id, bool is_disk, char ret_path[UBLK_NODE_PATH]);

unsigned fake_count(uint32_t op);	/* of commands that reached the driver */

/* The holder of ublkcN is gone, however: the driver does what its recovery policy says. */
void fake_server_gone(int id);
void fake_stop(int id);
int fake_request(int id, int queue, unsigned op, uint64_t sector);	/* its index */
bool fake_requests_done(void);

/* Used by fake_transport.c; with the lock held. */
bool fake_is_unnoticed(struct fake_device *dev);
int fake_execute(struct ublk_cmd *cmd, bool *ret_is_over);
int fake_register_memory(struct fake_device *dev, const void *payload);
int fake_unregister_memory(struct fake_device *dev, uint64_t index);

#endif
