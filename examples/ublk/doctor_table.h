/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * What the doctor knows: every finding that is not ok, by name, and how bad it is.
 *
 * docs/doctor.md has a row for each: the cause, how it is detected, the remedy.
 * tests/lint/doctor.sh keeps both alike, and wants a test of each entry.
 */
#ifndef UBLK_DOCTOR_TABLE_H
#define UBLK_DOCTOR_TABLE_H

#define DOCTOR_TABLE(X)						\
	X(MODULE_MISSING, "module-missing", FAIL)		\
	X(MODULE_OTHER_KERNEL, "module-other-kernel", FAIL)	\
	X(MODULE_NOT_LOADED, "module-not-loaded", FAIL)		\
	X(MODULE_REFUSED, "module-refused", FAIL)		\
	X(MODULE_MAINLINE, "module-mainline", WARN)		\
	X(MODULE_NOT_OURS, "module-not-ours", WARN)		\
	X(MODULE_BUILT_IN, "module-built-in", WARN)		\
	X(MODULE_SHADOWED, "module-shadowed", WARN)		\
	X(CONTROL_MISSING, "control-missing", FAIL)		\
	X(CONTROL_DENIED, "control-denied", FAIL)		\
	X(CONTROL_BROKEN, "control-broken", FAIL)		\
	X(URING_MISSING, "io-uring-missing", FAIL)		\
	X(URING_DISABLED, "io-uring-disabled", FAIL)		\
	X(URING_DENIED, "io-uring-denied", FAIL)		\
	X(URING_MEMLOCK, "io-uring-memlock", FAIL)		\
	X(URING_BROKEN, "io-uring-broken", FAIL)		\
	X(LIBURING_OLD, "liburing-old", FAIL)			\
	X(NO_PRIVILEGE, "no-privilege", WARN)			\
	X(DEVICE_LIMIT, "device-limit", WARN)			\
	X(UDEV_RULE, "udev-rule", WARN)				\
	X(DEVICE_NODE, "device-node", FAIL)			\
	X(NO_SERVER, "no-server", FAIL)				\
	X(NO_RECORD, "no-record", FAIL)				\
	X(SERVER_GONE, "server-gone", FAIL)			\
	X(SERVER_NAMESPACE, "server-namespace", WARN)		\
	X(ORPHAN, "orphan", WARN)				\
	X(RECORD_UNTRUSTED, "record-untrusted", FAIL)		\
	X(RECORD_DAMAGED, "record-damaged", FAIL)		\
	X(RECORD_STALE, "record-stale", WARN)

#define DOCTOR_ENUM(symbol, name, level) DOCTOR_##symbol,
enum doctor_entry { DOCTOR_TABLE(DOCTOR_ENUM) DOCTOR_NR_ENTRIES };
#undef DOCTOR_ENUM

#endif
