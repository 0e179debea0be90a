// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * ublk top: what all devices are doing, again and again on a terminal, once for anybody else.
 *
 * Rates come from two looks; the counters themselves are the servers' (ublk_stats.h), so looking
 * costs them nothing.
 */
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "top_print.h"

struct screen {
	struct termios before;
	int has_keys;			/* stdin is a terminal, in our mode */
	int signal_fd;
	int sort;			/* enum top_key */
};

static int take(struct command_call *call, struct top_sample *ret)
{
	int r = top_sample_take(call->ctl, ret);

	return r < 0 ? command_fail(call, r, "%s", ublk_last_error()) : STATUS_OK;
}

static int prometheus(struct command_call *call)
{
	struct top_sample sample;
	int status = take(call, &sample);

	if (status != STATUS_OK)
		return status;
	top_print_prometheus(stdout, &sample);
	top_sample_free(&sample);
	return STATUS_OK;
}

/* Both samples are there: prints the later one. */
static int print(struct command_call *call, const struct top_sample *before,
		 struct top_sample *after)
{
	if (call->is_json)
		return command_print_json(top_json(before, after));
	top_sample_sort(after, before, (enum top_key)call->sort);
	top_print_table(stdout, before, after, 0, 0, "\n");
	return STATUS_OK;
}

static int in_turn(struct command_call *call, int64_t count, int interval_ms)
{
	struct top_sample before, after;
	int status = take(call, &before);

	while (status == STATUS_OK && count-- > 0) {
		poll(NULL, 0, interval_ms);
		status = take(call, &after);
		if (status != STATUS_OK)
			break;
		status = print(call, &before, &after);
		fflush(stdout);
		top_sample_free(&before);
		before = after;
	}
	top_sample_free(&before);
	return status;
}

static void screen_open(struct screen *screen, int sort)
{
	struct termios ours;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGWINCH);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	screen->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	screen->sort = sort;
	screen->has_keys = !tcgetattr(STDIN_FILENO, &screen->before);
	if (screen->has_keys) {
		ours = screen->before;
		ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		ours.c_cc[VMIN] = 0;
		ours.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &ours);
	}
	/* The other screen, so that what was there before comes back; no cursor. */
	fputs("\033[?1049h\033[?25l", stdout);
}

static void screen_close(struct screen *screen)
{
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	if (screen->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
	if (screen->signal_fd >= 0)
		close(screen->signal_fd);
}

static void draw(const struct screen *screen, const struct top_sample *before,
		 struct top_sample *after)
{
	static const char *const names[] = { "id", "IOPS", "MB/s", "latency", "in flight" };
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	char head[160];

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	if (size.ws_row < 4 || size.ws_col < 20)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	top_sample_sort(after, before, (enum top_key)screen->sort);
	snprintf(head, sizeof(head), "ublk: %zu devices, by %s   "
		 "sort: [n]umber [i]ops [b]ytes [l]atency [f]light   [q]uit",
		 after->count, names[screen->sort]);
	printf("\033[H%.*s\033[K\r\n\033[K\r\n", size.ws_col, head);
	top_print_table(stdout, before, after, size.ws_row - 3, size.ws_col, "\033[K\r\n");
	fputs("\033[J", stdout);
	fflush(stdout);
}

/* 1 to end, 0 not. */
static int take_key(struct screen *screen, char key)
{
	static const char keys[] = "niblf";	/* in the order of enum top_key */
	const char *at = key ? strchr(keys, key) : NULL;

	if (at)
		screen->sort = (int)(at - keys);
	return key == 'q' || key == 'Q' || key == 4;
}

/* Waits for the next look's time. Return: 1 to end, 0 look again. */
static int wait_for_input(struct screen *screen, int interval_ms)
{
	struct pollfd p[2] = {
		{ .fd = screen->has_keys ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = screen->signal_fd, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	char key;

	if (poll(p, 2, interval_ms) <= 0)
		return 0;
	if (p[1].revents && read(screen->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
	    info.ssi_signo != SIGWINCH)
		return 1;
	if (!p[0].revents)
		return 0;
	return read(STDIN_FILENO, &key, 1) == 1 ? take_key(screen, key) : 1;
}

static int interactive(struct command_call *call, int interval_ms)
{
	struct top_sample before, after;
	struct screen screen;
	int is_over = 0, status = take(call, &before);

	if (status != STATUS_OK)
		return status;
	screen_open(&screen, call->sort);
	draw(&screen, NULL, &before);
	while (!is_over) {
		is_over = wait_for_input(&screen, interval_ms);
		if (is_over || top_sample_take(call->ctl, &after) < 0)
			break;
		draw(&screen, &before, &after);
		top_sample_free(&before);
		before = after;
	}
	screen_close(&screen);
	top_sample_free(&before);
	return is_over ? STATUS_OK : command_fail(call, -EIO, "%s", ublk_last_error());
}

int verb_top(struct command_call *call)
{
	int interval_ms = (int)(call->interval_s ? call->interval_s : 1) * 1000;
	int status;

	if (call->argc)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "it shows all devices; usage: ublk top");
	if (call->is_json && call->is_prometheus)
		return command_fail_status(call, STATUS_USAGE, -EINVAL,
					   "--json and --prometheus exclude each other");
	status = command_connect(call);
	if (status != STATUS_OK)
		return status;
	if (call->is_prometheus)
		return prometheus(call);
	if (call->is_json || call->count || !isatty(STDOUT_FILENO))
		return in_turn(call, call->count ? call->count : 1, interval_ms);
	return interactive(call, interval_ms);
}
