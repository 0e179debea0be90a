/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * The fence.
 *
 * The end of a process does not end its writes: requests that its rings had given to the backing
 * may land after the next server acknowledged a newer write to the same block. But each of them
 * holds the open file it goes to, and a flock() lock lives as long as its open file. So a server
 * locks the file it does I/O with, and its successor waits for that lock: having it proves that
 * nothing of the dead one is under way.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"
#include "point.h"

/*
 * flock() has no time limit of its own and nothing to poll. A blocking call could be ended only by
 * a signal (a side effect on the whole process) or by leaving a thread behind in it. So try and
 * wait on what may interrupt us.
 */
#define RETRY_MS	10

/*
 * udev holds a shared lock on a block device for as long as it looks at it (systemd's "Locking
 * Block Device Access"), which it does to each new one. No server shares its lock.
 */
#define SHARED_MS	10000

static bool is_shared(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return false;
	flock(fd, LOCK_UN);
	return true;
}

static int locked_error(struct ublk_device *dev, int timeout_ms)
{
	if (timeout_ms)
		return ublk_set_error(EBUSY, "device %d: its backing is still locked after %d ms: "
				      "I/O of the dead server is under way, or another process "
				      "uses it ('lslocks' shows who); try again later", dev->id,
				      timeout_ms);
	return ublk_set_error(EBUSY, "the backing of target %s is locked: another server uses it "
			      "('lslocks' shows who)", dev->name);
}

/* For people and tools that want to see who holds the lock; best effort. */
static char *path_of(int fd)
{
	char link[32], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	return n > 0 && path[0] == '/' ? strndup(path, (size_t)n) : NULL;
}

static int lock(struct ublk_device *dev, int fd, int timeout_ms)
{
	int64_t deadline = ublk_deadline(timeout_ms);
	struct pollfd p = { .fd = dev->wait_fd, .events = POLLIN };
	bool is_first = true;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int left;

		if (errno != EWOULDBLOCK && errno != EINTR)
			return ublk_set_error(errno, "device %d: flock: %s", dev->id,
					      strerror(errno));
		if (is_first && !timeout_ms && is_shared(fd))
			deadline = ublk_deadline(SHARED_MS);
		is_first = false;
		left = ublk_time_left(deadline);
		if (!left)
			return locked_error(dev, timeout_ms);
		if (poll(&p, 1, left < RETRY_MS ? left : RETRY_MS) > 0 &&
		    ublk_device_is_cancelled(dev))
			return ublk_set_error(ECANCELED, "device %d: interrupted while it waited "
					      "for the lock of its backing", dev->id);
	}
	return 0;
}

static struct ublk_backing backing_of(int fd)
{
	struct ublk_backing backing = { .is_known = false };
	struct stat st;
	dev_t number;

	if (fstat(fd, &st) < 0)
		return backing;
	number = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	backing.is_known = true;
	backing.major = major(number);
	backing.minor = minor(number);
	backing.inode = S_ISBLK(st.st_mode) ? 0 : (uint64_t)st.st_ino;
	return backing;
}

/*
 * Another file under the old name is not the device's data, however well its size fits: whoever has
 * the disk open would go on with a mixture of both.
 */
static int check_backing(struct ublk_device *dev)
{
	const struct ublk_backing *is = &dev->backing, *was = &dev->expected;

	if (!was->is_known || !is->is_known || dev->config.flags & LIBUBLK_ANY_BACKING ||
	    (is->major == was->major && is->minor == was->minor && is->inode == was->inode))
		return 0;
	return ublk_set_error(ESTALE, "device %d: this is another backing (device %u:%u, inode "
			      "%llu) than the one it had (%u:%u, %llu): bring that back, or force "
			      "the takeover ('ublk recover --force') if this has the same data",
			      dev->id, is->major, is->minor, (unsigned long long)is->inode,
			      was->major, was->minor, (unsigned long long)was->inode);
}

int ublk_fence(struct ublk_device *dev, int timeout_ms)
{
	int fd, r;

	if (!dev->ops.fence)
		return 0;
	ublk_clear_error();
	fd = dev->ops.fence(dev, dev->user);
	if (fd == -EOPNOTSUPP)
		return 0;
	if (fd < 0 && *ublk_last_error())
		return fd;
	if (fd < 0)
		return ublk_set_error(fd, "target %s: fence: %s", dev->name, strerror(-fd));
	dev->backing = backing_of(fd);
	r = check_backing(dev);
	if (r < 0)
		return r;
	UBLK_POINT(BEFORE_FENCE);
	r = lock(dev, fd, timeout_ms);
	if (r < 0)
		return r;
	UBLK_POINT(AFTER_FENCE);
	dev->is_fenced = true;
	dev->fence_path = path_of(fd);
	return 0;
}

bool ublk_process_is_gone(int pid)
{
	int fd;
	bool is_gone;

	if (pid <= 0)
		return true;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return errno == ESRCH;
	/* Readable from the exit on, also while nobody has waited for the zombie. */
	is_gone = ublk_poll_in(fd, 0) > 0;
	close(fd);
	return is_gone;
}
