// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* File operations of a record as steps of the fake kernel, by the linker's --wrap. */
#include <stdio.h>
#include <unistd.h>

#include "fake_kernel.h"

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags);
ssize_t __real_write(int fd, const void *buf, size_t len);
ssize_t __wrap_write(int fd, const void *buf, size_t len);

int __wrap_fsync(int fd)
{
	fake_step();
	return __real_fsync(fd);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int r;

	fake_step();
	r = __real_renameat(from_dir, from, to_dir, to);
	fake_step();
	return r;
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
	fake_step();
	return __real_unlinkat(dir, name, flags);
}

/* A record is written in halves, so that one can be left half written. */
ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	fake_step();
	return __real_write(fd, buf, fake && len > 16 ? len / 2 : len);
}
