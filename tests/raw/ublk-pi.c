// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * Do the metadata that a server stored fit the data beside them? Computed here from nothing but the
 * standards, so that it says whether the kernel's tuples got there, each to its own interval.
 *
 *	ublk-pi FILE META CSUM:SIZE:OFFSET:INTERVAL_SHIFT:FLAGS
 *
 * META has the complement, as ublk-raw-server and ublk-loop keep it. Prints how many tuples fit,
 * how many say that they are not to be checked, and the first that does not fit; then the status
 * is 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "raw.h"

#define CRC16_T10	0x8bb7u
#define CRC64_NVME	0x9a6c9329ac4bc9b5u	/* reflected */

struct shape {
	unsigned int csum, size, offset, shift, flags;
};

static uint64_t big_endian(const unsigned char *p, unsigned int bytes)
{
	uint64_t ret = 0;

	while (bytes--)
		ret = ret << 8 | *p++;
	return ret;
}

static uint16_t crc16(uint16_t crc, const unsigned char *p, size_t len)
{
	for (; len; len--, p++) {
		int bit;

		crc ^= (uint16_t)(*p << 8);
		for (bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc << 1 ^ (crc & 0x8000 ? CRC16_T10 : 0));
	}
	return crc;
}

static uint64_t crc64(uint64_t crc, const unsigned char *p, size_t len)
{
	for (; len; len--, p++) {
		int bit;

		crc ^= *p;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ CRC64_NVME : crc >> 1;
	}
	return crc;
}

/* The Internet checksum; only what comes last may be an odd number of bytes. */
static uint32_t ip_sum(uint32_t sum, const unsigned char *p, size_t len)
{
	for (; len > 1; len -= 2, p += 2)
		sum += (uint32_t)big_endian(p, 2);
	if (len)
		sum += (uint32_t)*p << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Of the data, and of the metadata ahead of the tuple. */
static uint64_t guard_of(const struct shape *s, const unsigned char *data,
			 const unsigned char *meta)
{
	size_t len = (size_t)1 << s->shift;

	switch (s->csum) {
	case LBMD_PI_CSUM_IP:
		return 0xffff & ~ip_sum(ip_sum(0, data, len), meta, s->offset);
	case LBMD_PI_CSUM_CRC16_T10DIF:
		return crc16(crc16(0, data, len), meta, s->offset);
	default:
		return ~crc64(crc64(~0ull, data, len), meta, s->offset);
	}
}

enum verdict { FITS, UNCHECKED, BAD_GUARD, BAD_REF };

static enum verdict judge(const struct shape *s, const unsigned char *data,
			  const unsigned char *meta, uint64_t index)
{
	unsigned int guard = s->csum == LBMD_PI_CSUM_CRC64_NVME ? 8 : 2;
	unsigned int ref = s->csum == LBMD_PI_CSUM_CRC64_NVME ? 6 : 4;
	const unsigned char *tuple = meta + s->offset;
	uint64_t mask = (1ull << ref * 8) - 1;
	uint64_t ref_tag = big_endian(tuple + guard + 2, ref);
	bool has_ref = s->flags & LBMD_PI_CAP_REFTAG;

	if (big_endian(tuple + guard, 2) == 0xffff && (has_ref || ref_tag == mask))
		return UNCHECKED;
	if (has_ref && ref_tag != (index & mask))
		return BAD_REF;
	return big_endian(tuple, guard) == guard_of(s, data, meta) ? FITS : BAD_GUARD;
}

static void read_all(int fd, unsigned char *buf, size_t len, uint64_t at, const char *path)
{
	ssize_t n = pread(fd, buf, len, (off_t)at);

	if (n < 0)
		raw_die(RAW_EXIT_FAIL, "%s: %s", path, strerror(errno));
	memset(buf + n, 0, len - (size_t)n);
}

int main(int argc, char **argv)
{
	static const char *const why[] = { [BAD_GUARD] = "guard", [BAD_REF] = "reference tag" };
	static unsigned char data[1 << 16], meta[256];
	uint64_t i, count, fits = 0, unchecked = 0, bad = 0;
	struct shape s;
	int fd, meta_fd;

	if (argc != 4 || sscanf(argv[3], "%u:%u:%u:%u:%u", &s.csum, &s.size, &s.offset, &s.shift,
				&s.flags) != 5 || s.shift > 16 || s.size > 255 || s.offset > 255 ||
	    s.csum == LBMD_PI_CSUM_NONE)
		raw_die(RAW_EXIT_USAGE, "usage: FILE META CSUM:SIZE:OFFSET:INTERVAL_SHIFT:FLAGS");
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	meta_fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || meta_fd < 0)
		raw_die(RAW_EXIT_FAIL, "%s: %s", argv[fd < 0 ? 1 : 2], strerror(errno));
	count = (uint64_t)lseek(fd, 0, SEEK_END) >> s.shift;
	for (i = 0; i < count; i++) {
		enum verdict verdict;
		unsigned int byte;

		read_all(meta_fd, meta, s.size, i * s.size, argv[2]);
		for (byte = 0; byte < s.size; byte++)
			meta[byte] = (unsigned char)~meta[byte];
		read_all(fd, data, (size_t)1 << s.shift, i << s.shift, argv[1]);
		verdict = judge(&s, data, meta, i);
		if (verdict == FITS)
			fits++;
		else if (verdict == UNCHECKED)
			unchecked++;
		else if (!bad++)
			printf("interval %" PRIu64 ": bad %s\n", i, why[verdict]);
	}
	printf("fits=%" PRIu64 " unchecked=%" PRIu64 " bad=%" PRIu64 "\n", fits, unchecked, bad);
	return bad ? RAW_EXIT_FAIL : 0;
}
