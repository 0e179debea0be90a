// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A file that a target shares with a program: mapped, registered, reported about. */
#include "shared_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_PIECE	(1ull << 32)	/* what the driver takes at a time */

static int fail(const struct shared_file *shm, const char *what, struct option_error *err)
{
	return option_fail(err, "--shm: cannot %s %s: %s", what, shm->path, strerror(errno));
}

static int map(struct shared_file *shm, int fd, struct option_error *err)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(shm, "look at", err);
	if ((uint64_t)st.st_size < shm->wanted_size) {
		if (ftruncate(fd, (off_t)shm->wanted_size) < 0)
			return fail(shm, "grow", err);
		st.st_size = (off_t)shm->wanted_size;
	}
	shm->size = (uint64_t)st.st_size & ~(page - 1);
	if (!shm->size)
		return option_fail(err, "--shm: %s has not even a page: make it larger, or say "
					"--shm-size", shm->path);
	shm->at = mmap(NULL, shm->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shm->at != MAP_FAILED)
		return 0;
	shm->at = NULL;
	return fail(shm, "map", err);
}

int shared_file_map(struct shared_file *shm, struct option_error *err)
{
	int fd, r;

	if (!shm->path)
		return shm->wanted_size ? option_fail(err, "--shm-size wants --shm FILE") : 0;
	fd = open(shm->path, O_RDWR | O_CLOEXEC | (shm->wanted_size ? O_CREAT : 0), 0600);
	if (fd < 0)
		return fail(shm, "open", err);
	r = map(shm, fd, err);
	close(fd);
	return r;
}

void shared_file_unmap(struct shared_file *shm)
{
	if (shm->at)
		munmap(shm->at, shm->size);
	shm->at = NULL;
}

int shared_file_register(struct shared_file *shm, struct ublk_device *dev)
{
	uint64_t done, len;
	unsigned index;
	int r = 0;

	for (done = 0; shm->at && done < shm->size && !r; done += len) {
		len = shm->size - done < LARGEST_PIECE ? shm->size - done : LARGEST_PIECE;
		r = ublk_device_register_memory(dev, shm->at + done, len, 0, &index);
	}
	return r;
}

void shared_file_report(const struct shared_file *shm, const struct ublk_device *dev)
{
	if (shm->at)
		fprintf(stderr, "device %d: %llu of %llu reads and writes were in %s\n",
			ublk_device_id(dev), atomic_load(&shm->nr_in_memory),
			atomic_load(&shm->nr_all), shm->path);
}
