// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What can be wrong on a host, judged from facts alone. */
#include "doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ublk.h>

static struct doctor_finding *finding_add(struct doctor_report *report, const char *check,
					  enum doctor_level level, int32_t device)
{
	struct doctor_finding *grown, *finding;

	if (report->nr == report->nr_max) {
		grown = realloc(report->findings, (report->nr_max + 16) * sizeof(*grown));
		if (!grown) {
			report->is_short_of_memory = 1;
			return NULL;
		}
		report->findings = grown;
		report->nr_max += 16;
	}
	finding = &report->findings[report->nr++];
	memset(finding, 0, sizeof(*finding));
	finding->check = check;
	finding->level = level;
	finding->device = device;
	return finding;
}

static const struct {
	const char *name;
	enum doctor_level level;
} entries[] = {
#define ENTRY(symbol, text, severity) [DOCTOR_##symbol] = { text, DOCTOR_##severity },
	DOCTOR_TABLE(ENTRY)
#undef ENTRY
};

static void add_text(struct doctor_finding *finding, const char *fmt, va_list ap)
{
	char text[sizeof(finding->message) + sizeof(finding->remedy)];
	size_t cut;

	vsnprintf(text, sizeof(text), fmt, ap);
	cut = strcspn(text, "\n");
	snprintf(finding->message, sizeof(finding->message), "%.*s", (int)cut, text);
	if (text[cut])
		snprintf(finding->remedy, sizeof(finding->remedy), "%s", text + cut + 1);
}

/*
 * Adds a finding: the text before the newline is what is the matter, the text after
 * it what to do. Both in one format, so that they read here as on the screen.
 */
__attribute__((format(printf, 4, 5))) static void say(struct doctor_report *report,
						      enum doctor_entry entry, int32_t device,
						      const char *fmt, ...)
{
	struct doctor_finding *finding;
	va_list ap;

	finding = finding_add(report, entries[entry].name, entries[entry].level, device);
	if (!finding)
		return;
	va_start(ap, fmt);
	add_text(finding, fmt, ap);
	va_end(ap);
}

/* Nothing is wrong there. */
__attribute__((format(printf, 3, 4))) static void good(struct doctor_report *report,
						       const char *what, const char *fmt, ...)
{
	struct doctor_finding *finding = finding_add(report, what, DOCTOR_OK, -1);
	va_list ap;

	if (!finding)
		return;
	va_start(ap, fmt);
	add_text(finding, fmt, ap);
	va_end(ap);
}

/* None is loaded. */
static void check_file(const struct doctor_facts *facts, struct doctor_report *report)
{
	if (!facts->module_file[0] && facts->other_kernel[0])
		say(report, DOCTOR_MODULE_OTHER_KERNEL, -1,
		    "ublk_drv is installed for kernel %s, but not for the running one, %s\n"
		    "apt install linux-headers-%s && dkms autoinstall -k %s, or boot the other "
		    "kernel",
		    facts->other_kernel, facts->kernel, facts->kernel, facts->kernel);
	else if (!facts->module_file[0])
		say(report, DOCTOR_MODULE_MISSING, -1,
		    "no module ublk_drv is installed\n"
		    "install the kernel's headers, then run dkms install for this project");
	else if (facts->other_kernel[0] && facts->is_file_other)
		say(report, DOCTOR_MODULE_OTHER_KERNEL, -1,
		    "%s was made for kernel %s, not for the running one, %s\n"
		    "build it again: dkms autoinstall -k %s",
		    facts->module_file, facts->other_kernel, facts->kernel, facts->kernel);
	else if (facts->needs_signature)
		say(report, DOCTOR_MODULE_REFUSED, -1,
		    "ublk_drv is not loaded, and this kernel refuses unsigned modules\n"
		    "enrol the DKMS key (mokutil --import /var/lib/dkms/mok.pub), reboot, modprobe "
		    "ublk_drv");
	else
		say(report, DOCTOR_MODULE_NOT_LOADED, -1,
		    "ublk_drv is installed (%s) but not loaded\n"
		    "modprobe ublk_drv; to have it at each boot: echo ublk_drv > "
		    "/etc/modules-load.d/ublk.conf",
		    facts->module_file);
	if (facts->module_file[0] && !facts->is_file_ours)
		say(report, DOCTOR_MODULE_SHADOWED, -1,
		    "modprobe would load the kernel's own driver, %s\n"
		    "install this project's with dkms install, and run depmod",
		    facts->module_file);
}

static void check_module(const struct doctor_facts *facts, struct doctor_report *report)
{
	if (!facts->is_module_loaded)
		check_file(facts, report);
	else if (facts->is_module_ours)
		good(report, "module", "ublk_drv of this project is loaded");
	else if (facts->is_built_in)
		say(report, DOCTOR_MODULE_BUILT_IN, -1,
		    "ublk_drv is built into this kernel: this project's cannot replace it\n"
		    "boot a kernel that has it as a module (CONFIG_BLK_DEV_UBLK=m) or not at all");
	else if (facts->is_file_ours)
		say(report, DOCTOR_MODULE_MAINLINE, -1,
		    "the kernel's own ublk_drv is loaded, not the one installed at %s\n"
		    "stop all ublk devices, then: rmmod ublk_drv && modprobe ublk_drv",
		    facts->module_file);
	else
		say(report, DOCTOR_MODULE_NOT_OURS, -1,
		    "the kernel's own ublk_drv is loaded; this project's is not installed\n"
		    "install it with dkms install, then: rmmod ublk_drv && modprobe ublk_drv");
}

static void check_control(const struct doctor_facts *facts, struct doctor_report *report)
{
	static const char check[] = "control-node";

	if (!facts->is_module_loaded)
		return; /* said already; everything below follows from it */
	if (!facts->has_control_node)
		say(report, DOCTOR_CONTROL_MISSING, -1,
		    "the module is loaded but /dev/ublk-control is missing\n"
		    "mount devtmpfs on /dev or start udev; in a container, pass the node in");
	else if (facts->control_errno == EACCES || facts->control_errno == EPERM)
		say(report, DOCTOR_CONTROL_DENIED, -1,
		    "/dev/ublk-control may not be opened: permission denied\n"
		    "run as root, or give your user access to /dev/ublk-control by a udev rule");
	else if (facts->control_errno)
		say(report, DOCTOR_CONTROL_BROKEN, -1,
		    "/dev/ublk-control cannot be opened: %s\n"
		    "look at dmesg; a left-over node of another boot can be removed with rm",
		    strerror(facts->control_errno));
	else
		good(report, check, "/dev/ublk-control can be opened");
}

static void check_io_uring(const struct doctor_facts *facts, struct doctor_report *report)
{
	static const char check[] = "io-uring";

	if (facts->io_uring_errno == ENOSYS)
		say(report, DOCTOR_URING_MISSING, -1,
		    "this kernel has no io_uring, or a seccomp filter hides it\n"
		    "use a kernel with CONFIG_IO_URING; in a container, allow io_uring in its "
		    "seccomp profile");
	else if (facts->io_uring_errno && facts->io_uring_disabled > 0)
		say(report, DOCTOR_URING_DISABLED, -1,
		    "io_uring is disabled here (kernel.io_uring_disabled = %d)\n"
		    "sysctl kernel.io_uring_disabled=0 (1 lets root and its io_uring group "
		    "through)",
		    facts->io_uring_disabled);
	else if (facts->io_uring_errno == EPERM)
		say(report, DOCTOR_URING_DENIED, -1,
		    "io_uring may not be used here: permission denied\n"
		    "allow io_uring_setup in the container's seccomp profile or the security "
		    "policy");
	else if (facts->io_uring_errno == ENOMEM)
		say(report, DOCTOR_URING_MEMLOCK, -1,
		    "no memory may be locked for io_uring\n"
		    "raise the limit: ulimit -l, or LimitMEMLOCK= in the unit");
	else if (facts->io_uring_errno)
		say(report, DOCTOR_URING_BROKEN, -1,
		    "io_uring cannot be set up: %s\n"
		    "look at dmesg and at the limits of this process",
		    strerror(facts->io_uring_errno));
	else
		good(report, check, "io_uring works");
}

/* It is the one that this process runs with; one without what we need would not have come here. */
static void check_liburing(const struct doctor_facts *facts, struct doctor_report *report)
{
	int major, minor, wanted_major, wanted_minor;

	if (sscanf(facts->liburing, "%d.%d", &major, &minor) != 2 ||
	    sscanf(DOCTOR_LIBURING, "%d.%d", &wanted_major, &wanted_minor) != 2)
		return;
	if (major > wanted_major || (major == wanted_major && minor >= wanted_minor))
		good(report, "liburing", "liburing is %s, " DOCTOR_LIBURING " is needed",
		     facts->liburing);
	else
		say(report, DOCTOR_LIBURING_OLD, -1,
		    "liburing is %s, and " DOCTOR_LIBURING " is needed\n"
		    "install liburing2 " DOCTOR_LIBURING " or later; ldd tells which one a program "
		    "takes",
		    facts->liburing);
}

static void check_udev(const struct doctor_facts *facts, struct doctor_report *report)
{
	if (!facts->has_udev)
		return;
	if (facts->has_udev_rule)
		good(report, "udev", "udev has this project's rule");
	else
		say(report, DOCTOR_UDEV_RULE, -1,
		    "udev has no rule for ublk: no /dev/disk/by-id/ublk-NAME, no users' devices\n"
		    "install the package ublk, or its rule as /etc/udev/rules.d/" DOCTOR_UDEV_FILE
		    ", then: udevadm control --reload && udevadm trigger");
}

static void check_privilege(const struct doctor_facts *facts, struct doctor_report *report)
{
	static const char check[] = "privilege";

	if (facts->is_admin)
		good(report, check, "this process has CAP_SYS_ADMIN");
	else
		say(report, DOCTOR_NO_PRIVILEGE, -1,
		    "this process lacks CAP_SYS_ADMIN: it cannot add or control devices\n"
		    "run ublk as root or with sudo");
}

static void check_limit(const struct doctor_facts *facts, struct doctor_report *report)
{
	static const char check[] = "device-limit";

	if (facts->ublks_max < 0)
		return;
	if (facts->nr_devices < (uint64_t)facts->ublks_max)
		good(report, check, "%u devices, the limit ublks_max is %lld",
		    facts->nr_devices, (long long)facts->ublks_max);
	else
		say(report, DOCTOR_DEVICE_LIMIT, -1,
		    "%u devices exist and ublks_max is %lld: another one may be refused\n"
		    "echo %lld > /sys/module/ublk_drv/parameters/ublks_max",
		    facts->nr_devices, (long long)facts->ublks_max,
		    (long long)facts->nr_devices + 64);
}

static void check_parked(const struct doctor_device *dev, struct doctor_report *report)
{
	const char *effect = dev->state == LIBUBLK_STATE_FAIL_IO ? "its I/O fails"
								 : "its I/O waits";

	if (dev->has_record)
		say(report, DOCTOR_NO_SERVER, dev->id,
		    "device %d has lost its server; %s\n"
		    "ublk recover %d starts the recorded server again; ublk del %d gives the "
		    "device up",
		    dev->id, effect, dev->id, dev->id);
	else
		say(report, DOCTOR_NO_RECORD, dev->id,
		    "device %d has lost its server and has no record of it; %s\n"
		    "ublk recover %d -- SERVER ARGUMENTS takes it over; ublk del %d gives it up",
		    dev->id, effect, dev->id, dev->id);
}

static void check_device(const struct doctor_device *dev, struct doctor_report *report)
{
	if (!dev->has_node)
		say(report, DOCTOR_DEVICE_NODE, dev->id,
		    "device %d exists but /dev/ublkc%d is missing\n"
		    "start udev or mount devtmpfs on /dev, then: udevadm trigger",
		    dev->id, dev->id);
	if (!dev->is_known)
		return;
	if (dev->is_server_alive && dev->is_server_elsewhere)
		say(report, DOCTOR_SERVER_NAMESPACE, dev->id,
		    "the server of device %d, process %d, lives in another mount namespace: its "
		    "files may not be the ones of these names here\n"
		    "to recover it there: nsenter -t PID -m ublk recover %d; better have its server "
		    "run on the host",
		    dev->id, dev->server_pid, dev->id);
	switch (dev->state) {
	case LIBUBLK_STATE_QUIESCED:
	case LIBUBLK_STATE_FAIL_IO:
		/* a server that is just taking over is no reason to worry */
		if (!dev->is_server_alive)
			check_parked(dev, report);
		break;
	case LIBUBLK_STATE_LIVE:
		if (!dev->is_server_alive)
			say(report, DOCTOR_SERVER_GONE, dev->id,
			    "device %d is LIVE but its server %d is gone\n"
			    "ublk wait %d quiesced, then ublk recover %d; or ublk del %d",
			    dev->id, dev->server_pid, dev->id, dev->id, dev->id);
		break;
	default:
		if (!dev->is_server_alive)
			say(report, DOCTOR_ORPHAN, dev->id,
			    "device %d is DEAD and no server has it: an orphan\n"
			    "ublk reap or ublk del %d removes it",
			    dev->id, dev->id);
	}
}

static void check_devices(const struct doctor_facts *facts, struct doctor_report *report)
{
	size_t before = report->nr;
	uint32_t i;

	for (i = 0; i < facts->nr_devices; i++)
		check_device(&facts->devices[i], report);
	if (report->nr == before)
		good(report, "devices", "%u devices, none without its server",
		    facts->nr_devices);
}

static void check_record(const struct doctor_record *record, struct doctor_report *report)
{
	if (record->error == -EPERM)
		say(report, DOCTOR_RECORD_UNTRUSTED, record->id,
		    "the record of device %d could have been written by others: %s\n"
		    "look at it, then rm it; ublk recover %d -- SERVER ARGUMENTS works without it",
		    record->id, record->why, record->id);
	else if (record->error)
		say(report, DOCTOR_RECORD_DAMAGED, record->id,
		    "the record of device %d cannot be read: %s\n"
		    "rm it; ublk recover %d -- SERVER ARGUMENTS works without it",
		    record->id, record->why, record->id);
	else if (!record->has_device)
		say(report, DOCTOR_RECORD_STALE, record->id,
		    "there is a record of device %d but no such device\n"
		    "ublk reap or ublk del %d removes the record",
		    record->id, record->id);
}

static void check_records(const struct doctor_facts *facts, struct doctor_report *report)
{
	size_t before = report->nr;
	uint32_t i;

	for (i = 0; i < facts->nr_records; i++)
		check_record(&facts->records[i], report);
	if (report->nr == before)
		good(report, "records", "%u records, all good", facts->nr_records);
}

static void (*const checks[])(const struct doctor_facts *, struct doctor_report *) = {
	check_module, check_control, check_io_uring, check_liburing, check_privilege,
	check_limit, check_udev, check_devices, check_records,
};

void doctor_judge(const struct doctor_facts *facts, struct doctor_report *report)
{
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		checks[i](facts, report);
}

enum doctor_level doctor_worst(const struct doctor_report *report)
{
	enum doctor_level worst = DOCTOR_OK;
	size_t i;

	for (i = 0; i < report->nr; i++)
		if (report->findings[i].level > worst)
			worst = report->findings[i].level;
	return worst;
}

const char *doctor_level_name(enum doctor_level level)
{
	static const char *const names[] = {"ok", "warning", "failure"};

	return names[level];
}

void doctor_report_free(struct doctor_report *report)
{
	free(report->findings);
	memset(report, 0, sizeof(*report));
}
