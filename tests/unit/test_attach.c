// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Taking over and attaching: what is accepted, what is refused and how it is left behind. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

static int attach(const struct ublk_device_config *config, struct ublk_device **ret_dev)
{
	return ublk_device_attach(ctl, config, &fake_target_ops, target, ret_dev);
}

/* A device that lived and lost its server. */
static struct ublk_uuid orphan(struct ublk_device_config config)
{
	struct fake_server server;
	struct ublk_device *dev;
	struct ublk_uuid uuid;

	assert_int_equal(attach(&config, &dev), 0);
	uuid = ublk_device_config_of(dev)->uuid;
	assert_int_equal(fake_server_start(&server, dev), 0);
	fake_server_end(&server);
	return uuid;
}

static char *record_text(void)
{
	static char text[4096];
	char path[100];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/0", fake_run_dir());
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* After a refused takeover: still there, still parked, same record, and it can be done again. */
static void assert_untouched(const char *text)
{
	struct fake_server server;
	struct ublk_device *dev;

	assert_true(fake->devices[0].exists);
	assert_int_equal(fake->devices[0].info.state, UBLK_S_DEV_QUIESCED);
	assert_false(fake->devices[0].is_node_open);
	assert_int_equal(fake_count(UBLK_U_CMD_DEL_DEV), 0);
	assert_string_equal(record_text(), text);
	memset(target->data, 0, sizeof(target->data));
	target->open_result = 0;
	target->fence_fd = -1;
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &dev), 0);
	assert_int_equal(target->recovering, 1);
	assert_int_equal(fake_server_start(&server, dev), 0);
	fake_server_end(&server);
}

static void takeover_refused_by_identity(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_target_ops other = fake_target_ops;
	struct ublk_device *dev;
	char before[4096];

	(void)state;
	orphan(config);
	strcpy(before, record_text());

	ublk_uuid_generate(&config.uuid);
	assert_int_equal(ublk_device_takeover(ctl, 0, &config, &fake_target_ops, target, &dev),
			 -ESTALE);
	assert_sentence("another UUID");
	config.id = 0;
	assert_int_equal(attach(&config, &dev), -ESTALE);

	other.name = "other";
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &other, target, &dev), -ESTALE);
	assert_sentence("target fake");

	/* Somebody else made a device with this id meanwhile: the record is stale. */
	fake->devices[0].info.ublksrv_flags ^= 1;
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &dev),
			 -ESTALE);
	assert_sentence("earlier device");
	fake->devices[0].info.ublksrv_flags ^= 1;

	assert_int_equal(fake_count(UBLK_U_CMD_START_USER_RECOVERY), 0);
	assert_untouched(before);
}

static void takeover_without_record(void **state)
{
	struct ublk_device_config config = fake_config(1), named = UBLK_DEVICE_CONFIG_INIT;
	struct ublk_device *dev;

	(void)state;
	named.uuid = orphan(config);
	assert_int_equal(ublk_record_remove(ctl, 0), 0);
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &dev),
			 -ESTALE);
	assert_sentence("no record");
	/* The kernel's tag proves a UUID that the caller brings; the record comes back. */
	assert_int_equal(ublk_device_takeover(ctl, 0, &named, &fake_target_ops, target, &dev), 0);
	assert_non_null(strstr(record_text(), "\"target\":\"fake\""));
	ublk_device_free(dev);
}

static void takeover_refused_by_target(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_device *dev;
	char before[4096];

	(void)state;
	orphan(config);
	strcpy(before, record_text());
	target->open_result = -ENOENT;
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &dev),
			 -ENOENT);
	assert_sentence("on the moon");
	target->open_result = 0;

	config.capacity = 1 << 19;
	assert_int_equal(ublk_device_takeover(ctl, 0, &config, &fake_target_ops, target, &dev),
			 -EINVAL);
	assert_sentence("would be cut");

	config.capacity = 0;
	config.features_required = LIBUBLK_FEATURE_QUIESCE;
	assert_int_equal(ublk_device_takeover(ctl, 0, &config, &fake_target_ops, target, &dev),
			 -EOPNOTSUPP);
	assert_sentence("the device lacks QUIESCE");
	assert_untouched(before);
}

static void takeover_refused_by_state(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct fake_server server;
	struct ublk_device *dev, *other;

	(void)state;
	config.id = 0;
	assert_int_equal(attach(&config, &dev), 0);
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &other),
			 -EINVAL);
	assert_sentence("DEAD");
	assert_int_equal(fake_server_start(&server, dev), 0);
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &other),
			 -EBUSY);
	assert_sentence("served by process");
	assert_int_equal(attach(&config, &other), -EBUSY);
	assert_sentence("served by process");
	fake_server_end(&server);

	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &dev), 0);
	/* A second one at the same time. */
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &other),
			 -EBUSY);
	assert_sentence("is taking it over");
	ublk_device_free(dev);

	assert_int_equal(ublk_device_takeover(ctl, 3, NULL, &fake_target_ops, target, &dev),
			 -ENODEV);
	assert_sentence("there is no device 3");
}

static void attach_by_uuid(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct fake_server server;
	struct ublk_device *dev;

	(void)state;
	orphan(config);
	config.uuid = orphan(config);		/* device 1 */
	assert_int_equal(attach(&config, &dev), 0);
	assert_int_equal(ublk_device_id(dev), 1);
	assert_true(ublk_device_is_recovering(dev));
	assert_int_equal(fake_server_start(&server, dev), 0);
	fake_stop(1);
	fake_server_end(&server);

	/* Stopped: started again, not taken over, not deleted. */
	assert_int_equal(attach(&config, &dev), 0);
	assert_int_equal(ublk_device_id(dev), 1);
	assert_false(ublk_device_is_recovering(dev));
	assert_int_equal(fake_server_start(&server, dev), 0);
	assert_int_equal(fake->devices[1].info.state, UBLK_S_DEV_LIVE);
	fake_server_end(&server);
	assert_int_equal(fake_count(UBLK_U_CMD_DEL_DEV), 0);
}

static void attach_waits_for_a_death_to_be_noticed(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct fake_server server;
	struct ublk_device *dev;
	pid_t dead, noticer;
	int status;

	(void)state;
	config.id = 0;
	config.attach_timeout_ms = 30;
	orphan(config);
	dead = fork();
	if (!dead)
		_exit(0);
	waitpid(dead, NULL, 0);
	fake->devices[0].info.state = UBLK_S_DEV_LIVE;
	fake->devices[0].info.ublksrv_pid = dead;
	fake->devices[0].is_node_open = true;
	assert_int_equal(attach(&config, &dev), -ETIMEDOUT);
	assert_sentence("did not leave LIVE");

	config.attach_timeout_ms = 30000;
	noticer = fork();
	if (!noticer) {
		usleep(20000);	/* not waited for: the attach below is, whenever this happens */
		fake_server_gone(0);
		_exit(0);
	}
	assert_int_equal(attach(&config, &dev), 0);
	assert_int_equal(waitpid(noticer, &status, 0), noticer);
	assert_int_equal(fake_server_start(&server, dev), 0);
	fake_server_end(&server);
}

/* Opened anew, as another process would: an open file of its own. */
static int open_backing(void)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "%s/backing", fake_run_dir());
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	return fd;
}

/* One that died before it was live: no state tells when the driver has noticed that. */
static void unnoticed_death(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_device *dev;

	(void)state;
	config.id = 0;
	orphan(config);
	fake->devices[0].nr_unnoticed = 3;
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &dev),
			 -EBUSY);
	assert_sentence("still counts its old server");
	assert_int_equal(attach(&config, &dev), 0);
	assert_int_equal(fake->devices[0].nr_unnoticed, 0);
	assert_true(ublk_device_is_recovering(dev));
	ublk_device_free(dev);

	config.attach_timeout_ms = 30;
	fake->devices[0].nr_unnoticed = 1000000;
	assert_int_equal(attach(&config, &dev), -EBUSY);
	assert_sentence("still counts its old server");

	fake_stop(0);
	assert_int_equal(attach(&config, &dev), -EBUSY);
	assert_sentence("another process has");
	fake->devices[0].nr_unnoticed = 3;
	config.attach_timeout_ms = 0;
	assert_int_equal(attach(&config, &dev), 0);
	assert_int_equal(fake->devices[0].nr_unnoticed, 0);
	assert_false(ublk_device_is_recovering(dev));
	ublk_device_free(dev);
}

static void fence(void **state)
{
	struct ublk_device_config config = fake_config(1);
	int ours = open_backing(), theirs = open_backing();
	struct ublk_record *record;
	struct ublk_device *dev;
	char before[4096];

	(void)state;
	target->fence_fd = ours;
	assert_int_equal(flock(theirs, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), -EBUSY);
	assert_sentence("another server uses it");
	assert_false(fake->devices[0].exists);

	assert_int_equal(flock(theirs, LOCK_UN), 0);
	memset(fake->nr_commands, 0, sizeof(fake->nr_commands));
	orphan(config);
	strcpy(before, record_text());
	assert_int_equal(ublk_record_load(ctl, 0, &record), 0);
	assert_true(ublk_record_is_fenced(record));
	assert_non_null(strstr(ublk_record_fence_path(record), "/backing"));
	ublk_record_free(record);

	/* The dead server's I/O still holds its file, and with it the lock. */
	assert_int_equal(flock(ours, LOCK_UN), 0);
	assert_int_equal(flock(theirs, LOCK_EX | LOCK_NB), 0);
	config.fence_timeout_ms = 30;
	assert_int_equal(ublk_device_takeover(ctl, 0, &config, &fake_target_ops, target, &dev),
			 -EBUSY);
	assert_sentence("still locked after 30 ms");
	assert_int_equal(fake_count(UBLK_U_CMD_END_USER_RECOVERY), 0);
	assert_untouched(before);
	close(theirs);
	close(ours);
}

static int open_other(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/other", fake_run_dir());
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	return fd;
}

/* Another file under the device is refused whatever it is called, but by force. */
static void takeover_wants_the_same_backing(void **state)
{
	struct ublk_device_config config = fake_config(1);
	int ours = open_backing(), again, other = open_other();
	struct ublk_device *dev;
	char before[4096];

	(void)state;
	target->fence_fd = ours;
	orphan(config);
	strcpy(before, record_text());
	assert_non_null(strstr(before, "\"inode\""));
	close(ours);

	target->fence_fd = other;
	assert_int_equal(ublk_device_takeover(ctl, 0, &config, &fake_target_ops, target, &dev),
			 -ESTALE);
	assert_sentence("another backing");
	assert_int_equal(fake_count(UBLK_U_CMD_END_USER_RECOVERY), 0);
	assert_untouched(before);
	/* and its lock is not taken: it may be another server's */
	again = open_other();
	assert_int_equal(flock(again, LOCK_EX | LOCK_NB), 0);
	close(again);

	ours = open_backing();
	target->fence_fd = ours;
	assert_int_equal(ublk_device_takeover(ctl, 0, &config, &fake_target_ops, target, &dev), 0);
	ublk_device_free(dev);
	close(ours);

	config.flags |= LIBUBLK_ANY_BACKING;
	target->fence_fd = other;
	assert_int_equal(ublk_device_takeover(ctl, 0, &config, &fake_target_ops, target, &dev), 0);
	ublk_device_free(dev);
	/* from now on it is the device's */
	config.flags &= ~LIBUBLK_ANY_BACKING;
	assert_int_equal(ublk_device_takeover(ctl, 0, &config, &fake_target_ops, target, &dev), 0);
	ublk_device_free(dev);
	close(other);
}

/* udev, which looks at a new block device for a while */
static void fence_waits_for_who_shares(void **state)
{
	struct ublk_device_config config = fake_config(1);
	int ours = open_backing(), theirs, status;
	struct ublk_device *dev;
	pid_t udev;

	(void)state;
	theirs = open_backing();
	assert_int_equal(flock(theirs, LOCK_SH | LOCK_NB), 0);
	udev = fork();
	if (!udev) {
		usleep(300000);
		_exit(flock(theirs, LOCK_UN) < 0);
	}
	target->fence_fd = ours;
	assert_int_equal(ublk_device_create(ctl, &config, &fake_target_ops, target, &dev), 0);
	assert_int_equal(waitpid(udev, &status, 0), udev);
	assert_int_equal(status, 0);
	ublk_device_free(dev);
	close(theirs);
	close(ours);
}

static struct ublk_device *interrupted;

static int open_and_interrupt(struct ublk_device *dev, int recovering, void *user)
{
	(void)recovering;
	(void)user;
	interrupted = dev;
	ublk_device_request_stop(dev);
	return 0;
}

static void fence_wait_is_interruptible(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_target_ops ops = fake_target_ops;
	int ours = open_backing(), theirs = open_backing();
	struct ublk_device *dev;
	char before[4096];

	(void)state;
	orphan(config);
	strcpy(before, record_text());
	assert_int_equal(flock(theirs, LOCK_EX | LOCK_NB), 0);
	target->fence_fd = ours;
	ops.open = open_and_interrupt;
	assert_int_equal(ublk_device_takeover(ctl, 0, &config, &ops, target, &dev), -ECANCELED);
	assert_sentence("interrupted");
	assert_untouched(before);
	close(theirs);
	close(ours);
}

static void no_recovery(void **state)
{
	struct ublk_device_config config = fake_config(1);
	struct ublk_device *dev;

	(void)state;
	config.recovery = LIBUBLK_RECOVERY_OFF;
	orphan(config);
	assert_int_equal(fake->devices[0].info.state, UBLK_S_DEV_DEAD);
	fake->devices[0].info.state = UBLK_S_DEV_QUIESCED;
	assert_int_equal(ublk_device_takeover(ctl, 0, NULL, &fake_target_ops, target, &dev),
			 -EINVAL);
	assert_sentence("only be deleted");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takeover_refused_by_identity),
		TEST(takeover_without_record),
		TEST(takeover_refused_by_target),
		TEST(takeover_refused_by_state),
		TEST(unnoticed_death),
		TEST(attach_by_uuid),
		TEST(attach_waits_for_a_death_to_be_noticed),
		TEST(fence),
		TEST(takeover_wants_the_same_backing),
		TEST(fence_waits_for_who_shares),
		TEST(fence_wait_is_interruptible),
		TEST(no_recovery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
