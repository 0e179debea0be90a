// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * A module with one defect of each kind that the debug kernels are there to find:
 * `modprobe ublk_lab defect=NAME` commits it. Each has to be found (tests/vm/lab_*.sh), or a clean
 * log says nothing. Not for any kernel that is to live on.
 */
#include <linux/debug_locks.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static char *defect = "none";
module_param(defect, charp, 0444);

static volatile int sink;

static void uaf(void)
{
	int *p = kmalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return;
	/* an asm of nothing, so that the compiler does not see what comes */
	asm volatile("" : "+r" (p));
	*p = 1;
	kfree(p);
	asm volatile("" : "+r" (p));
	sink = READ_ONCE(*p);
}

static DEFINE_SPINLOCK(atomic_lock);

static void sleep_in_atomic(void)
{
	spin_lock(&atomic_lock);
	msleep(20);
	spin_unlock(&atomic_lock);
}

static DEFINE_MUTEX(lock_a);
static DEFINE_MUTEX(lock_b);

static void abba(void)
{
	mutex_lock(&lock_a);
	mutex_lock(&lock_b);
	mutex_unlock(&lock_b);
	mutex_unlock(&lock_a);
	mutex_lock(&lock_b);
	mutex_lock(&lock_a);
	mutex_unlock(&lock_a);
	mutex_unlock(&lock_b);
}

static int __rcu *shared;

static void rcu(void)
{
	/* no rcu_read_lock() */
	sink = !rcu_dereference(shared);
}

static void leak(void)
{
	int i;

	for (i = 0; i < 10; i++) {
		void *p = kmalloc(100, GFP_KERNEL);

		asm volatile("" : : "r" (p));
	}
}

static void tick(struct timer_list *timer)
{
}

static void odebug(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, tick, 0);
	mod_timer(timer, jiffies + 3600 * HZ);
	kfree(timer);
}

static void ubsan(void)
{
	int by = 40;

	asm volatile("" : "+r" (by));
	sink = 1 << by;
}

/* The second report of a boot that nobody would see: lockdep is off and says nothing. */
static void silence_lockdep(void)
{
	debug_locks_off();
}

static int raced;

static int racer(void *unused)
{
	while (!kthread_should_stop()) {
		raced++;
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *one = kthread_run(racer, NULL, "race/1");
	struct task_struct *two = kthread_run(racer, NULL, "race/2");

	msleep(3000);
	if (!IS_ERR(one))
		kthread_stop(one);
	if (!IS_ERR(two))
		kthread_stop(two);
}

static const struct {
	const char *name;
	void (*commit)(void);
} defects[] = {
	{ "uaf", uaf },
	{ "sleep", sleep_in_atomic },
	{ "abba", abba },
	{ "rcu", rcu },
	{ "leak", leak },
	{ "odebug", odebug },
	{ "ubsan", ubsan },
	{ "lockdep-off", silence_lockdep },
	{ "race", race },
};

static int __init lab_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(defects); i++) {
		if (strcmp(defects[i].name, defect))
			continue;
		defects[i].commit();
		return 0;
	}
	return -EINVAL;
}

static void __exit lab_exit(void)
{
}

module_init(lab_init);
module_exit(lab_exit);
MODULE_DESCRIPTION("deliberate defects, to see that they are found");
MODULE_LICENSE("Dual MIT/GPL");
