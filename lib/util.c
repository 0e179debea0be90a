/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Time, waiting, and sized structs. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

int64_t ublk_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t ublk_deadline(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : ublk_now_ms() + timeout_ms;
}

int ublk_time_left(int64_t deadline)
{
	int64_t left;

	if (deadline < 0)
		return -1;
	left = deadline - ublk_now_ms();
	return left < 0 ? 0 : (int)left;
}

int ublk_poll_in(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t deadline = ublk_deadline(timeout_ms);
	int r;

	do {
		r = poll(&p, 1, ublk_time_left(deadline));
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

int ublk_event_create(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return ublk_set_error(errno, "eventfd: %s", strerror(errno));
	return fd;
}

void ublk_event_set(int fd)
{
	int saved = errno;
	uint64_t one = 1;

	/* EAGAIN means the counter is full: it is readable, which is all that is wanted. */
	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	errno = saved;
}

void ublk_event_clear(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

int ublk_copy_sized(void *to, size_t to_size, const void *from, size_t from_size, size_t least,
		    const char *what)
{
	const char *bytes = from;
	size_t i;

	if (from_size < least)
		return ublk_set_error(EINVAL, "%s.size is %zu, at least %zu expected", what,
				      from_size, least);
	for (i = to_size; i < from_size; i++) {
		if (bytes[i])
			return ublk_set_error(E2BIG, "%s has fields in use that this libublk %s "
					      "does not know", what, ublk_version());
	}
	memset(to, 0, to_size);
	memcpy(to, from, from_size < to_size ? from_size : to_size);
	return 0;
}

char **ublk_strv_dup(const char *const *strv)
{
	size_t n = 0, i;
	char **copy;

	while (strv && strv[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	if (!copy)
		return NULL;
	for (i = 0; i < n; i++) {
		copy[i] = strdup(strv[i]);
		if (!copy[i]) {
			ublk_strv_free(copy);
			return NULL;
		}
	}
	return copy;
}

void ublk_strv_free(char **strv)
{
	size_t i;

	for (i = 0; strv && strv[i]; i++)
		free(strv[i]);
	free(strv);
}

int ublk_ids_add(struct ublk_ids *ids, int id)
{
	int *more = reallocarray(ids->ids, ids->count + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	ids->ids = more;
	ids->ids[ids->count++] = id;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

void ublk_ids_sort(struct ublk_ids *ids)
{
	if (ids->count)
		qsort(ids->ids, ids->count, sizeof(*ids->ids), by_number);
}
