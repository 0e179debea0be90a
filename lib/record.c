/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * Records on disk.
 *
 * A record must survive whatever happens to its server, so it is only ever replaced as a whole:
 * written under another name, synced, renamed, the folder synced. Until the rename the old one
 * counts, after it the new one. And because "ublk recover" runs the command in it as root, a
 * reader believes it only if nobody but root or the reader could have written it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "point.h"

#define MOST_BYTES	(1u << 20)

/* What was the record before an upgrade began: kept under this name until that is over. */
#define KEPT		".old"

static void file_name(int id, const char *suffix, char name[24])
{
	snprintf(name, 24, "%d%s", id, suffix);
}

bool ublk_file_is_trusted(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

int ublk_run_dir_open(struct ublk_ctl *ctl, const char **ret_path)
{
	const char *path = ublk_ctl_run_dir(ctl);
	struct stat st;
	int fd;

	*ret_path = path;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !ublk_file_is_trusted(&st)) {
		close(fd);
		return ublk_set_error(EPERM, "%s is not trusted: it must belong to root or to the "
				      "caller and be writable by nobody else", path);
	}
	return fd;
}

int ublk_run_dir_make(struct ublk_ctl *ctl)
{
	const char *path = ublk_ctl_run_dir(ctl);
	char part[4096];
	char *slash;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return ublk_set_error(ENAMETOOLONG, "%.80s..: name too long", path);
	for (slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return ublk_set_error(errno, "mkdir %s: %s", part, strerror(errno));
		*slash = '/';
	}
	if (mkdir(part, 0755) < 0 && errno != EEXIST)
		return ublk_set_error(errno, "mkdir %s: %s", part, strerror(errno));
	return 0;
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

/* The new contents under a name that no reader takes for a record. */
static int write_temporary(int dir_fd, const char *name, const char *text)
{
	int fd, r;

	/* What a server that died in here left behind. */
	unlinkat(dir_fd, name, 0);
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	/* Not left to the umask: a record is readable by all and writable by its owner. */
	r = fchmod(fd, 0644) < 0 ? -errno : write_all(fd, text);
	if (!r && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && !r)
		r = -errno;
	return r;
}

/* @dev: whose record it is, for its point(); NULL for a kept one. */
static int replace(struct ublk_ctl *ctl, int id, const char *suffix, const char *text,
		   const struct ublk_device *dev)
{
	char name[24], temporary[40];
	const char *path;
	int dir_fd, r;

	r = ublk_run_dir_make(ctl);
	if (r < 0)
		return r;
	dir_fd = ublk_run_dir_open(ctl, &path);
	if (dir_fd == -EPERM)
		return dir_fd;
	if (dir_fd < 0)
		return ublk_set_error(dir_fd, "%s: %s", path, strerror(-dir_fd));
	file_name(id, suffix, name);
	snprintf(temporary, sizeof(temporary), ".%s.new", name);
	r = write_temporary(dir_fd, temporary, text);
	if (!r) {
		UBLK_POINT(BEFORE_RECORD);
		if (dev && dev->ops.point)
			dev->ops.point("before-record", dev->user);
		if (renameat(dir_fd, temporary, dir_fd, name) < 0)
			r = -errno;
		UBLK_POINT(AFTER_RENAME);
	}
	if (!r && fsync(dir_fd) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir_fd, temporary, 0);
		ublk_set_error(r, "record %s/%s: %s", path, name, strerror(-r));
	}
	close(dir_fd);
	return r;
}

int ublk_record_save(struct ublk_ctl *ctl, const struct ublk_device *dev)
{
	char *text, *cwd;
	int r;

	cwd = getcwd(NULL, 0);
	r = ublk_record_to_text(dev, cwd ? cwd : "/", (int64_t)time(NULL), &text);
	free(cwd);
	if (r < 0)
		return r;
	r = replace(ctl, dev->id, "", text, dev);
	free(text);
	return r;
}

static int read_all(int fd, char **ret_text)
{
	char *text = malloc(MOST_BYTES + 1);
	size_t used = 0;

	if (!text)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read(fd, text + used, MOST_BYTES + 1 - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			return -errno;
		}
		used += (size_t)n;
		if (used > MOST_BYTES) {
			free(text);
			return -EFBIG;
		}
		if (!n)
			break;
	}
	text[used] = '\0';
	/* A NUL inside would hide what follows it from the parser. */
	if (strlen(text) != used) {
		free(text);
		return -EBADMSG;
	}
	*ret_text = text;
	return 0;
}

static int read_file(struct ublk_ctl *ctl, int id, const char *suffix, char **ret_text)
{
	const char *path;
	struct stat st;
	char name[24];
	int dir_fd, fd, r;

	file_name(id, suffix, name);
	dir_fd = ublk_run_dir_open(ctl, &path);
	if (dir_fd == -EPERM)
		return dir_fd;
	if (dir_fd < 0)
		return ublk_set_error(dir_fd, "device %d has no record: %s: %s", id, path,
				      strerror(-dir_fd));
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	r = fd < 0 ? -errno : 0;
	close(dir_fd);
	if (r == -ELOOP)
		return ublk_set_error(EPERM, "%s/%s is a symbolic link", path, name);
	if (r < 0)
		return ublk_set_error(r, "device %d has no record: %s/%s: %s", id, path, name,
				      strerror(-r));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !ublk_file_is_trusted(&st) ||
	    st.st_nlink != 1)
		r = ublk_set_error(EPERM, "%s/%s is not trusted: it must be a plain file of root "
				   "or of the caller that nobody else may write", path, name);
	else
		r = read_all(fd, ret_text);
	close(fd);
	if (r < 0 && r != -EPERM)
		ublk_set_error(r, "%s/%s: %s", path, name, strerror(-r));
	return r;
}

static int load(struct ublk_ctl *ctl, int id, const char *suffix, struct ublk_record **ret_record)
{
	struct ublk_record *record;
	char *text = NULL;
	int r;

	r = read_file(ctl, id, suffix, &text);
	if (r < 0)
		return r;
	record = calloc(1, sizeof(*record));
	r = record ? ublk_record_from_text(text, record) : ublk_set_error(ENOMEM, "out of memory");
	free(text);
	if (!r && record->id != id)
		r = ublk_set_error(EBADMSG, "record %d is about device %d", id, record->id);
	if (r < 0) {
		ublk_record_free(record);
		return r;
	}
	*ret_record = record;
	return 0;
}

UBLK_EXPORT int ublk_record_load(struct ublk_ctl *ctl, int id, struct ublk_record **ret_record)
{
	return load(ctl, id, "", ret_record);
}

UBLK_EXPORT int ublk_record_load_kept(struct ublk_ctl *ctl, int id,
				      struct ublk_record **ret_record)
{
	return load(ctl, id, KEPT, ret_record);
}

UBLK_EXPORT int ublk_record_keep(struct ublk_ctl *ctl, int id)
{
	char *text = NULL;
	int r;

	r = read_file(ctl, id, "", &text);
	if (text)
		r = replace(ctl, id, KEPT, text, NULL);
	free(text);
	return r;
}

UBLK_EXPORT void ublk_record_free(struct ublk_record *record)
{
	if (!record)
		return;
	free(record->target);
	free(record->fence_path);
	free(record->cwd);
	ublk_strv_free(record->argv);
	free(record);
}

static int remove_file(struct ublk_ctl *ctl, int id, bool is_all)
{
	const char *path;
	char name[24];
	int dir_fd, r = 0;

	dir_fd = ublk_run_dir_open(ctl, &path);
	if (dir_fd == -EPERM)
		return dir_fd;
	if (dir_fd < 0)
		return ublk_set_error(dir_fd, "%s: %s", path, strerror(-dir_fd));
	file_name(id, KEPT, name);
	if (unlinkat(dir_fd, name, 0) < 0)
		r = -errno;
	if (is_all) {
		ublk_stats_remove(dir_fd, id);
		file_name(id, "", name);
		r = unlinkat(dir_fd, name, 0) < 0 ? -errno : 0;
	}
	if (r < 0)
		ublk_set_error(r, "%s/%s: %s", path, name, strerror(-r));
	close(dir_fd);
	return r;
}

UBLK_EXPORT int ublk_record_remove(struct ublk_ctl *ctl, int id)
{
	return remove_file(ctl, id, true);
}

UBLK_EXPORT int ublk_record_drop_kept(struct ublk_ctl *ctl, int id)
{
	return remove_file(ctl, id, false);
}

/* "17", and neither "017" nor ".17.new". */
static bool is_record_name(const char *name, int *ret_id)
{
	char canonical[16];
	long id = strtol(name, NULL, 10);

	if (id < 0 || id >= 1 << 20)
		return false;
	snprintf(canonical, sizeof(canonical), "%ld", id);
	if (strcmp(name, canonical))
		return false;
	*ret_id = (int)id;
	return true;
}

UBLK_EXPORT int ublk_record_list(struct ublk_ctl *ctl, int **ret_ids, size_t *ret_count)
{
	struct ublk_ids ids = { NULL, 0 };
	struct dirent *entry;
	const char *path;
	int dir_fd, id;
	DIR *dir;

	dir_fd = ublk_run_dir_open(ctl, &path);
	if (dir_fd == -ENOENT)
		goto done;
	if (dir_fd == -EPERM)
		return dir_fd;
	if (dir_fd < 0)
		return ublk_set_error(dir_fd, "%s: %s", path, strerror(-dir_fd));
	dir = fdopendir(dir_fd);
	if (!dir) {
		close(dir_fd);
		return ublk_set_error(errno, "%s: %s", path, strerror(errno));
	}
	while ((entry = readdir(dir))) {
		if (!is_record_name(entry->d_name, &id))
			continue;
		if (ublk_ids_add(&ids, id) < 0) {
			free(ids.ids);
			closedir(dir);
			return ublk_set_error(ENOMEM, "out of memory");
		}
	}
	closedir(dir);
done:
	ublk_ids_sort(&ids);
	*ret_ids = ids.ids;
	*ret_count = ids.count;
	return 0;
}
