// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Odd things that a server may do to itself, each for an entry of docs/register.md. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server.h"

#define COPY_BYTES	(64u << 10)
#define CLOSER_BYTES	4096

/*
 * B3: a child that shares everything writes to the server's own disk and closes it, while the
 * thread that would have to serve the write waits for the child.
 */
void odd_vfork_closer(struct worker *w)
{
	static char page[CLOSER_BYTES];
	char path[32];
	pid_t pid;
	int fd;

	snprintf(path, sizeof(path), "/dev/ublkb%u", w->srv->info.dev_id);
	raw_say("VFORK worker=%u", w->index);
	pid = vfork();
	if (pid == 0) {
		/* what a vfork child may not do is the point NOLINTNEXTLINE(*-unix.Vfork) */
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd >= 0 && write(fd, page, CLOSER_BYTES) == CLOSER_BYTES)
			close(fd);
		_exit(0);
	}
	raw_say("VFORK over, child=%d", pid);
}

static void *copier_main(void *arg)
{
	struct server *srv = arg;
	static __thread unsigned char buf[COPY_BYTES];
	unsigned int tag;

	for (;;) {
		for (tag = 0; tag < srv->info.queue_depth; tag++) {
			/* it is refused where there is no request, and no write */
			if (pread(srv->cfd, buf, COPY_BYTES, raw_user_copy_pos(0, tag)) < 0)
				sched_yield();
			if (meta_is_on(srv) &&
			    pread(srv->cfd, buf, COPY_BYTES,
				  raw_user_copy_pos(0, tag) | UBLKSRV_IO_INTEGRITY_FLAG) < 0)
				sched_yield();
		}
	}
	return NULL;
}

/* B5: threads that copy what the server holds, again and again, until they are killed. */
void odd_copiers(struct server *srv, long nr)
{
	pthread_t thread;

	for (; nr > 0; nr--)
		if (pthread_create(&thread, NULL, copier_main, srv))
			raw_die(RAW_EXIT_FAIL, "no thread to copy");
	raw_say("COPYING");
}

/* A7: the COMMIT is submitted, and its thread never enters the kernel for the ring again. */
void odd_doze(struct worker *w)
{
	io_uring_submit(&w->ring);
	raw_say("DOZE worker=%u", w->index);
	for (;;)
		pause();
}

/* C10: not the library's function, which would be for all threads. */
void odd_drop(void)
{
	if (syscall(__NR_setresgid, 65534, 65534, 65534) ||
	    syscall(__NR_setresuid, 65534, 65534, 65534))
		raw_die(RAW_EXIT_FAIL, "setresuid: %s", strerror(errno));
}
