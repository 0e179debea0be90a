// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Random reads and writes of a disk out of shared memory, other memory, and requests with pieces of
 * both, compared block by block with what was written.  It also sees that a read changes nothing
 * beside its own buffer.  One request at a time: the disk's contents are never in doubt.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shm_client.h"

#define BLOCK		((size_t)4096)
#define MAX_BLOCKS	32u
#define MAX_PIECES	4u

struct mix {
	int fd;
	unsigned char *shared, *private;
	unsigned int shared_blocks, disk_blocks;
	uint32_t *versions;		/* of each block of the disk; 0: zeroes */
	uint32_t version;
	uint64_t random;
	unsigned int kinds[3];		/* requests: shared, private, both */
};

static unsigned int any(struct mix *m, unsigned int below)
{
	m->random = m->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)((m->random >> 33) % below);
}

static void make(unsigned char *at, uint32_t version, unsigned int block)
{
	uint64_t *words = (uint64_t *)at, x = (uint64_t)version << 32 | block;
	unsigned int i;

	for (i = 0; i < BLOCK / sizeof(*words); i++)
		words[i] = version ? x * 0x9e3779b97f4a7c15ULL + i : 0;
}

/* @nr blocks of memory of this kind (0 shared, 1 private, 2 some of each) as pieces */
static unsigned int choose(struct mix *m, unsigned int nr, unsigned int kind, struct iovec *vec)
{
	unsigned int n = 0, private = 0, left = nr;

	while (left) {
		unsigned int len = kind == 2 && n + 1 < MAX_PIECES ? 1 + any(m, left) : left;
		bool is_private = kind == 1 || (kind == 2 && any(m, 2));

		vec[n].iov_len = len * BLOCK;
		if (is_private) {
			vec[n].iov_base = m->private + private * BLOCK;
			private += len;
		} else {
			vec[n].iov_base =
				m->shared + any(m, m->shared_blocks - len) * BLOCK;
		}
		left -= len;
		n++;
	}
	return n;
}

static void write_some(struct mix *m, unsigned int block, unsigned int nr, struct iovec *vec,
		       unsigned int n)
{
	unsigned int i, k, at = block;
	ssize_t done;

	/* pieces may overlap: what counts is what is there in the end */
	m->version++;
	for (i = 0; i < n; i++)
		for (k = 0; k < vec[i].iov_len / BLOCK; k++, at++)
			make((unsigned char *)vec[i].iov_base + k * BLOCK, m->version, at);
	done = pwritev(m->fd, vec, n, (off_t)block * BLOCK);
	if (done != (ssize_t)(nr * BLOCK))
		raw_die(RAW_EXIT_FAIL, "write of %u blocks at %u: %zd %s", nr, block, done,
			strerror(errno));
	for (i = 0; i < nr; i++)
		m->versions[block + i] = m->version;
}

static void compare(struct mix *m, const unsigned char *at, unsigned int block)
{
	unsigned char expected[BLOCK] __attribute__((aligned(8)));

	make(expected, m->versions[block], block);
	if (memcmp(at, expected, BLOCK))
		raw_die(RAW_EXIT_FAIL, "block %u is not version %u", block, m->versions[block]);
}

static void read_some(struct mix *m, unsigned int block, unsigned int nr, struct iovec *vec,
		      unsigned int n)
{
	unsigned int i, k, at = block;
	ssize_t done;

	done = preadv(m->fd, vec, n, (off_t)block * BLOCK);
	if (done != (ssize_t)(nr * BLOCK))
		raw_die(RAW_EXIT_FAIL, "read of %u blocks at %u: %zd %s", nr, block, done,
			strerror(errno));
	for (i = 0; i < n; i++)
		for (k = 0; k < vec[i].iov_len / BLOCK; k++, at++)
			compare(m, (unsigned char *)vec[i].iov_base + k * BLOCK, at);
}

static bool overlap(const struct iovec *vec, unsigned int n)
{
	unsigned int i, k;

	for (i = 0; i < n; i++)
		for (k = i + 1; k < n; k++)
			if ((char *)vec[i].iov_base < (char *)vec[k].iov_base + vec[k].iov_len &&
			    (char *)vec[k].iov_base < (char *)vec[i].iov_base + vec[i].iov_len)
				return true;
	return false;
}

static void one_more(struct mix *m)
{
	unsigned int nr = 1 + any(m, MAX_BLOCKS), block = any(m, m->disk_blocks - nr), n;
	unsigned int kind = any(m, 3);
	struct iovec vec[MAX_PIECES];

	do {
		n = choose(m, nr, kind, vec);
	} while (overlap(vec, n));
	m->kinds[kind]++;
	if (any(m, 2))
		write_some(m, block, nr, vec, n);
	else
		read_some(m, block, nr, vec, n);
}

static void blank(struct mix *m)
{
	struct iovec vec = { m->private, MAX_BLOCKS * BLOCK };
	unsigned int block;

	for (block = 0; block < m->disk_blocks; block += MAX_BLOCKS)
		write_some(m, block, MAX_BLOCKS, &vec, 1);
}

static void check_all(struct mix *m)
{
	unsigned int block;
	struct iovec vec = { m->shared, BLOCK };

	for (block = 0; block < m->disk_blocks; block++) {
		vec.iov_base = block % 2 ? m->private : m->shared;
		read_some(m, block, 1, &vec, 1);
	}
}

int shm_mix(const struct shm_args *args)
{
	struct mix m = { .random = args->seed };
	unsigned int i;
	size_t len;

	m.shared = shm_map(args->file, false, &len);
	m.private = mmap(NULL, MAX_BLOCKS * BLOCK, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	m.shared_blocks = len / BLOCK;
	m.disk_blocks = args->len / BLOCK;
	m.versions = calloc(m.disk_blocks + 1, sizeof(*m.versions));
	m.fd = open(args->disk, O_RDWR | O_DIRECT);
	if (m.fd < 0 || m.private == MAP_FAILED || !m.versions || m.disk_blocks <= MAX_BLOCKS ||
	    m.shared_blocks <= 2 * MAX_BLOCKS)
		raw_die(RAW_EXIT_FAIL, "mix: %s", strerror(errno));
	/* else it is new, and all zeroes */
	if (args->is_blanked)
		blank(&m);
	for (i = 0; i < args->ios; i++)
		one_more(&m);
	check_all(&m);
	raw_say("MIX shared=%u private=%u both=%u", m.kinds[0], m.kinds[1], m.kinds[2]);
	return 0;
}
