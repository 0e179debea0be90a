// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* Misbehaviour on request: "ACT[=ARG]@WHEN[:N]". */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server.h"

/* a leaked child ends by itself should the test forget it */
#define CHILD_LIFETIME_S	600

static const char *const act_names[] = {
	[ACT_DIE] = "die",
	[ACT_EXIT] = "exit",
	[ACT_PAUSE] = "pause",
	[ACT_CLOSE_CHAR] = "close-char",
	[ACT_CLOSE_RING] = "close-ring",
	[ACT_EXEC] = "exec",
	[ACT_EXEC_WORKER] = "exec-worker",
	[ACT_FORK] = "fork",
	[ACT_FORK_RING] = "fork-ring",
	[ACT_THREAD_DIE] = "thread-die",
	[ACT_STALL] = "stall",
	[ACT_RESUME] = "resume",
	[ACT_UFFD] = "uffd",
	[ACT_UFFD_SERVE] = "uffd-serve",
	[ACT_BAD_ADDR] = "bad-addr",
	[ACT_STALE] = "stale",
	[ACT_VFORK] = "vfork",
	[ACT_COPY] = "copy",
	[ACT_DROP] = "drop",
	[ACT_DOZE] = "doze",
	[ACT_KEEP] = "keep",
	[ACT_REG] = "reg",
	[ACT_REG_OWNER] = "reg-owner",
	[ACT_META] = "meta",
};

static const char *const when_names[] = {
	[WHEN_ADDED] = "added",
	[WHEN_OPENED] = "opened",
	[WHEN_BETWEEN] = "between-fetches",
	[WHEN_FETCHED] = "fetched",
	[WHEN_READY] = "ready",
	[WHEN_REQUEST] = "request",
	[WHEN_COMMIT] = "commit",
	[WHEN_USR1] = "usr1",
	[WHEN_USR2] = "usr2",
};

static int find_name(const char *const *names, size_t nr, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (strlen(names[i]) == len && !strncmp(names[i], text, len))
			return i;
	return -1;
}

bool action_parse(struct options *opt, const char *text)
{
	struct action *action = &opt->actions[opt->nr_actions];
	const char *at = strchr(text, '@');
	size_t act_len = strcspn(text, "=@");
	size_t when_len = at ? strcspn(at + 1, ":") : 0;
	int act = find_name(act_names, raw_array_size(act_names), text, act_len);
	int when = at ? find_name(when_names, raw_array_size(when_names), at + 1, when_len) : -1;
	char arg[32];

	if (act < 0 || when < 0 || opt->nr_actions == SERVER_MAX_ACTIONS)
		return false;
	action->act = act;
	action->when = when;
	action->arg = -1;
	action->n = 1;
	if (text[act_len] == '=') {
		snprintf(arg, sizeof(arg), "%.*s", (int)(at - text - act_len - 1),
			 text + act_len + 1);
		action->arg = (long)raw_number(arg, text);
	}
	if (at[1 + when_len] == ':')
		action->n = raw_number(at + 2 + when_len, text);
	opt->nr_actions++;
	return true;
}

/* What is left of the server in another program: the descriptors that have no close-on-exec. */
static void become_sleep(void)
{
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	execl("/bin/sleep", "ublk-raw-sleep", "600", NULL);
	raw_die(RAW_EXIT_FAIL, "exec: %s", strerror(errno));
}

static void child_main(struct server *srv, bool keep_rings)
{
	sigset_t signals;
	unsigned int i;
	int sig;

	for (i = 0; i < srv->nr_workers && !keep_rings; i++)
		if (srv->workers[i].has_ring)
			io_uring_queue_exit(&srv->workers[i].ring);
	alarm(CHILD_LIFETIME_S);
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGTERM);
	while (sigwait(&signals, &sig) == 0 && sig == SIGUSR1)
		stale_probe(srv);
	_exit(0);
}

static void leak_to_child(struct server *srv, bool keep_rings)
{
	pid_t pid = fork();

	if (pid < 0)
		raw_die(RAW_EXIT_FAIL, "fork: %s", strerror(errno));
	if (pid == 0)
		child_main(srv, keep_rings);
	raw_say("CHILD pid=%d", pid);
}

/* From here every first touch of a buffer page waits for a server that does not exist. */
static void hide_buffers(struct server *srv)
{
	struct uffdio_api api = { .api = UFFD_API };
	unsigned int i;

	srv->uffd = syscall(__NR_userfaultfd, O_CLOEXEC);
	if (srv->uffd < 0 || ioctl(srv->uffd, UFFDIO_API, &api) < 0)
		raw_die(RAW_EXIT_SKIP, "userfaultfd: %s", strerror(errno));
	atomic_store(&srv->has_uffd, true);
	for (i = 0; i < srv->nr_workers; i++) {
		struct worker *w = &srv->workers[i];
		struct uffdio_register reg = {
			.range = { (uintptr_t)w->buffers, server_buffers_bytes(w) },
			.mode = UFFDIO_REGISTER_MODE_MISSING,
		};

		if (ioctl(srv->uffd, UFFDIO_REGISTER, &reg) < 0 ||
		    madvise(w->buffers, server_buffers_bytes(w), MADV_DONTNEED) < 0)
			raw_die(RAW_EXIT_FAIL, "userfaultfd region: %s", strerror(errno));
	}
	raw_say("UFFD armed");
}

static void *uffd_main(void *arg)
{
	struct server *srv = arg;
	struct uffd_msg msg;

	while (read(srv->uffd, &msg, sizeof(msg)) == sizeof(msg)) {
		size_t page = sysconf(_SC_PAGESIZE);
		struct uffdio_zeropage zero = {
			.range = { msg.arg.pagefault.address & ~(uint64_t)(page - 1), page },
		};

		if (ioctl(srv->uffd, UFFDIO_ZEROPAGE, &zero) < 0 && errno != EEXIST)
			raw_say("UFFD error=%d", errno);
	}
	return NULL;
}

static void serve_uffd(struct server *srv)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, uffd_main, srv))
		raw_die(RAW_EXIT_FAIL, "no thread for userfaultfd");
	pthread_detach(thread);
}

static void order_workers(struct server *srv, enum act act, long index)
{
	unsigned int i;

	for (i = 0; i < srv->nr_workers; i++) {
		struct worker *w = &srv->workers[i];

		if ((index >= 0 && (unsigned int)index != i) || atomic_load(&w->is_ended))
			continue;
		atomic_fetch_or(&w->orders, 1U << act);
		pthread_kill(w->thread, SERVER_NUDGE);
	}
}

static void run(struct server *srv, const struct action *action)
{
	raw_say("DO %s@%s", act_names[action->act], when_names[action->when]);
	switch (action->act) {
	case ACT_DIE:
		kill(getpid(), SIGKILL);
		break;
	case ACT_EXIT:
		_exit(0);
	case ACT_PAUSE:
		kill(getpid(), SIGSTOP);
		break;
	case ACT_CLOSE_CHAR:
		close(srv->cfd);
		break;
	case ACT_EXEC:
		become_sleep();
		break;
	case ACT_FORK:
	case ACT_FORK_RING:
		leak_to_child(srv, action->act == ACT_FORK_RING);
		break;
	case ACT_STALL:
		atomic_store(&srv->is_stalling, true);
		break;
	case ACT_RESUME:
		atomic_store(&srv->is_stalling, false);
		order_workers(srv, action->act, action->arg);
		break;
	case ACT_UFFD:
		hide_buffers(srv);
		break;
	case ACT_UFFD_SERVE:
		serve_uffd(srv);
		break;
	case ACT_BAD_ADDR:
		atomic_store(&srv->bad_addr, (unsigned long)action->arg);
		break;
	case ACT_STALE:
		stale_probe(srv);
		break;
	case ACT_COPY:
		odd_copiers(srv, action->arg);
		break;
	case ACT_DROP:
		odd_drop();
		break;
	case ACT_DOZE:
		atomic_store(&srv->is_dozing, true);
		break;
	case ACT_KEEP:
		atomic_store(&srv->is_keeping, true);
		break;
	case ACT_META:
		meta_probe(srv);
		break;
	case ACT_REG:
		zc_probe(srv, "other");
		break;
	case ACT_CLOSE_RING:
	case ACT_EXEC_WORKER:
	case ACT_REG_OWNER:
	case ACT_VFORK:
	case ACT_THREAD_DIE:
		order_workers(srv, action->act, action->arg);
		break;
	}
}

void action_fire(struct server *srv, enum when when, unsigned long n)
{
	const struct options *opt = &srv->opt;
	unsigned int i;

	for (i = 0; i < opt->nr_actions; i++) {
		const struct action *action = &opt->actions[i];
		bool counts = when == WHEN_REQUEST || when == WHEN_COMMIT;

		if (action->when == when && (!counts || action->n == n))
			run(srv, action);
	}
}

/* In the worker's own thread, between two waits. */
void action_worker_orders(struct worker *w)
{
	unsigned int orders = atomic_exchange(&w->orders, 0);

	if (orders & 1U << ACT_EXEC_WORKER)
		become_sleep();
	if (orders & 1U << ACT_THREAD_DIE) {
		raw_say("THREAD_GONE worker=%u", w->index);
		pthread_exit(NULL);
	}
	if (orders & 1U << ACT_REG_OWNER)
		zc_probe(w->srv, "owner");
	if (orders & 1U << ACT_VFORK)
		odd_vfork_closer(w);
	if (orders & 1U << ACT_CLOSE_RING) {
		io_uring_queue_exit(&w->ring);
		w->has_ring = false;
		raw_say("RING_CLOSED worker=%u", w->index);
		/* alive, but without anything to serve with */
		for (;;)
			pause();
	}
}
