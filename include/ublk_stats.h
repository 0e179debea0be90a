/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The file <run dir>/<id>.stats: what a device's servers count, for anybody to map and read.
 *
 *   struct ublk_stats_header      header_size bytes
 *   struct ublk_stats_queue       queue_size bytes, nr_queues times
 *
 * Numbers are the machine's own (endianness included), every one naturally aligned, and each is
 * written with a plain store by one thread: the header by the one that starts the device, a queue
 * by the queue's. So a reader may load any of them at any time, and two of them may be of different
 * moments. Counters only grow. They are the device's, not the server's: they go on when the next
 * server takes over, and end with the device. What a reader does not know, it skips by header_size
 * and queue_size; a change that it could misread changes version.
 *
 * ublk_stats_open() in ublk.h reads it; a program in another language needs only this file.
 */
#ifndef LIBUBLK_UBLK_STATS_H
#define LIBUBLK_UBLK_STATS_H

#include <stdint.h>

#define UBLK_STATS_MAGIC	UINT64_C(0x544154534b4c4255)	/* "UBLKSTAT" */
#define UBLK_STATS_VERSION	1

/* Indexes of ublk_stats_queue.kinds. */
#define UBLK_STATS_READ		0
#define UBLK_STATS_WRITE	1
#define UBLK_STATS_FLUSH	2
#define UBLK_STATS_DISCARD	3
#define UBLK_STATS_WRITE_ZEROES	4
#define UBLK_STATS_OTHER	5
#define UBLK_STATS_KINDS	6

/* Bucket n counts latencies of 2^n .. 2^(n+1) - 1 ns; the first 0 too, the last all above. */
#define UBLK_STATS_BUCKETS	40

struct ublk_stats_header {
	uint64_t magic;
	uint32_t version;
	uint32_t header_size;		/* bytes; the first queue is there */
	uint32_t queue_size;		/* bytes */
	uint32_t nr_queues;
	uint64_t file_size;		/* bytes */
	uint8_t  uuid[16];		/* of the device */
	int32_t  id;
	int32_t  server_pid;		/* who writes: the server that went live last */
	uint64_t created_ms;		/* since 1970: the file was made */
	uint64_t live_ms;		/* since 1970: this server went live */
	uint32_t nr_servers;		/* that went live; restarts are one less */
	uint32_t latency_every;		/* of so many requests of a kind one is measured; 0: none */
	uint64_t reserved[22];		/* 0 */
};

struct ublk_stats_kind {
	uint64_t ops;			/* completed by the target, failed ones too */
	uint64_t errors;		/* of these with an error */
	uint64_t bytes;			/* of those without */
	uint64_t measured;		/* latencies in the buckets */
	uint64_t measured_ns;		/* their sum */
	uint64_t reserved[3];		/* 0 */
	uint64_t buckets[UBLK_STATS_BUCKETS];
};

struct ublk_stats_queue {
	uint64_t in_flight;		/* requests that the target has now */
	uint64_t left_behind;		/* that servers had when they died: given to the next one,
					 * or failed, as the recovery policy says */
	uint64_t reserved[6];		/* 0 */
	struct ublk_stats_kind kinds[UBLK_STATS_KINDS];
};

#endif /* LIBUBLK_UBLK_STATS_H */
