// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The fake driver's devices and requests; what it promises is DESIGN's and ABI's, simplified. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_kernel.h"

struct fake_kernel *fake;
static char run_dir[64];

#define KNOWN_FEATURES	(UBLK_F_CMD_IOCTL_ENCODE | UBLK_F_NEED_GET_DATA | UBLK_F_USER_RECOVERY | \
			 UBLK_F_USER_RECOVERY_REISSUE | UBLK_F_USER_RECOVERY_FAIL_IO | \
			 UBLK_F_USER_COPY | UBLK_F_UPDATE_SIZE | UBLK_F_QUIESCE | \
			 UBLK_F_SAFE_STOP_DEV | UBLK_F_SUPPORT_ZERO_COPY | UBLK_F_AUTO_BUF_REG | \
			 UBLK_F_BUF_REG_OFF_DAEMON | UBLK_F_ZONED | \
			 UBLK_F_UNPRIVILEGED_DEV | UBLK_F_SHMEM_ZC | UBLK_F_INTEGRITY)
#define NOT_FOR_USERS	(UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE | \
			 UBLK_F_USER_RECOVERY_FAIL_IO | UBLK_F_QUIESCE)

/*
 * A kernel's locks order nothing in its users. ThreadSanitizer must not take those of the fake for
 * an order between threads of the library, or it would find next to no race in it.
 */
#ifdef __SANITIZE_THREAD__
void AnnotateIgnoreSyncBegin(const char *file, int line);
void AnnotateIgnoreSyncEnd(const char *file, int line);
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
#define UNSEEN(what)	Annotate##what(__FILE__, __LINE__)
#else
#define UNSEEN(what)	((void)0)
#endif

void fake_lock(void)
{
	UNSEEN(IgnoreSyncBegin);
	if (pthread_mutex_lock(&fake->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&fake->lock);
	UNSEEN(IgnoreReadsBegin);
	UNSEEN(IgnoreWritesBegin);
}

void fake_unlock(void)
{
	UNSEEN(IgnoreWritesEnd);
	UNSEEN(IgnoreReadsEnd);
	pthread_mutex_unlock(&fake->lock);
	UNSEEN(IgnoreSyncEnd);
}

void fake_step(void)
{
	bool is_last;

	UNSEEN(IgnoreSyncBegin);
	is_last = fake && ++fake->step == fake->die_at;
	UNSEEN(IgnoreSyncEnd);
	if (is_last)
		kill(getpid(), SIGKILL);
}

struct ublk_ctl *fake_open(void)
{
	struct ublk_ctl *ctl;

	if (ublk_ctl_open_transport(&fake_transport, &ctl) < 0)
		abort();
	ublk_ctl_set_run_dir(ctl, run_dir);
	return ctl;
}

const char *fake_run_dir(void)
{
	return run_dir;
}

void fake_path(int id, bool is_disk, char ret_path[UBLK_NODE_PATH])
{
	snprintf(ret_path, UBLK_NODE_PATH, "%s/ublk%c%d", run_dir, is_disk ? 'b' : 'c', id);
}

void fake_give_node(int id, bool is_disk)
{
	char path[UBLK_NODE_PATH];
	int fd;

	fake_path(id, is_disk, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		abort();
	close(fd);
}

struct ublk_ctl *fake_setup(void)
{
	pthread_mutexattr_t attr;

	fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fake == MAP_FAILED)
		abort();
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&fake->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	fake->features = KNOWN_FEATURES;
	/* In memory where possible: the records of a thousand servers are synced here. */
	snprintf(run_dir, sizeof(run_dir), "%s/ublk-unit.XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(run_dir))
		abort();
	return fake_open();
}

void fake_teardown(struct ublk_ctl *ctl)
{
	struct dirent *entry;
	char path[400];
	DIR *dir;

	ublk_ctl_close(ctl);
	dir = opendir(run_dir);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", run_dir, entry->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(run_dir);
	munmap(fake, sizeof(*fake));
	fake = NULL;
}

unsigned fake_count(uint32_t op)
{
	return fake->nr_commands[op & 31];
}

static void request_done(struct fake_request *request, int result)
{
	request->state = FAKE_DONE;
	request->result = result;
	request->nr_done++;
}

static void release_request(struct fake_device *dev, struct fake_slot *slot)
{
	struct fake_request *request;

	if (slot->request < 0)
		return;
	request = &fake->requests[slot->request];
	slot->request = -1;
	if (dev->info.flags & UBLK_F_USER_RECOVERY_REISSUE)
		request->state = FAKE_WAITING;
	else
		request_done(request, -EIO);
}

/* Requests that wait, for those who do not let them. */
static void fail_waiting(int id)
{
	unsigned i;

	for (i = 0; i < fake->nr_requests; i++) {
		if (fake->requests[i].device == id && fake->requests[i].state == FAKE_WAITING)
			request_done(&fake->requests[i], -EIO);
	}
}

static void retire_session(struct fake_device *dev)
{
	int q, tag;

	/* Held commands end at their queue's next look, which finds another session. */
	for (q = 0; q < FAKE_QUEUES; q++) {
		for (tag = 0; tag < FAKE_DEPTH; tag++)
			release_request(dev, &dev->slots[q][tag]);
	}
	dev->session++;
	dev->is_node_open = false;
	dev->info.ublksrv_pid = -1;
}

static void server_gone(int id)
{
	struct fake_device *dev = &fake->devices[id];

	if (!dev->exists || !dev->is_node_open)
		return;
	retire_session(dev);
	if (dev->info.state != UBLK_S_DEV_LIVE)
		return;
	if (!(dev->info.flags & UBLK_F_USER_RECOVERY))
		dev->info.state = UBLK_S_DEV_DEAD;
	else if (dev->info.flags & UBLK_F_USER_RECOVERY_FAIL_IO)
		dev->info.state = UBLK_S_DEV_FAIL_IO;
	else
		dev->info.state = UBLK_S_DEV_QUIESCED;
	if (dev->info.state != UBLK_S_DEV_QUIESCED)
		fail_waiting(id);
}

void fake_server_gone(int id)
{
	fake_lock();
	server_gone(id);
	fake_unlock();
}

static void stop(int id)
{
	struct fake_device *dev = &fake->devices[id];
	int q, tag;

	/* With a server: its commands end at its next look, what it has is still its own. */
	for (q = 0; q < FAKE_QUEUES; q++) {
		for (tag = 0; tag < FAKE_DEPTH; tag++)
			dev->slots[q][tag].is_refused = true;
	}
	dev->info.state = UBLK_S_DEV_DEAD;
	fail_waiting(id);
}

void fake_stop(int id)
{
	fake_lock();
	stop(id);
	fake_unlock();
}

int fake_request(int id, int queue, unsigned op, uint64_t sector)
{
	struct fake_request *request;
	int index;

	fake_lock();
	index = (int)fake->nr_requests++;
	if (index >= FAKE_REQUESTS)
		abort();
	request = &fake->requests[index];
	request->device = id;
	request->queue = queue;
	request->op = op;
	request->sector = sector;
	memset(request->data, index + 1, sizeof(request->data));
	request->state = FAKE_WAITING;
	fake_unlock();
	return index;
}

bool fake_requests_done(void)
{
	bool is_done = true;
	unsigned i;

	fake_lock();
	for (i = 0; i < fake->nr_requests; i++)
		is_done &= fake->requests[i].state == FAKE_DONE;
	fake_unlock();
	return is_done;
}

static void *payload(const struct ublk_cmd *cmd)
{
	return (char *)cmd->buf + cmd->header.dev_path_len;
}

static int add(struct ublk_cmd *cmd)
{
	struct ublksrv_ctrl_dev_info *info = cmd->buf;
	int id = (int)info->dev_id;
	struct fake_device *dev;

	if (fake->is_user && !(info->flags & UBLK_F_UNPRIVILEGED_DEV))
		return -EPERM;
	info->flags &= ~(uint64_t)(fake->is_user ? NOT_FOR_USERS : UBLK_F_UNPRIVILEGED_DEV);
	if (id == -1)
		for (id = 0; id < FAKE_DEVICES && fake->devices[id].exists; id++)
			;
	if (id >= FAKE_DEVICES)
		return -ENOSPC;
	dev = &fake->devices[id];
	if (dev->exists)
		return -EEXIST;
	memset(dev, 0, sizeof(*dev));
	if (fake->nr_cpus && info->nr_hw_queues > fake->nr_cpus)
		info->nr_hw_queues = (uint16_t)fake->nr_cpus;
	info->dev_id = (uint32_t)id;
	info->state = UBLK_S_DEV_DEAD;
	info->ublksrv_pid = -1;
	info->flags &= ~fake->withheld;
	if (fake->features)
		info->flags &= fake->features;
	info->io_desc_size = sizeof(struct ublksrv_io_desc);
	dev->info = *info;
	dev->exists = true;
	return 0;
}

static int del(int id)
{
	server_gone(id);
	stop(id);
	fake->devices[id].exists = false;
	return 0;
}

static bool is_fetched(const struct fake_device *dev)
{
	int q, tag;

	for (q = 0; q < dev->info.nr_hw_queues; q++) {
		for (tag = 0; tag < dev->info.queue_depth; tag++) {
			if (!dev->slots[q][tag].is_held)
				return false;
		}
	}
	return true;
}

/* START and END: over when every tag is fetched. */
static int go_live(struct fake_device *dev, const struct ublk_cmd *cmd, bool *ret_is_over)
{
	bool is_end = cmd->op == UBLK_U_CMD_END_USER_RECOVERY;
	bool is_parked = dev->info.state == UBLK_S_DEV_QUIESCED ||
			 dev->info.state == UBLK_S_DEV_FAIL_IO;

	if (is_end ? !is_parked : dev->info.state != UBLK_S_DEV_DEAD)
		return is_end ? -EBUSY : -EEXIST;
	if (!dev->has_params)
		return -EINVAL;
	if (!is_fetched(dev)) {
		*ret_is_over = false;
		return 0;
	}
	dev->info.state = UBLK_S_DEV_LIVE;
	dev->info.ublksrv_pid = (int)cmd->header.data[0];
	dev->was_live = true;
	return 0;
}

bool fake_is_unnoticed(struct fake_device *dev)
{
	if (!dev->nr_unnoticed)
		return false;
	dev->nr_unnoticed--;
	return true;
}

static int start_recovery(struct fake_device *dev)
{
	if (!(dev->info.flags & UBLK_F_USER_RECOVERY))
		return -EINVAL;
	if (dev->info.state != UBLK_S_DEV_QUIESCED && dev->info.state != UBLK_S_DEV_FAIL_IO)
		return -EBUSY;
	return fake_is_unnoticed(dev) ? -EBUSY : 0;
}

static int set_params(struct fake_device *dev, const struct ublk_cmd *cmd)
{
	struct ublk_params params;

	/* behind a path of any length */
	memcpy(&params, payload(cmd), sizeof(params));
	if (dev->info.state != UBLK_S_DEV_DEAD)
		return -EACCES;
	if (!(params.types & UBLK_PARAM_TYPE_BASIC) || !params.basic.dev_sectors)
		return -EINVAL;
	dev->params = params;
	dev->has_params = true;
	return 0;
}

static int quiesce(struct fake_device *dev)
{
	int q, tag;

	if (!(dev->info.flags & UBLK_F_QUIESCE))
		return -EOPNOTSUPP;
	if (dev->info.state != UBLK_S_DEV_LIVE)
		return -ENODEV;
	for (q = 0; q < FAKE_QUEUES; q++) {
		for (tag = 0; tag < FAKE_DEPTH; tag++)
			dev->slots[q][tag].is_refused = true;
	}
	return 0;
}

/* As module/access.c: a user's device wants the path of a node that the caller may use. */
static int access_error(const struct fake_device *dev, const struct ublk_cmd *cmd)
{
	bool is_users = dev->info.flags & UBLK_F_UNPRIVILEGED_DEV;
	char path[UBLK_NODE_PATH];

	if (!is_users && fake->is_user)
		return -EPERM;
	if (!is_users && cmd->op != UBLK_U_CMD_GET_DEV_INFO2)
		return cmd->header.dev_path_len ? -EFAULT : 0;	/* it would be the payload */
	if (!cmd->header.dev_path_len)
		return -EINVAL;
	fake_path((int)cmd->header.dev_id, false, path);
	if (cmd->header.dev_path_len != strlen(path) + 1 || strcmp(cmd->buf, path))
		return -EPERM;
	return is_users && fake->is_stranger ? -EACCES : 0;
}

static int on_device(struct ublk_cmd *cmd, bool *ret_is_over)
{
	int id = (int)cmd->header.dev_id, r;
	struct fake_device *dev;

	if (id < 0 || id >= FAKE_DEVICES || !fake->devices[id].exists)
		return -ENODEV;
	dev = &fake->devices[id];
	r = access_error(dev, cmd);
	if (r < 0)
		return r;
	switch (cmd->op) {
	case UBLK_U_CMD_DEL_DEV:
	case UBLK_U_CMD_DEL_DEV_ASYNC:
		return del(id);
	case UBLK_U_CMD_STOP_DEV:
		stop(id);
		return 0;
	case UBLK_U_CMD_SET_PARAMS:
		return set_params(dev, cmd);
	case UBLK_U_CMD_GET_PARAMS:
		memcpy(payload(cmd), &dev->params, sizeof(dev->params));
		return 0;
	case UBLK_U_CMD_GET_DEV_INFO:
	case UBLK_U_CMD_GET_DEV_INFO2:
		memcpy(payload(cmd), &dev->info, sizeof(dev->info));
		return 0;
	case UBLK_U_CMD_START_DEV:
	case UBLK_U_CMD_END_USER_RECOVERY:
		return go_live(dev, cmd, ret_is_over);
	case UBLK_U_CMD_START_USER_RECOVERY:
		return start_recovery(dev);
	case UBLK_U_CMD_QUIESCE_DEV:
		return quiesce(dev);
	case UBLK_U_CMD_REG_BUF:
		return fake_register_memory(dev, payload(cmd));
	case UBLK_U_CMD_UNREG_BUF:
		return fake_unregister_memory(dev, cmd->header.data[0]);
	case UBLK_U_CMD_UPDATE_SIZE:
		dev->params.basic.dev_sectors = cmd->header.data[0];
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* The result of @cmd, or *ret_is_over = false for "ask again". */
int fake_execute(struct ublk_cmd *cmd, bool *ret_is_over)
{
	*ret_is_over = true;
	if (cmd->op == fake->fail_op && fake->fail_with)
		return fake->fail_with;
	if (cmd->op == fake->hang_op && !fake->is_hang_over) {
		*ret_is_over = false;
		return 0;
	}
	if (cmd->op == UBLK_U_CMD_ADD_DEV)
		return add(cmd);
	if (cmd->op == UBLK_U_CMD_GET_FEATURES) {
		if (!fake->features)
			return -EOPNOTSUPP;
		memcpy(cmd->buf, &fake->features, sizeof(fake->features));
		return 0;
	}
	return on_device(cmd, ret_is_over);
}
