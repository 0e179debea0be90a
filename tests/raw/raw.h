/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What the raw test tools share: control commands with every field in the
 * caller's hands, names of flags and states, numbers and errors.
 *
 * Nothing here comes from libublk: these tools judge the module, and must not
 * inherit a mistake (or a kindness) of our own library.
 */
#ifndef UBLK_TESTS_RAW_H
#define UBLK_TESTS_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <liburing.h>

#include "uapi/ublk_cmd.h"

#define RAW_EXIT_FAIL		1
#define RAW_EXIT_USAGE		2
#define RAW_EXIT_SKIP		77
#define RAW_EXIT_TIMEOUT	124

/* raw_ctrl_issue(): no completion within the time, even after a cancel */
#define RAW_NO_ANSWER		(-100000)

#define raw_array_size(a)	(sizeof(a) / sizeof((a)[0]))

/* a connection to /dev/ublk-control */
struct raw_ctrl {
	struct io_uring ring;
	int fd;
	unsigned int timeout_ms;	/* per command; 0 = for ever */
	bool legacy;			/* bare numbers instead of ioctl encoding */
	bool with_path;			/* the node's path goes ahead of payloads, as it must
					 * with unprivileged devices */
	unsigned char payload[512];	/* path and payload then; the kernel's while in flight */
	bool timed_out;			/* the last command had to be cancelled */
	unsigned int fail_nth;		/* of the next command: this allocation or copy fails */
	bool failed_nth;		/* it came to that */
};

void raw_ctrl_open(struct raw_ctrl *ctrl);
int raw_ctrl_try_open(struct raw_ctrl *ctrl);
void raw_ctrl_close(struct raw_ctrl *ctrl);
int raw_ctrl_issue(struct raw_ctrl *ctrl, uint32_t op, const struct ublksrv_ctrl_cmd *cmd);

struct io_uring_sqe *raw_get_sqe(struct io_uring *ring);

/* the commands that tools need themselves; result as from the kernel */
int raw_add(struct raw_ctrl *ctrl, struct ublksrv_ctrl_dev_info *info);
int raw_info(struct raw_ctrl *ctrl, uint32_t id, struct ublksrv_ctrl_dev_info *info);
int raw_set_params(struct raw_ctrl *ctrl, uint32_t id, const struct ublk_params *params);
int raw_get_params(struct raw_ctrl *ctrl, uint32_t id, struct ublk_params *params);
int raw_simple(struct raw_ctrl *ctrl, uint32_t op, uint32_t id, uint64_t data);
int raw_reg_buf(struct raw_ctrl *ctrl, uint32_t id, const void *at, uint64_t len, uint32_t flags);

/* a disk of that many bytes with 2^bs_shift byte blocks and nothing fancy */
void raw_basic_params(struct ublk_params *params, uint64_t bytes, unsigned int bs_shift,
		      unsigned int max_io_bytes);

int raw_char_open(uint32_t id, unsigned int wait_ms);
/* until the caller may use the node: somebody has to grant it first; 0 or -errno */
int raw_char_wait_granted(uint32_t id, unsigned int wait_ms);
int raw_block_open(uint32_t id, int flags, unsigned int wait_ms);

/* the position of byte 0 of (queue, tag) for user copy */
static inline uint64_t raw_user_copy_pos(unsigned int queue, unsigned int tag)
{
	return UBLKSRV_IO_BUF_OFFSET + ((uint64_t)queue << UBLK_QID_OFF) +
	       ((uint64_t)tag << UBLK_TAG_OFF);
}

/* bytes of one queue's descriptors as mmap() wants them, and queue q's offset */
size_t raw_desc_bytes(const struct ublksrv_ctrl_dev_info *info);
uint64_t raw_desc_offset(const struct ublksrv_ctrl_dev_info *info, unsigned int queue);

const char *raw_state_name(unsigned int state);
const char *raw_errno_name(int res);
bool raw_parse_flags(const char *text, uint64_t *ret_flags);
void raw_print_flags(const char *key, uint64_t flags);

/* numbers with K, M, G; leave with RAW_EXIT_USAGE if it is none */
uint64_t raw_number(const char *text, const char *what);
int64_t raw_signed(const char *text, const char *what);
uint64_t raw_now_ms(void);

/* print "PROG: text" to stderr and leave */
void raw_die(int status, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));
/* one line to stdout, written at once so that a script can wait for it */
void raw_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
