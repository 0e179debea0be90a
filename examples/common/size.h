/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Sizes as people write them: "4096", "64K", "10GiB". */
#ifndef EXAMPLES_SIZE_H
#define EXAMPLES_SIZE_H

#include <stddef.h>
#include <stdint.h>

/* The compiler counts the widest fields, not the widest result. */
#define SIZE_TEXT_MAX 48

/**
 * size_parse() - number with an optional binary unit
 * @text: digits, then nothing or one of K M G T P E, then nothing, "B" or "iB"
 * @ret:  bytes; written only on success
 *
 * Units are powers of 1024, whatever the spelling. Nothing may follow, no sign,
 * no blank: "10 G" in a script is more likely a quoting accident than a wish.
 *
 * Return: 0, -EINVAL for anything else, -ERANGE if it does not fit 64 bits.
 */
int size_parse(const char *text, uint64_t *ret);

/* Writes "64 MiB" or "1.5 GiB"; truncated to one digit, never rounded up. Returns @buf. */
const char *size_format(uint64_t bytes, char buf[SIZE_TEXT_MAX]);

#endif
