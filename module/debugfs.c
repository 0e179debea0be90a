// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs.c - what a device is doing, for people: /sys/kernel/debug/ublk/<id>/
 *
 *	device		what it is, its state, the current session
 *	slots		of the current session: how many in which state, and who owns those in use
 *	counters	what the crash path did; dispatched and committed are the current session's
 *
 * Read only. Lines are "key: value", and keys are not renamed. What is read without its lock may
 * be a moment old, and two lines may be of different moments.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "debugfs.h"
#include "session.h"
#include "slot.h"
#include "state.h"

static struct dentry *ublk_debugfs_root;

static void ublk_show_session(struct seq_file *m, struct ublk_session *s)
{
	int phase = READ_ONCE(s->phase);

	seq_printf(m, "server_pid: %d\n", phase == UBLK_PHASE_LIVE ? pid_nr(s->opener) : -1);
	seq_printf(m, "session: %u\n", s->seq);
	seq_printf(m, "phase: %s\n", ublk_phase_name(phase));
	seq_printf(m, "opener: %d\n", pid_nr(s->opener));
	seq_printf(m, "ready: %d\n", atomic_read(&s->ready));
	seq_printf(m, "slots: %u\n", s->nr_slots);
	seq_printf(m, "released: %d\n", READ_ONCE(s->released));
	seq_printf(m, "quiescing: %d\n", READ_ONCE(s->quiescing));
}

static const char *ublk_recovery_name(enum ublk_recovery recovery)
{
	static const char *const names[UBLK_NR_RECOVERY] = {
		[UBLK_RECOVERY_OFF] = "off",
		[UBLK_RECOVERY_PLAIN] = "plain",
		[UBLK_RECOVERY_REISSUE] = "reissue",
		[UBLK_RECOVERY_FAIL_IO] = "fail_io",
	};

	return names[recovery];
}

static void ublk_show_times(struct seq_file *m, struct ublk_device *dev)
{
	u64 state_ns, unserved_ns;
	unsigned int takeovers = ublk_state_times(dev, &state_ns, &unserved_ns);

	seq_printf(m, "state_ms: %llu\n", div_u64(state_ns, NSEC_PER_MSEC));
	seq_printf(m, "unserved_ms: %llu\n", div_u64(unserved_ns, NSEC_PER_MSEC));
	seq_printf(m, "takeovers: %u\n", takeovers);
}

static int ublk_device_show(struct seq_file *m, void *unused)
{
	struct ublk_device *dev = m->private;
	struct ublk_session *s;

	seq_printf(m, "id: %d\n", dev->id);
	seq_printf(m, "state: %s\n", ublk_state_name(READ_ONCE(dev->state)));
	seq_printf(m, "recovery: %s\n", ublk_recovery_name(dev->recovery));
	seq_printf(m, "flags: %#llx\n", dev->info.flags);
	seq_printf(m, "queues: %u\n", ublk_nr_queues(dev));
	seq_printf(m, "depth: %u\n", ublk_depth(dev));
	seq_printf(m, "max_io_buf_bytes: %u\n", dev->info.max_io_buf_bytes);
	seq_printf(m, "io_desc_size: %u\n", dev->info.io_desc_size);
	seq_printf(m, "disk: %d\n", !!READ_ONCE(dev->disk));
	seq_printf(m, "disks_alive: %d\n", atomic_read(&dev->nr_disks));
	seq_printf(m, "stoppers: %u\n", READ_ONCE(dev->stoppers));
	seq_printf(m, "force_abort: %d\n", READ_ONCE(dev->force_abort));
	seq_printf(m, "last_session: %u\n", READ_ONCE(dev->last_seq));
	seq_printf(m, "shared_pages: %ld\n", atomic_long_read(&dev->shmem.nr_pages));
	ublk_show_times(m, dev);

	s = ublk_session_get_current(dev);
	if (s) {
		ublk_show_session(m, s);
		ublk_session_put(s);
	} else {
		seq_puts(m, "server_pid: -1\nsession: none\n");
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ublk_device);

/*
 * A slot that left the server's hands by COMMIT is counted in it; the others are still there, or
 * were taken away. So the hot path need not count twice.
 */
static void ublk_count_served(struct ublk_session *s, u64 *ret_dispatched, u64 *ret_committed)
{
	const unsigned int handed = UBLK_SLOT_BIT(GETDATA) | UBLK_SLOT_BIT(SERVER) |
				    UBLK_SLOT_BIT(COMMITTING) | UBLK_SLOT_BIT(ABORTED);
	u64 handed_now = 0, committed = 0;
	struct ublk_slot *slot;
	unsigned int q, tag;

	ublk_for_each_slot(s, q, tag, slot) {
		committed += READ_ONCE(slot->commits);
		handed_now += ublk_slot_is_in(slot, handed);
	}
	*ret_dispatched = committed + handed_now;
	*ret_committed = committed;
}

static int ublk_counters_show(struct seq_file *m, void *unused)
{
	struct ublk_device *dev = m->private;
	struct ublk_session *s = ublk_session_get_current(dev);
	u64 dispatched = 0, committed = 0;

	if (s) {
		ublk_count_served(s, &dispatched, &committed);
		ublk_session_put(s);
	}
	seq_printf(m, "dispatched: %llu\n", dispatched);
	seq_printf(m, "committed: %llu\n", committed);
	seq_printf(m, "parked_now: %d\n", atomic_read(&dev->nr_parked));
	seq_printf(m, "detained_now: %d\n", atomic_read(&dev->nr_detained));
	seq_printf(m, "parked_ms: %llu\n",
		   div_u64(atomic64_read(&dev->parked_ns), NSEC_PER_MSEC));
	seq_printf(m, "taken: %lld\n", atomic64_read(&dev->nr_taken));
	seq_printf(m, "reissued: %lld\n", atomic64_read(&dev->nr_reissued));
	seq_printf(m, "failed: %lld\n", atomic64_read(&dev->nr_failed));
	seq_printf(m, "late_commits: %lld\n", atomic64_read(&dev->nr_late));
	seq_printf(m, "sessions_alive: %d\n", atomic_read(&dev->nr_sessions));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ublk_counters);

/*
 * Slots can be as many as 16 million, so they are shown one by one: the summary is at position 0,
 * and those that merely wait for a request are left out. The session current at open is shown to
 * the end, which keeps its memory, but nothing else, from being freed.
 */
static void *ublk_slots_start(struct seq_file *m, loff_t *pos)
{
	struct ublk_session *s = m->private;

	if (!s || *pos > s->nr_slots)
		return NULL;
	if (!*pos)
		return SEQ_START_TOKEN;
	return ublk_slot_of(s, (*pos - 1) / ublk_depth(s->dev), (*pos - 1) % ublk_depth(s->dev));
}

static void *ublk_slots_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return ublk_slots_start(m, pos);
}

static void ublk_slots_stop(struct seq_file *m, void *v)
{
}

static pid_t ublk_slot_owner_nr(struct ublk_session *s, struct ublk_slot *slot)
{
	pid_t nr;

	raw_spin_lock(&s->owner_lock);
	nr = slot->owner ? task_pid_nr(slot->owner) : -1;
	raw_spin_unlock(&s->owner_lock);
	return nr;
}

static void ublk_show_slot_summary(struct seq_file *m, struct ublk_session *s)
{
	unsigned int nr[UBLK_NR_SLOT_STATES] = {};
	struct ublk_slot *slot;
	unsigned int q, tag;

	ublk_for_each_slot(s, q, tag, slot)
		nr[ublk_slot_state(slot)]++;
	seq_printf(m, "session: %u\n", s->seq);
	for (unsigned int i = 0; i < UBLK_NR_SLOT_STATES; i++)
		seq_printf(m, "%s: %u\n", ublk_slot_state_name(i), nr[i]);
}

static int ublk_slots_show(struct seq_file *m, void *v)
{
	struct ublk_session *s = m->private;
	struct ublk_slot *slot = v;
	unsigned int word;

	if (v == SEQ_START_TOKEN) {
		ublk_show_slot_summary(m, s);
		return 0;
	}
	word = atomic_read(&slot->word);
	if (1u << (word & UBLK_SLOT_STATE_MASK) & (UBLK_SLOT_BIT(FREE) | UBLK_SLOT_BIT(READY)))
		return SEQ_SKIP;
	seq_printf(m, "%u.%u: state=%s pins=%u commits=%u owner=%d gone=%d\n",
		   slot->q_id, slot->tag, ublk_slot_state_name(word & UBLK_SLOT_STATE_MASK),
		   word / UBLK_SLOT_PIN, READ_ONCE(slot->commits), ublk_slot_owner_nr(s, slot),
		   ublk_slot_owner_is_gone(s, slot));
	return 0;
}

static const struct seq_operations ublk_slots_sops = {
	.start = ublk_slots_start,
	.next = ublk_slots_next,
	.stop = ublk_slots_stop,
	.show = ublk_slots_show,
};

static int ublk_slots_open(struct inode *inode, struct file *file)
{
	struct seq_file *m;
	int err = seq_open(file, &ublk_slots_sops);

	if (err)
		return err;
	m = file->private_data;
	m->private = ublk_session_get_current(inode->i_private);
	return 0;
}

static int ublk_slots_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	if (m->private)
		ublk_session_put(m->private);
	return seq_release(inode, file);
}

static const struct file_operations ublk_slots_fops = {
	.owner = THIS_MODULE,
	.open = ublk_slots_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = ublk_slots_release,
};

/**
 * ublk_debugfs_add() - show a device
 * @dev: device with an id
 *
 * Failures are nobody's business: without debugfs the device works as well.
 */
void ublk_debugfs_add(struct ublk_device *dev)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", dev->id);
	dev->debugfs = debugfs_create_dir(name, ublk_debugfs_root);
	debugfs_create_file("device", 0400, dev->debugfs, dev, &ublk_device_fops);
	debugfs_create_file("slots", 0400, dev->debugfs, dev, &ublk_slots_fops);
	debugfs_create_file("counters", 0400, dev->debugfs, dev, &ublk_counters_fops);
}

/**
 * ublk_debugfs_remove() - no longer show a device
 * @dev: device
 *
 * Context: process; waits for readers in mid-read, so not under a lock that they take.
 */
void ublk_debugfs_remove(struct ublk_device *dev)
{
	debugfs_remove(dev->debugfs);
	dev->debugfs = NULL;
}

void ublk_debugfs_init(void)
{
	ublk_debugfs_root = debugfs_create_dir("ublk", NULL);
}

void ublk_debugfs_exit(void)
{
	debugfs_remove(ublk_debugfs_root);
}
