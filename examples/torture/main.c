// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * ublk-torture: kills the server of a ublk device under I/O, and judges every block.
 *
 *	stamp		what a block carries
 *	judge, place	what each block may hold, from what was asked and answered
 *	history		asked and answered: to the judge, and to a file
 *	plan		the schedule, from the seed
 *	writer, ranges	the I/O, on a subject (disk or file)
 *	victim, server	killing the server and getting a new one
 *	run		all of that together; report: what came of it
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "run.h"
#include "settings.h"

static int work(const struct settings *settings)
{
	return settings->judge ? run_judge(settings) : run_torture(settings);
}

/* Whoever waits for us shall not have to wait for I/O that never ends: the child keeps that. */
static int wait_for_verdict(pid_t child, int fd)
{
	unsigned char status;
	int ended;

	if (read(fd, &status, 1) == 1 && status == STATUS_HUNG)
		return STATUS_HUNG;
	if (waitpid(child, &ended, 0) < 0)
		return STATUS_SETUP;
	return WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
}

int main(int argc, char **argv)
{
	struct option_error err = { "" };
	static struct settings settings;
	unsigned char status;
	int r, fds[2];
	pid_t child;

	r = settings_parse(&settings, argc - 1, argv + 1, &err);
	if (r < 0)
		fprintf(stderr, "ublk-torture: %s\n", err.text);
	if (r) {
		settings_free(&settings);
		return r < 0 ? STATUS_SETUP : STATUS_GOOD;
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return STATUS_SETUP;
	child = fork();
	if (child < 0)
		return STATUS_SETUP;
	if (child) {
		close(fds[1]);
		r = wait_for_verdict(child, fds[0]);
		settings_free(&settings);
		return r;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	close(fds[0]);
	status = (unsigned char)work(&settings);
	r = (int)write(fds[1], &status, 1);
	(void)r;
	_exit(status);
}
