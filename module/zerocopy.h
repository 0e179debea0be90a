/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UBLK_ZEROCOPY_H
#define UBLK_ZEROCOPY_H

#include "ublk_drv.h"

/* How far the automatic registration of one request has come. */
enum ublk_auto_reg {
	UBLK_AUTO_REG_TODO,
	UBLK_AUTO_REG_DONE,
	UBLK_AUTO_REG_FAILED,
};

bool ublk_auto_reg_word_fits(u64 word);
void ublk_auto_reg_store(struct ublk_slot *slot, u64 word);
bool ublk_auto_reg(struct ublk_session *s, struct ublk_slot *slot, struct io_uring_cmd *cmd,
		   unsigned int issue_flags, enum ublk_auto_reg *reg);
void ublk_auto_reg_undo(struct ublk_slot *slot, struct io_uring_cmd *cmd,
			unsigned int issue_flags, enum ublk_auto_reg reg);
void ublk_auto_reg_commit(struct ublk_slot *slot, struct io_uring_cmd *cmd,
			  unsigned int issue_flags);
int ublk_register_buffer(struct ublk_session *s, struct ublk_slot *slot, struct io_uring_cmd *cmd,
			 u64 index, unsigned int issue_flags);
int ublk_unregister_buffer(struct ublk_session *s, struct io_uring_cmd *cmd, u64 index,
			   unsigned int issue_flags);

#endif /* UBLK_ZEROCOPY_H */
