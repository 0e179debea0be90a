/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What the fuzz targets share: an input to take numbers from, and a claim that ends the process.
 *
 * Each fuzz_NAME.c is one LLVMFuzzerTestOneInput(). With libFuzzer (-DUBLK_SANITIZE=fuzz, clang)
 * it looks for inputs; without, replay.c runs it over the files of corpus/NAME.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CLAIM(what) do {								\
	if (!(what)) {									\
		fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #what);	\
		abort();								\
	}										\
} while (0)

struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* Fills @to; what the input has not got is 0. */
static inline void fuzz_take(struct fuzz_input *in, void *to, size_t len)
{
	size_t n = len < in->left ? len : in->left;

	memset(to, 0, len);
	if (!n)
		return;
	memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
}

static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	uint8_t value;

	fuzz_take(in, &value, sizeof(value));
	return value;
}

/* The rest, NUL-terminated, in memory of exactly its size: one byte too far is seen. */
static inline char *fuzz_text(const struct fuzz_input *in)
{
	char *text = malloc(in->left + 1);

	if (!text)
		abort();
	if (in->left)
		memcpy(text, in->at, in->left);
	text[in->left] = '\0';
	return text;
}

#endif
