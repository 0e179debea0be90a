/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/*
 * One thread per queue, from the first FETCH to the last completion.
 *
 * The thread that runs the device creates the others, starts the device, and then only waits: for
 * a request to stop, for a queue that failed, for all of them to be done. They tell it by
 * dev->event_fd; what they have to tell is in struct crew, under its lock.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "internal.h"
#include "point.h"
#include "probe.h"

/* How long a queue may take to end after the device did, before it is told to drop all. */
#define DRAIN_MS	10000

struct crew;

struct worker {
	struct crew *crew;
	unsigned index;
	pthread_t thread;
	cpu_set_t cpus;
	bool has_cpus;
	bool is_created;		/* the thread exists and is to be joined */
	struct ublk_queue *q;		/* while it can be woken; crew->lock */
	int result;			/* of the thread; crew->lock */
	char sentence[256];		/* goes with it */
};

struct crew {
	struct ublk_device *dev;
	void (*on_unasked)(struct ublk_device *dev);
	pthread_mutex_t lock;
	unsigned nr_open;		/* queues that were opened, ever; lock */
	unsigned nr_done;		/* threads that are at their end; lock */
	atomic_bool is_dismissed;	/* drop everything and go */
	unsigned nr_workers;
	struct worker workers[];
};

bool ublk_device_consume_signal(struct ublk_device *dev)
{
	struct signalfd_siginfo info;

	if (!ublk_device_is_cancelled(dev))
		return false;
	atomic_store(&dev->is_stop_requested, true);
	while (dev->signal_fd >= 0 && ublk_poll_in(dev->signal_fd, 0) > 0 &&
	       read(dev->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	return true;
}

/* Runs also when the target ends the thread behind our back (pthread_exit, cancellation). */
static void worker_done(void *arg)
{
	struct worker *w = arg;
	struct crew *crew = w->crew;
	struct ublk_queue *q;
	int none = 0;

	pthread_mutex_lock(&crew->lock);
	q = w->q;
	w->q = NULL;
	pthread_mutex_unlock(&crew->lock);
	if (w->result && !atomic_load(&crew->is_dismissed)) {
		atomic_compare_exchange_strong(&crew->dev->failed_queue, &none, w->result);
		if (crew->on_unasked)
			crew->on_unasked(crew->dev);
	}
	ublk_queue_close(q);
	pthread_mutex_lock(&crew->lock);
	crew->nr_done++;
	pthread_mutex_unlock(&crew->lock);
	ublk_event_set(crew->dev->event_fd);
}

static void serve_queue(struct worker *w)
{
	struct crew *crew = w->crew;
	struct ublk_queue *q;
	int r;

	r = ublk_queue_open(crew->dev, w->index, &q);
	if (!r) {
		pthread_mutex_lock(&crew->lock);
		w->q = q;
		crew->nr_open++;
		pthread_mutex_unlock(&crew->lock);
		ublk_event_set(crew->dev->event_fd);
		while (r >= 0 && !atomic_load_explicit(&crew->is_dismissed, memory_order_relaxed))
			r = ublk_queue_advance(q, -1, false);
	}
	if (r == -ENODEV && w->q)
		r = 0;
	if (r < 0)
		snprintf(w->sentence, sizeof(w->sentence), "%s", ublk_last_error());
	w->result = r < 0 ? r : 0;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	if (w->has_cpus)
		pthread_setaffinity_np(pthread_self(), sizeof(w->cpus), &w->cpus);
	w->result = -ECANCELED;		/* stays if the thread ends behind our back */
	pthread_cleanup_push(worker_done, w);
	serve_queue(w);
	pthread_cleanup_pop(1);
	return NULL;
}

static void find_cpus(struct worker *w)
{
	struct ublk_cmd_args args = {
		.op = UBLK_U_CMD_GET_QUEUE_AFFINITY, .id = w->crew->dev->id, .queue = -1,
		.data = w->index, .buf = &w->cpus, .len = sizeof(w->cpus), .interrupt_fd = -1,
	};
	int res;

	if (w->crew->dev->config.flags & LIBUBLK_NO_AFFINITY)
		return;
	CPU_ZERO(&w->cpus);
	w->has_cpus = !ublk_ctl_run(w->crew->dev->ctl, &args, &res) && res >= 0 &&
		      CPU_COUNT(&w->cpus);
}

/* Signals are for the program's own threads; only those of a fault must reach the faulting one. */
static void signals_to_block(sigset_t *set)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
	size_t i;

	sigfillset(set);
	for (i = 0; i < ARRAY_SIZE(faults); i++)
		sigdelset(set, faults[i]);
}

static int create_threads(struct crew *crew)
{
	pthread_attr_t attr;
	sigset_t blocked;
	unsigned i;
	int r = 0;

	pthread_attr_init(&attr);
	signals_to_block(&blocked);
	pthread_attr_setsigmask_np(&attr, &blocked);
	for (i = 0; i < crew->nr_workers && !r; i++) {
		struct worker *w = &crew->workers[i];

		w->crew = crew;
		w->index = i;
		find_cpus(w);
		r = pthread_create(&w->thread, &attr, worker_main, w);
		w->is_created = !r;
	}
	pthread_attr_destroy(&attr);
	return r ? ublk_set_error(r, "a thread for queue %u: %s", i - 1, strerror(r)) : 0;
}

static void dismiss(struct crew *crew)
{
	unsigned i;

	atomic_store(&crew->is_dismissed, true);
	pthread_mutex_lock(&crew->lock);
	for (i = 0; i < crew->nr_workers; i++) {
		if (crew->workers[i].q)
			ublk_queue_wake(crew->workers[i].q);
	}
	pthread_mutex_unlock(&crew->lock);
}

static bool count(struct crew *crew, const unsigned *counter)
{
	bool is_full;

	pthread_mutex_lock(&crew->lock);
	is_full = *counter == crew->nr_workers;
	pthread_mutex_unlock(&crew->lock);
	return is_full;
}

/* Why a wait ended. Not errnos: a queue may fail with any of those. */
enum outcome { OUT_FULL, OUT_FAILED, OUT_CANCELLED, OUT_TIME };

/* Waits until @counter is full, or a queue failed, or somebody wants the device to end. */
static enum outcome wait_for(struct crew *crew, const unsigned *counter, int timeout_ms,
			     bool may_cancel)
{
	int64_t deadline = ublk_deadline(timeout_ms);
	struct ublk_device *dev = crew->dev;

	for (;;) {
		int left = ublk_time_left(deadline);

		/* Cleared before the looks below: what happens after them wakes the poll. */
		ublk_event_clear(dev->event_fd);
		if (atomic_load(&dev->failed_queue))
			return OUT_FAILED;
		if (count(crew, counter))
			return OUT_FULL;
		if (may_cancel && ublk_device_consume_signal(dev))
			return OUT_CANCELLED;
		if (!left)
			return OUT_TIME;
		ublk_poll_in(may_cancel ? dev->wait_fd : dev->event_fd, left);
	}
}

/* Ends the device in order; its threads go on serving until the driver gives up their tags. */
static void end_device(struct crew *crew)
{
	struct ublk_device *dev = crew->dev;
	int r;

	if (dev->config.flags & LIBUBLK_HAND_OVER) {
		UBLK_POINT(BEFORE_QUIESCE);
		r = ublk_device_quiesce(dev->ctl, dev->id, 0);
		UBLK_POINT(AFTER_QUIESCE);
	} else {
		UBLK_POINT(BEFORE_STOP);
		/*
		 * Without a bound of ours: write-back may take long, and giving up on it would
		 * lose what is buffered. The driver ends it when there is no progress any more.
		 */
		r = ublk_device_stop(dev->ctl, dev->id, 0, -1);
		UBLK_POINT(AFTER_STOP);
	}
	if (r < 0)
		ublk_log(LIBUBLK_LOG_WARNING, "%s", ublk_last_error());
	if (wait_for(crew, &crew->nr_done, DRAIN_MS, false) == OUT_TIME)
		ublk_log(LIBUBLK_LOG_WARNING, "device %d has ended, requests are left in target "
			 "%s: dropped", dev->id, dev->name);
}

static int run_crew(struct crew *crew)
{
	struct ublk_device *dev = crew->dev;
	int r;

	r = create_threads(crew);
	if (r < 0)
		return r;
	switch (wait_for(crew, &crew->nr_open, -1, true)) {
	case OUT_FAILED:
		return atomic_load(&dev->failed_queue);
	case OUT_CANCELLED:
		return ublk_set_error(ECANCELED, "device %d: interrupted on request", dev->id);
	default:
		break;
	}
	r = ublk_device_start(dev);
	if (r < 0)
		return r;
	if (wait_for(crew, &crew->nr_done, -1, true) == OUT_CANCELLED)
		end_device(crew);
	return atomic_load(&dev->failed_queue);
}

/* The sentence is in the thread that failed: bring it to the one that asks. */
static void adopt_sentence(const struct crew *crew)
{
	unsigned i;

	for (i = 0; i < crew->nr_workers; i++) {
		const struct worker *w = &crew->workers[i];

		if (w->result && *w->sentence) {
			ublk_set_error(w->result, "%s", w->sentence);
			return;
		}
	}
}

int ublk_run(struct ublk_device *dev, void (*on_unasked)(struct ublk_device *dev))
{
	unsigned nr = dev->config.nr_queues, i;
	struct crew *crew;
	int r;

	crew = calloc(1, sizeof(*crew) + nr * sizeof(crew->workers[0]));
	if (!crew)
		return ublk_set_error(ENOMEM, "out of memory");
	crew->dev = dev;
	crew->on_unasked = on_unasked;
	crew->nr_workers = nr;
	pthread_mutex_init(&crew->lock, NULL);
	atomic_store(&dev->failed_queue, 0);

	r = run_crew(crew);
	dismiss(crew);
	for (i = 0; i < nr; i++) {
		if (crew->workers[i].is_created)
			pthread_join(crew->workers[i].thread, NULL);
	}
	if (atomic_load(&dev->failed_queue))
		adopt_sentence(crew);
	pthread_mutex_destroy(&crew->lock);
	free(crew);
	UBLK_PROBE2(ended, dev->id, r);
	/* The last reference of ours: now the driver sees the server go. */
	dev->ctl->transport->dev_close(dev->ctl, dev->chr_fd);
	dev->chr_fd = -1;
	return r;
}

UBLK_EXPORT int ublk_device_run(struct ublk_device *dev)
{
	return ublk_run(dev, NULL);
}
