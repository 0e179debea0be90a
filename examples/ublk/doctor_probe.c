// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The facts about this host that doctor.c judges. Everything here only looks. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <ublk.h>
#include <unistd.h>

#include "ask.h"
#include "device_view.h"
#include "doctor.h"

#define SYSFS_MODULE "/sys/module/ublk_drv"
#define SYSFS_CLASS "/sys/class/ublk-char"
#define CONTROL_NODE "/dev/ublk-control"
/* a parameter that only this project's driver has */
#define OUR_PARAMETER "monitor_period_ms"

/* First line of a small file, without its newline. Return: 0 or -errno. */
static int read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	int r = 0;

	if (!f)
		return -errno;
	if (!fgets(buf, (int)size, f))
		r = -ENODATA;
	else
		buf[strcspn(buf, "\n")] = '\0';
	fclose(f);
	return r;
}

/* What follows in @buf from a newline on is gone. */
static void cut_line(char *buf)
{
	buf[strcspn(buf, "\n")] = '\0';
}

/*
 * modprobe's own idea of which file counts is what is asked for, and no other program
 * knows it.
 */
static int modinfo(const char *field, char *buf, size_t size)
{
	const char *const argv[] = { "modinfo", "-F", field, "ublk_drv", NULL };

	return program_ask(argv, buf, size);
}

/* A kernel that has our module, where dkms and people by hand put it. */
static void find_other_kernel(char *ret, size_t size)
{
	static const char *const patterns[] = {
		"/lib/modules/*/updates/dkms/ublk_drv.ko*", "/lib/modules/*/extra/ublk_drv.ko*",
		"/lib/modules/*/updates/ublk_drv.ko*",
	};
	const char *name;
	glob_t found;
	size_t i;

	for (i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		if (glob(patterns[i], 0, NULL, &found))
			continue;
		name = found.gl_pathv[found.gl_pathc - 1] + strlen("/lib/modules/");
		snprintf(ret, size, "%.*s", (int)strcspn(name, "/"), name);
		globfree(&found);
		return;
	}
}

static void probe_kernels(struct doctor_facts *ret)
{
	char magic[4096];
	struct utsname uts;

	if (uname(&uts) < 0)
		return;
	snprintf(ret->kernel, sizeof(ret->kernel), "%s", uts.release);
	if (!ret->module_file[0]) {
		find_other_kernel(ret->other_kernel, sizeof(ret->other_kernel));
		return;
	}
	/* "6.1.0-49-cloud-amd64 SMP preempt mod_unload modversions" */
	if (modinfo("vermagic", magic, sizeof(magic)))
		return;
	magic[strcspn(magic, " \n")] = '\0';
	ret->is_file_other = magic[0] && strcmp(magic, ret->kernel);
	if (ret->is_file_other)
		snprintf(ret->other_kernel, sizeof(ret->other_kernel), "%.64s", magic);
}

static void probe_module(struct doctor_facts *ret)
{
	char buf[4096];

	ret->is_module_loaded = !access(SYSFS_MODULE, F_OK);
	ret->is_module_ours = !access(SYSFS_MODULE "/parameters/" OUR_PARAMETER, F_OK);
	/* only what can be loaded and unloaded has a state */
	ret->is_built_in = ret->is_module_loaded && access(SYSFS_MODULE "/initstate", F_OK);
	ret->ublks_max = -1;
	if (!read_line(SYSFS_MODULE "/parameters/ublks_max", buf, sizeof(buf)))
		ret->ublks_max = strtoll(buf, NULL, 10);
	if (!modinfo("filename", buf, sizeof(buf)) && buf[0]) {
		cut_line(buf);
		snprintf(ret->module_file, sizeof(ret->module_file), "%.*s",
			 (int)sizeof(ret->module_file) - 1, buf);
		ret->is_file_ours = !modinfo("parm", buf, sizeof(buf)) &&
				    strstr(buf, OUR_PARAMETER) != NULL;
	}
	probe_kernels(ret);
	/* "none [integrity] confidentiality": the bracket marks the mode */
	ret->needs_signature =
		(!read_line("/sys/kernel/security/lockdown", buf, sizeof(buf)) &&
		 !strstr(buf, "[none]")) ||
		(!read_line("/sys/module/module/parameters/sig_enforce", buf, sizeof(buf)) &&
		 buf[0] == 'Y');
}

static void probe_control(struct doctor_facts *ret)
{
	struct stat st;
	int fd;

	ret->has_control_node = !stat(CONTROL_NODE, &st) && S_ISCHR(st.st_mode);
	if (!ret->has_control_node)
		return;
	fd = open(CONTROL_NODE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		ret->control_errno = errno;
	else
		close(fd);
}

static void probe_io_uring(struct doctor_facts *ret)
{
	struct io_uring_params params;
	char buf[16];
	long fd;

	memset(&params, 0, sizeof(params));
	fd = syscall(SYS_io_uring_setup, 1, &params);
	if (fd < 0)
		ret->io_uring_errno = errno;
	else
		close((int)fd);
	ret->io_uring_disabled = -1;
	if (!read_line("/proc/sys/kernel/io_uring_disabled", buf, sizeof(buf)))
		ret->io_uring_disabled = atoi(buf);
}

/* The file that is mapped is called liburing.so.MAJOR.MINOR, by whatever name it was asked for. */
static void probe_liburing(struct doctor_facts *ret)
{
	static const char name[] = "/liburing.so.";
	char line[4096], *at;
	FILE *f = fopen("/proc/self/maps", "re");

	while (f && fgets(line, sizeof(line), f)) {
		at = strstr(line, name);
		if (!at)
			continue;
		cut_line(at);
		snprintf(ret->liburing, sizeof(ret->liburing), "%.15s", at + strlen(name));
		break;
	}
	if (f)
		fclose(f);
}

static void probe_udev(struct doctor_facts *ret)
{
	static const char *const dirs[] = { "/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib" };
	char path[64];
	size_t i;

	ret->has_udev = !access("/run/udev/control", F_OK);
	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		snprintf(path, sizeof(path), "%s/udev/rules.d/" DOCTOR_UDEV_FILE, dirs[i]);
		ret->has_udev_rule |= !access(path, R_OK);
	}
}

/* Unknown is no: who may not look at a process is told of it elsewhere. */
static int is_elsewhere(int pid)
{
	struct stat here, there;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return !stat("/proc/self/ns/mnt", &here) && !stat(path, &there) &&
	       here.st_ino != there.st_ino;
}

static void probe_privilege(struct doctor_facts *ret)
{
	unsigned long long caps = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	if (f)
		fclose(f);
	ret->is_admin = caps >> CAP_SYS_ADMIN & 1;
}

static struct doctor_device *device_add(struct doctor_facts *ret, int id)
{
	struct doctor_device *dev;
	char path[64];

	if (ret->nr_devices == DOCTOR_DEVICES_MAX)
		return NULL;
	dev = &ret->devices[ret->nr_devices++];
	memset(dev, 0, sizeof(*dev));
	dev->id = id;
	dev->server_pid = -1;
	snprintf(path, sizeof(path), "/dev/ublkc%d", id);
	dev->has_node = !access(path, F_OK);
	return dev;
}

/* From sysfs, so that they are seen without any privilege. */
static void probe_devices(struct doctor_facts *ret, struct ublk_ctl *ctl)
{
	struct device_view view;
	struct doctor_device *dev;
	struct dirent *entry;
	DIR *dir = opendir(SYSFS_CLASS);
	int id;

	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "ublkc%d", &id) != 1)
			continue;
		dev = device_add(ret, id);
		if (!dev || !ctl || device_view_load(ctl, id, &view) < 0)
			continue;
		dev->is_known = 1;
		dev->state = (uint32_t)view.info.state;
		dev->server_pid = view.server_pid;
		dev->is_server_alive = view.is_server_alive;
		dev->is_server_elsewhere = view.is_server_alive && is_elsewhere(view.server_pid);
		dev->has_record = view.record != NULL;
		device_view_free(&view);
	}
	if (dir)
		closedir(dir);
}

static int has_device(const struct doctor_facts *facts, int id)
{
	uint32_t i;

	for (i = 0; i < facts->nr_devices; i++)
		if (facts->devices[i].id == id)
			return 1;
	return 0;
}

static void probe_records(struct doctor_facts *ret, struct ublk_ctl *ctl)
{
	struct ublk_record *record;
	struct doctor_record *one;
	size_t i, count = 0;
	int *ids = NULL;

	if (!ctl || ublk_record_list(ctl, &ids, &count) < 0)
		return;
	for (i = 0; i < count && ret->nr_records < DOCTOR_DEVICES_MAX; i++) {
		one = &ret->records[ret->nr_records++];
		memset(one, 0, sizeof(*one));
		one->id = ids[i];
		one->has_device = has_device(ret, ids[i]);
		one->error = ublk_record_load(ctl, ids[i], &record);
		if (one->error) {
			snprintf(one->why, sizeof(one->why), "%.*s", (int)sizeof(one->why) - 1,
				 ublk_last_error());
			continue;
		}
		ublk_record_free(record);
	}
	free(ids);
}

void doctor_probe(struct doctor_facts *ret)
{
	struct ublk_ctl *ctl = NULL;

	memset(ret, 0, sizeof(*ret));
	probe_module(ret);
	probe_control(ret);
	probe_io_uring(ret);
	probe_liburing(ret);
	probe_udev(ret);
	probe_privilege(ret);
	if (ublk_ctl_open(&ctl) < 0)
		ctl = NULL;
	probe_devices(ret, ctl);
	probe_records(ret, ctl);
	ublk_ctl_close(ctl);
}
