// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Who uses a disk, as far as can be seen from here. */
#include "usage.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "ask.h"

#define NODES_MAX 64		/* the disk, its partitions, the character device */
#define NAMESPACES_MAX 64	/* beyond that they are looked at twice, nothing worse */

/* Everything by which the device can be reached. */
struct nodes {
	unsigned int nr;
	dev_t list[NODES_MAX];	/* the disk and its partitions */
	dev_t chr;		/* 0 = none */
	unsigned int nr_seen;
	ino_t seen[NAMESPACES_MAX];
};

static int read_number(const char *dir, const char *name, dev_t *ret)
{
	unsigned int major, minor;
	char path[PATH_MAX];
	FILE *f;
	int n;

	if (snprintf(path, sizeof(path), "%s/%s/dev", dir, name) >= (int)sizeof(path))
		return 0;
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fscanf(f, "%u:%u", &major, &minor);
	fclose(f);
	*ret = makedev(major, minor);
	return n == 2;
}

/* An entry of @dir, or 0; names that begin with a dot are none. */
static int first_entry(const char *path, char ret[NAME_MAX + 1])
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int is_found = 0;

	while (dir && !is_found && (entry = readdir(dir))) {
		is_found = entry->d_name[0] != '.';
		if (is_found)
			snprintf(ret, NAME_MAX + 1, "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return is_found;
}

static int find_holder(const char *disk, const char *part, char ret[USAGE_TEXT_MAX])
{
	char path[PATH_MAX], holder[NAME_MAX + 1];

	if (snprintf(path, sizeof(path), "%s/%s/holders", disk, part) >= (int)sizeof(path) ||
	    !first_entry(path, holder))
		return 0;
	snprintf(ret, USAGE_TEXT_MAX, "is part of %.100s", holder);
	return 1;
}

/* Fills @nodes; returns 1 if the disk or a partition is part of another device. */
static int find_nodes(int id, struct nodes *nodes, char ret[USAGE_TEXT_MAX])
{
	char disk[64], chr[32];
	struct dirent *entry;
	int is_held;
	DIR *dir;

	memset(nodes, 0, sizeof(*nodes));
	snprintf(chr, sizeof(chr), "ublkc%d", id);
	read_number("/sys/class/ublk-char", chr, &nodes->chr);
	snprintf(disk, sizeof(disk), "/sys/block/ublkb%d", id);
	nodes->nr = (unsigned int)read_number(disk, ".", &nodes->list[0]);
	is_held = find_holder(disk, ".", ret);
	dir = opendir(disk);
	while (dir && !is_held && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "ublkb", 5))
			continue;
		if (nodes->nr < NODES_MAX &&
		    read_number(disk, entry->d_name, &nodes->list[nodes->nr]))
			nodes->nr++;
		is_held = find_holder(disk, entry->d_name, ret);
	}
	if (dir)
		closedir(dir);
	return is_held;
}

static int is_ours(const struct nodes *nodes, dev_t dev)
{
	unsigned int i;

	for (i = 0; i < nodes->nr; i++)
		if (nodes->list[i] == dev)
			return 1;
	return 0;
}

/* What waits is parked in the driver, or on its way to it. */
static int find_waiting(int id, char ret[USAGE_TEXT_MAX])
{
	unsigned long parked = 0, reads = 0, writes = 0;
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/block/ublkb%d/inflight", id);
	f = fopen(path, "re");
	if (f && fscanf(f, "%lu %lu", &reads, &writes) != 2)
		reads = writes = 0;
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/sys/kernel/debug/ublk/%d/counters", id);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "parked_now: %lu", &parked) == 1)
			break;
	if (f)
		fclose(f);
	if (!parked && !reads && !writes)
		return 0;
	snprintf(ret, USAGE_TEXT_MAX, "has I/O waiting");
	return 1;
}

static int find_swap(const struct nodes *nodes, char ret[USAGE_TEXT_MAX])
{
	char line[PATH_MAX + 128];
	FILE *f = fopen("/proc/swaps", "re");
	struct stat st;
	int is_found = 0;

	while (f && !is_found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, " \t\n")] = '\0';
		is_found = line[0] == '/' && !stat(line, &st) && S_ISBLK(st.st_mode) &&
			   is_ours(nodes, st.st_rdev);
	}
	if (f)
		fclose(f);
	if (is_found)
		snprintf(ret, USAGE_TEXT_MAX, "is used for swap");
	return is_found;
}

/* Was this process's mount namespace looked at before? */
static int is_seen(struct nodes *nodes, const char *pid)
{
	char path[PATH_MAX];
	struct stat st;
	unsigned int i;

	snprintf(path, sizeof(path), "/proc/%.20s/ns/mnt", pid);
	if (stat(path, &st) < 0)
		return 0;
	for (i = 0; i < nodes->nr_seen; i++)
		if (nodes->seen[i] == st.st_ino)
			return 1;
	if (nodes->nr_seen < NAMESPACES_MAX)
		nodes->seen[nodes->nr_seen++] = st.st_ino;
	return 0;
}

static int find_mount(struct nodes *nodes, const char *pid, char ret[USAGE_TEXT_MAX])
{
	char path[PATH_MAX], line[2 * PATH_MAX], where[PATH_MAX];
	unsigned int major, minor;
	int is_found = 0;
	FILE *f;

	if (is_seen(nodes, pid))
		return 0;
	snprintf(path, sizeof(path), "/proc/%.20s/mountinfo", pid);
	f = fopen(path, "re");
	while (f && !is_found && fgets(line, sizeof(line), f))
		is_found = sscanf(line, "%*s %*s %u:%u %*s %4095s", &major, &minor, where) == 3 &&
			   is_ours(nodes, makedev(major, minor));
	if (f)
		fclose(f);
	if (is_found)
		snprintf(ret, USAGE_TEXT_MAX, "is mounted on %.100s (as process %.20s sees it)",
			 where, pid);
	return is_found;
}

static int find_open_file(const struct nodes *nodes, const char *pid, char ret[USAGE_TEXT_MAX])
{
	char path[PATH_MAX];
	struct dirent *entry;
	int is_found = 0;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	while (dir && !is_found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid, entry->d_name);
		if (stat(path, &st) < 0)
			continue;
		is_found = (S_ISBLK(st.st_mode) && is_ours(nodes, st.st_rdev)) ||
			   (S_ISCHR(st.st_mode) && nodes->chr && st.st_rdev == nodes->chr);
	}
	if (dir)
		closedir(dir);
	if (is_found)
		snprintf(ret, USAGE_TEXT_MAX, "is open in process %.20s%s", pid,
			 S_ISCHR(st.st_mode) ? ", which serves it or is about to" : "");
	return is_found;
}

int usage_find(int id, char ret[USAGE_TEXT_MAX])
{
	struct nodes nodes;
	struct dirent *entry;
	int is_used;
	DIR *dir;

	is_used = find_nodes(id, &nodes, ret) || find_swap(&nodes, ret);
	dir = opendir("/proc");
	while (dir && !is_used && (entry = readdir(dir))) {
		if (entry->d_name[strspn(entry->d_name, "0123456789")])
			continue;
		is_used = find_mount(&nodes, entry->d_name, ret) ||
			  find_open_file(&nodes, entry->d_name, ret);
	}
	if (dir)
		closedir(dir);
	return is_used || find_waiting(id, ret);
}

/* A supervisor is the program whose server it is the parent of. */
static int is_supervisor(int pid, const char *program)
{
	char link[32], path[PATH_MAX];
	ssize_t len;

	if (pid <= 1 || !program)
		return 0;
	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return 0;
	path[len] = '\0';
	return !strcmp(path, program);
}

int usage_supervisor(int id, int parent, const char *program, char ret[USAGE_TEXT_MAX])
{
	char unit[48], state[64];
	const char *const argv[] = {
		"systemctl", "show", "--property=ActiveState", "--value", unit, NULL,
	};

	if (is_supervisor(parent, program)) {
		snprintf(ret, USAGE_TEXT_MAX, "process %d", parent);
		return 1;
	}
	if (access("/run/systemd/system", F_OK))
		return 0;
	snprintf(unit, sizeof(unit), "ublk@%d.service", id);
	/* "activating" is also the pause before a restart */
	if (program_ask(argv, state, sizeof(state)) ||
	    (strncmp(state, "activ", 5) && strncmp(state, "reloading", 9) &&
	     strncmp(state, "deactivating", 12)))
		return 0;
	snprintf(ret, USAGE_TEXT_MAX, "%s", unit);
	return 1;
}
