// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Sizes as people write them. */
#include "size.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char units[] = "KMGTPE";

int size_parse(const char *text, uint64_t *ret)
{
	const char *at = text, *unit;
	uint64_t value = 0;
	unsigned int shift = 0;

	if (*at < '0' || *at > '9')
		return -EINVAL;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
			return -ERANGE;
	}
	if (*at) {
		/* 'k' because dd and fio have taught it to everybody */
		char wanted = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;

		unit = strchr(units, wanted);
		if (unit) {
			shift = 10 * (unsigned int)(unit - units + 1);
			at++;
			if (*at == 'i' && at[1] == 'B')
				at++;
		}
		if (*at == 'B')
			at++;
	}
	if (*at)
		return -EINVAL;
	if (shift && value >> (64 - shift))
		return -ERANGE;
	*ret = value << shift;
	return 0;
}

const char *size_format(uint64_t bytes, char buf[SIZE_TEXT_MAX])
{
	unsigned int shift = 0;
	const char *unit = units;
	uint64_t whole, rest;

	while (shift <= 50 && bytes >> (shift + 10))
		shift += 10;
	if (!shift) {
		snprintf(buf, SIZE_TEXT_MAX, "%" PRIu64 " B", bytes);
		return buf;
	}
	unit += shift / 10 - 1;
	whole = bytes >> shift;
	rest = bytes & ((1ull << shift) - 1);
	/* ten bits of the remainder are plenty for one digit */
	rest = (rest >> (shift - 10)) * 10 >> 10;
	if (rest)
		snprintf(buf, SIZE_TEXT_MAX, "%" PRIu64 ".%" PRIu64 " %ciB", whole, rest, *unit);
	else
		snprintf(buf, SIZE_TEXT_MAX, "%" PRIu64 " %ciB", whole, *unit);
	return buf;
}
