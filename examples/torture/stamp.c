// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What a block carries. */
#include "stamp.h"

#include <string.h>

#define HEAD_MAGIC UINT64_C(0x31657275746b6c62)
#define TAIL_MAGIC UINT64_C(0x6c6961746b6c6275)

struct head {
	uint64_t magic;
	struct ublk_uuid uuid;
	uint64_t run;
	uint64_t block;
	uint64_t write;
	uint64_t sum;		/* over all of the block but this field */
};

struct tail {
	uint64_t magic;
	uint64_t run;
	uint64_t write;
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 31) * UINT64_C(0xd6e8feb86659fd93);
	x = (x ^ x >> 29) * UINT64_C(0xa0761d6478bd642f);
	return x ^ x >> 32;
}

/* Position counts, so that pieces in the wrong place are noticed. */
static uint64_t sum_of(const uint64_t *words, size_t nr)
{
	const size_t skip = offsetof(struct head, sum) / sizeof(*words);
	uint64_t sum = nr;
	size_t i;

	for (i = 0; i < nr; i++)
		if (i != skip)
			sum = (sum << 5 | sum >> 59) * UINT64_C(0x9fb21c651e98df25) + words[i];
	return mix(sum);
}

void stamp_make(void *block, size_t size, const struct stamp_owner *owner, uint64_t number,
		uint64_t write)
{
	size_t first = sizeof(struct head) / 8, nr = size / 8, i;
	uint64_t *words = block, x = mix(owner->run ^ number << 24 ^ write);
	struct head *head = block;
	struct tail tail = { TAIL_MAGIC, owner->run, write };

	head->magic = HEAD_MAGIC;
	head->uuid = owner->uuid;
	head->run = owner->run;
	head->block = number;
	head->write = write;
	for (i = first; i < nr - sizeof(tail) / 8; i++) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		words[i] = x;
	}
	memcpy(words + i, &tail, sizeof(tail));
	head->sum = sum_of(words, nr);
}

static int is_zero(const unsigned char *at, size_t size)
{
	return !at[0] && !memcmp(at, at + 1, size - 1);
}

void stamp_read(const void *block, size_t size, const struct stamp_owner *owner,
		struct stamp *ret)
{
	const struct head *head = block;
	struct tail tail;
	int is_head, is_tail;

	memset(ret, 0, sizeof(*ret));
	if (is_zero(block, size)) {
		ret->kind = STAMP_ZERO;
		return;
	}
	memcpy(&tail, (const char *)block + size - sizeof(tail), sizeof(tail));
	is_head = head->magic == HEAD_MAGIC && head->run == owner->run &&
		  !memcmp(&head->uuid, &owner->uuid, sizeof(head->uuid));
	is_tail = tail.magic == TAIL_MAGIC && tail.run == owner->run;
	ret->block = is_head ? head->block : 0;
	ret->write = is_head ? head->write : 0;
	ret->tail = is_tail ? tail.write : 0;
	if (!is_head && !is_tail)
		ret->kind = STAMP_ALIEN;
	else if (is_head && is_tail && head->write == tail.write &&
		 head->sum == sum_of(block, size / 8))
		ret->kind = STAMP_WHOLE;
	else
		ret->kind = STAMP_TORN;
}
