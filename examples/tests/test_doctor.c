// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Each thing that can be wrong on a host is found, alone, and has a remedy. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <ublk.h>

#include "doctor.h"

static struct doctor_facts facts;
static struct doctor_report report;

/* A host on which nothing is wrong; each test breaks one thing. */
static int healthy(void **state)
{
	(void)state;
	memset(&facts, 0, sizeof(facts));
	memset(&report, 0, sizeof(report));
	facts.is_module_loaded = facts.is_module_ours = facts.is_file_ours = 1;
	strcpy(facts.module_file, "/lib/modules/6.1/updates/dkms/ublk_drv.ko");
	facts.has_control_node = 1;
	facts.io_uring_disabled = -1;
	strcpy(facts.kernel, "6.1");
	strcpy(facts.liburing, "2.3");
	facts.has_udev = facts.has_udev_rule = 1;
	facts.is_admin = 1;
	facts.ublks_max = 64;
	return 0;
}

static int done(void **state)
{
	(void)state;
	doctor_report_free(&report);
	return 0;
}

/* Exactly one finding is not ok: this one. */
static const struct doctor_finding *only_finding(const char *check, enum doctor_level level)
{
	const struct doctor_finding *found = NULL;
	size_t i;

	doctor_judge(&facts, &report);
	for (i = 0; i < report.nr; i++) {
		assert_true(report.findings[i].message[0]);
		if (report.findings[i].level == DOCTOR_OK) {
			assert_string_equal(report.findings[i].remedy, "");
			continue;
		}
		if (found)
			fail_msg("unexpected: %s", report.findings[i].message);
		found = &report.findings[i];
		assert_true(found->remedy[0]);
	}
	if (!found) {
		fail_msg("nothing found, %s expected", check);
		abort();	/* for who does not know that a test ends there */
	}
	assert_string_equal(found->check, check);
	assert_int_equal(found->level, level);
	assert_int_equal(doctor_worst(&report), level);
	return found;
}

static void host_is_healthy(void **state)
{
	size_t i;

	(void)state;
	doctor_judge(&facts, &report);
	assert_int_equal(doctor_worst(&report), DOCTOR_OK);
	assert_int_equal(report.nr, 9);
	for (i = 0; i < report.nr; i++)
		assert_int_equal(report.findings[i].device, -1);
}

static void module_missing(void **state)
{
	(void)state;
	facts.is_module_loaded = facts.is_module_ours = facts.is_file_ours = 0;
	facts.module_file[0] = '\0';
	assert_non_null(strstr(only_finding("module-missing", DOCTOR_FAIL)->remedy,
			       "dkms install"));
}

static void module_of_another_kernel(void **state)
{
	(void)state;
	facts.is_module_loaded = facts.is_module_ours = facts.is_file_ours = 0;
	facts.module_file[0] = '\0';
	strcpy(facts.other_kernel, "5.10.0-9");
	assert_non_null(strstr(only_finding("module-other-kernel", DOCTOR_FAIL)->message,
			       "5.10.0-9"));
	assert_non_null(strstr(report.findings[0].remedy, "linux-headers-6.1 "));
	doctor_report_free(&report);
	/* or put into the running one's folder by hand */
	strcpy(facts.module_file, "/lib/modules/6.1/updates/dkms/ublk_drv.ko");
	facts.is_file_ours = facts.is_file_other = 1;
	assert_non_null(strstr(only_finding("module-other-kernel", DOCTOR_FAIL)->remedy,
			       "dkms autoinstall"));
}

static void module_not_loaded(void **state)
{
	(void)state;
	facts.is_module_loaded = facts.is_module_ours = 0;
	assert_non_null(strstr(only_finding("module-not-loaded", DOCTOR_FAIL)->remedy,
			       "modprobe ublk_drv"));
}

static void module_unsigned(void **state)
{
	(void)state;
	facts.is_module_loaded = facts.is_module_ours = 0;
	facts.needs_signature = 1;
	assert_non_null(strstr(only_finding("module-refused", DOCTOR_FAIL)->remedy, "mokutil"));
}

static void module_is_mainlines(void **state)
{
	(void)state;
	facts.is_module_ours = 0;
	assert_non_null(strstr(only_finding("module-mainline", DOCTOR_WARN)->remedy,
			       "rmmod ublk_drv"));
	doctor_report_free(&report);
	facts.is_file_ours = 0;
	assert_non_null(strstr(only_finding("module-not-ours", DOCTOR_WARN)->remedy,
			       "dkms install"));
}

static void module_built_in(void **state)
{
	(void)state;
	facts.is_module_ours = 0;
	facts.is_built_in = 1;
	assert_non_null(strstr(only_finding("module-built-in", DOCTOR_WARN)->remedy,
			       "boot a kernel"));
}

static void module_would_be_mainlines(void **state)
{
	size_t i;
	int warned = 0;

	(void)state;
	facts.is_module_loaded = facts.is_module_ours = facts.is_file_ours = 0;
	doctor_judge(&facts, &report);
	for (i = 0; i < report.nr; i++)
		warned |= report.findings[i].level == DOCTOR_WARN &&
			  !strcmp(report.findings[i].check, "module-shadowed");
	assert_true(warned);
}

static void control_node(void **state)
{
	(void)state;
	facts.has_control_node = 0;
	only_finding("control-missing", DOCTOR_FAIL);
	doctor_report_free(&report);
	facts.has_control_node = 1;
	facts.control_errno = EACCES;
	assert_non_null(strstr(only_finding("control-denied", DOCTOR_FAIL)->remedy, "root"));
	doctor_report_free(&report);
	facts.control_errno = ENXIO;
	only_finding("control-broken", DOCTOR_FAIL);
}

static void io_uring(void **state)
{
	static const struct {
		int error, disabled;
		const char *check, *says;
	} cases[] = {
		{ ENOSYS, -1, "io-uring-missing", "CONFIG_IO_URING" },
		{ EPERM, 2, "io-uring-disabled", "sysctl kernel.io_uring" },
		{ EPERM, 1, "io-uring-disabled", "sysctl kernel.io_uring" },
		{ EPERM, -1, "io-uring-denied", "seccomp" },
		{ EPERM, 0, "io-uring-denied", "seccomp" },
		{ ENOMEM, -1, "io-uring-memlock", "LimitMEMLOCK" },
		{ EMFILE, -1, "io-uring-broken", "limits" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		facts.io_uring_errno = cases[i].error;
		facts.io_uring_disabled = cases[i].disabled;
		assert_non_null(strstr(only_finding(cases[i].check, DOCTOR_FAIL)->remedy,
				       cases[i].says));
		doctor_report_free(&report);
	}
}

static void privilege_and_limit(void **state)
{
	(void)state;
	facts.is_admin = 0;
	only_finding("no-privilege", DOCTOR_WARN);
	doctor_report_free(&report);
	facts.is_admin = 1;
	facts.ublks_max = 0;
	assert_non_null(strstr(only_finding("device-limit", DOCTOR_WARN)->remedy, "ublks_max"));
	doctor_report_free(&report);
	facts.ublks_max = -1;
	doctor_judge(&facts, &report);
	assert_int_equal(doctor_worst(&report), DOCTOR_OK);
}

static void liburing(void **state)
{
	static const char *const old[] = { "2.2", "2.0", "1.9", "0.7" };
	static const char *const fine[] = { "2.3", "2.12", "3.0", "", "?" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(old) / sizeof(*old); i++) {
		strcpy(facts.liburing, old[i]);
		assert_non_null(strstr(only_finding("liburing-old", DOCTOR_FAIL)->message, old[i]));
		doctor_report_free(&report);
	}
	for (i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
		strcpy(facts.liburing, fine[i]);
		doctor_judge(&facts, &report);
		assert_int_equal(doctor_worst(&report), DOCTOR_OK);
		doctor_report_free(&report);
	}
}

static void udev_rule(void **state)
{
	(void)state;
	facts.has_udev_rule = 0;
	assert_non_null(strstr(only_finding("udev-rule", DOCTOR_WARN)->remedy, "60-ublk.rules"));
	doctor_report_free(&report);
	/* without udev nobody wants a rule */
	facts.has_udev = 0;
	doctor_judge(&facts, &report);
	assert_int_equal(doctor_worst(&report), DOCTOR_OK);
}

static struct doctor_device *one_device(int state)
{
	struct doctor_device *dev = &facts.devices[0];

	facts.nr_devices = 1;
	memset(dev, 0, sizeof(*dev));
	dev->id = 5;
	dev->is_known = dev->has_record = dev->has_node = 1;
	dev->state = (uint32_t)state;
	dev->server_pid = 4711;
	dev->is_server_alive = 1;
	return dev;
}

static void devices(void **state)
{
	struct doctor_device *dev;

	(void)state;
	one_device(LIBUBLK_STATE_LIVE);
	doctor_judge(&facts, &report);
	assert_int_equal(doctor_worst(&report), DOCTOR_OK);
	doctor_report_free(&report);

	one_device(LIBUBLK_STATE_QUIESCED)->is_server_alive = 0;
	assert_non_null(strstr(only_finding("no-server", DOCTOR_FAIL)->remedy, "ublk recover 5 "));
	assert_int_equal(report.findings[report.nr - 2].device, 5);
	doctor_report_free(&report);

	dev = one_device(LIBUBLK_STATE_FAIL_IO);
	dev->is_server_alive = dev->has_record = 0;
	assert_non_null(strstr(only_finding("no-record", DOCTOR_FAIL)->remedy, "recover 5 --"));
	doctor_report_free(&report);

	one_device(LIBUBLK_STATE_LIVE)->is_server_alive = 0;
	only_finding("server-gone", DOCTOR_FAIL);
	doctor_report_free(&report);

	one_device(LIBUBLK_STATE_DEAD)->is_server_alive = 0;
	assert_non_null(strstr(only_finding("orphan", DOCTOR_WARN)->remedy, "ublk del 5"));
	doctor_report_free(&report);

	one_device(LIBUBLK_STATE_LIVE)->is_server_elsewhere = 1;
	assert_non_null(strstr(only_finding("server-namespace", DOCTOR_WARN)->message, "4711"));
	doctor_report_free(&report);
	/* a dead one is nowhere */
	dev = one_device(LIBUBLK_STATE_QUIESCED);
	dev->is_server_elsewhere = 1;
	dev->is_server_alive = 0;
	only_finding("no-server", DOCTOR_FAIL);
	doctor_report_free(&report);

	one_device(LIBUBLK_STATE_LIVE)->has_node = 0;
	only_finding("device-node", DOCTOR_FAIL);
}

static void records(void **state)
{
	struct doctor_record *record = &facts.records[0];

	(void)state;
	facts.nr_records = 1;
	record->id = 3;
	record->has_device = 1;
	doctor_judge(&facts, &report);
	assert_int_equal(doctor_worst(&report), DOCTOR_OK);
	doctor_report_free(&report);

	record->has_device = 0;
	assert_non_null(strstr(only_finding("record-stale", DOCTOR_WARN)->remedy, "ublk del 3"));
	doctor_report_free(&report);

	record->error = -EPERM;
	strcpy(record->why, "mode 0666");
	assert_non_null(strstr(only_finding("record-untrusted", DOCTOR_FAIL)->message, "0666"));
	doctor_report_free(&report);

	record->error = -EBADMSG;
	only_finding("record-damaged", DOCTOR_FAIL);
}

#define host_test(f) cmocka_unit_test_setup_teardown(f, healthy, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		host_test(host_is_healthy), host_test(module_missing), host_test(module_not_loaded),
		host_test(module_unsigned), host_test(module_is_mainlines),
		host_test(module_built_in), host_test(module_would_be_mainlines),
		host_test(control_node), host_test(io_uring),
		host_test(privilege_and_limit), host_test(module_of_another_kernel),
		host_test(liburing), host_test(udev_rule), host_test(devices), host_test(records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
