/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Histories in few words, for tests of the judge: one judge, one clock. */
#ifndef EXAMPLES_TESTS_JUDGE_GAME_H
#define EXAMPLES_TESTS_JUDGE_GAME_H

#include <stdint.h>

#include "judge.h"

#define FIRST 1000	/* the area does not begin at block 0 */
#define BLOCKS 8
#define BLOCK ((size_t)512)
#define ZEROS 0		/* in place of a write */

extern const struct stamp_owner owner;
extern struct judge *judge;
extern uint64_t now;

void begin(unsigned int flags);
int end(void **state);

/* Blocks are counted from 0 here. */
uint64_t issue_n(enum judge_kind kind, unsigned int flags, uint64_t block, uint32_t nr);
uint64_t issue(enum judge_kind kind, uint64_t block);
void good(uint64_t op);
void failed(uint64_t op);
/* issued and acknowledged */
uint64_t did(enum judge_kind kind, uint64_t block);
uint64_t did_fua(uint64_t block);
void crash(void);

void stamp_of(uint64_t block, uint64_t write, struct stamp *stamp);
/* The verdict on a read that is under way, or that is issued now. */
enum verdict read_ends(uint64_t read, uint64_t block, uint64_t write);
enum verdict finds(uint64_t block, uint64_t write);
enum verdict finds_torn(uint64_t block, uint64_t head, uint64_t tail);

#endif
