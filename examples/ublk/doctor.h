/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What can be wrong on a host, judged from facts alone.
 *
 * Finding the facts (doctor_probe.c) and judging them (doctor.c) are apart, so that
 * each sentence is tested without a broken machine at hand.
 */
#ifndef UBLK_DOCTOR_H
#define UBLK_DOCTOR_H

#include <stddef.h>
#include <stdint.h>

#include "doctor_table.h"

#define DOCTOR_DEVICES_MAX 256
#define DOCTOR_LIBURING "2.3"			/* what CMakeLists.txt asks for, too */
#define DOCTOR_UDEV_FILE "60-ublk.rules"

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor_device {
	int32_t id;
	int is_known;		/* state and server_pid could be asked for */
	uint32_t state;		/* LIBUBLK_STATE_* */
	int32_t server_pid;	/* -1 = none */
	int is_server_alive;
	int has_record;
	int is_server_elsewhere; /* in another mount namespace than this process */
	int has_node;		/* /dev/ublkcN */
};

struct doctor_record {
	int32_t id;
	int error;		/* 0, or why it cannot be used, -errno */
	int has_device;
	char why[160];		/* with error: a sentence */
};

struct doctor_facts {
	int is_module_loaded;	/* or built in */
	int is_module_ours;	/* the loaded one */
	int is_built_in;	/* the loaded one is part of the kernel image */
	char module_file[256];	/* what modprobe would load; "" = none */
	int is_file_ours;
	int is_file_other;	/* it says that it was made for other_kernel */
	char kernel[65];	/* the running one */
	char other_kernel[65];	/* one that has our module, "" = none (looked for only if the
				 * running one has none) */
	int needs_signature;	/* unsigned modules are refused */
	int has_control_node;
	int control_errno;	/* opening it: 0 or errno */
	int io_uring_errno;	/* setting up a ring: 0 or errno */
	int io_uring_disabled;	/* the sysctl; -1 = this kernel has none */
	char liburing[16];	/* the version that runs here; "" = unknown */
	int has_udev, has_udev_rule;
	int is_admin;		/* CAP_SYS_ADMIN */
	int64_t ublks_max;	/* -1 = unknown */
	uint32_t nr_devices, nr_records;
	struct doctor_device devices[DOCTOR_DEVICES_MAX];
	struct doctor_record records[DOCTOR_DEVICES_MAX];
};

struct doctor_finding {
	const char *check;	/* its name in doctor_table.h, or what is ok; scripts look for it */
	enum doctor_level level;
	int32_t device;		/* -1 = the host */
	char message[384];
	char remedy[256];	/* "" if level is DOCTOR_OK */
};

struct doctor_report {
	struct doctor_finding *findings;
	size_t nr, nr_max;
	int is_short_of_memory;
};

/* Judges @facts; @report starts zeroed, doctor_report_free() ends it. */
void doctor_judge(const struct doctor_facts *facts, struct doctor_report *report);

/* The worst level in @report. */
enum doctor_level doctor_worst(const struct doctor_report *report);

const char *doctor_level_name(enum doctor_level level);

void doctor_report_free(struct doctor_report *report);

/* Collects the facts of this host; what cannot be found out stays at its neutral value. */
void doctor_probe(struct doctor_facts *ret);

#endif
