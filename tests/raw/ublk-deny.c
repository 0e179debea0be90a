/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * ublk-deny ERRNO COMMAND..: what a container's seccomp profile does to io_uring
 *
 * io_uring_setup() fails with that number in COMMAND and whatever it starts.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int deny(unsigned int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(*code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

int main(int argc, char **argv)
{
	int error = argc > 2 ? atoi(argv[1]) : 0, r;

	if (error <= 0 || error > 4095) {
		fprintf(stderr, "usage: ublk-deny ERRNO COMMAND [ARG]...\n");
		return 2;
	}
	r = deny((unsigned int)error);
	if (r < 0) {
		fprintf(stderr, "ublk-deny: %s\n", strerror(-r));
		return 2;
	}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "ublk-deny: %s: %s\n", argv[2], strerror(errno));
	return 127;
}
