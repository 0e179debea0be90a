// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * What makes a program of a target: options in, device served, exit status out.
 *
 *	target_main -> parse, keep -> [ublk_supervise -> fork ->] serve -> ublk_serve
 *
 * A target always runs in the foreground of its own process. Being in the background
 * is the affair of who starts it (ublk add) and waits to hear from it (ready.h).
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "health.h"
#include "notify.h"
#include "ready.h"

#define EXIT_USAGE	2

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

struct program program;

void say_error(const char *sentence)
{
	char name[48];

	snprintf(name, sizeof(name), "ublk-%s", program.target.type->name);
	ublk_log_to_stderr(LIBUBLK_LOG_ERROR, sentence, name);
}

void leave_terminal(void)
{
	const char *path = program.common.log ? program.common.log : "/dev/null";
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);

	if (fd < 0) {
		say_error("cannot open the log, messages will be lost");
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return;
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

_Static_assert(PULSE_MAX_QUEUES == LIBUBLK_MAX_QUEUES, "a pulse for every queue");

/* What the library is told is counted, for whoever watches (pulse.h). */
static int target_submit(struct ublk_io *io, void *user)
{
	struct target *target = user;
	int r;

	pulse_count(&target->pulse->queues[ublk_queue_index(ublk_io_queue(io))].given);
	r = target_ops(target)->submit(io, target);
	/* the library ends it */
	if (r < 0)
		target_count_answer(target, io);
	return r;
}

static void target_started(struct ublk_device *dev, void *user)
{
	struct target *target = user;
	int id = ublk_device_id(dev);

	pulse_set_live(target->pulse, id, ublk_device_config_of(dev)->nr_queues);
	if (program.common.ready_fd >= 0) {
		leave_terminal();
		ready_send_live(program.common.ready_fd, id);
		program.common.ready_fd = -1;
	} else if (!program.is_retry) {
		printf(program.common.is_json ? "{\"id\":%d,\"disk\":\"/dev/ublkb%d\"}\n" :
						"ublk %d is /dev/ublkb%d\n", id, id);
		fflush(stdout);
	}
	notify_live(id);
	if (!program.common.is_supervised)
		health_start(target->pulse, program.common.hang_timeout * 1000);
	if (target_ops(target)->started)
		target_ops(target)->started(dev, target);
}

/* What was left to us is told, with the reason; in the background that goes to --log. */
static void tell_data_mode(const struct ublk_device *dev)
{
	if (program.common.data == LIBUBLK_DATA_AUTO)
		fprintf(stderr, "ublk-%s: data mode %s (%s)\n", program.target.type->name,
			ublk_data_mode_name(ublk_device_config_of(dev)->data_mode),
			ublk_device_data_reason(dev));
}

/*
 * A restarted server is there to take over. If there is nothing to take over any more,
 * somebody has stopped the device meanwhile, and wants it to stay so.
 */
static int target_open(struct ublk_device *dev, int recovering, void *user)
{
	struct target *target = user;

	if (program.is_retry && target->pulse->id >= 0 && !recovering) {
		program.is_given_up = 1;
		return ublk_set_error(ECANCELED, "device %d was stopped: no new server for it",
				      ublk_device_id(dev));
	}
	tell_data_mode(dev);
	return target_ops(target)->open ? target_ops(target)->open(dev, recovering, target) : 0;
}

static int report_failure(int r, const char *sentence)
{
	if (!*sentence)
		sentence = strerror(-r);
	if (program.common.ready_fd >= 0)
		ready_send_failed(program.common.ready_fd, -r, sentence);
	else
		say_error(sentence);
	program.common.ready_fd = -1;
	return EXIT_FAILED;
}

static int report_usage(const char *sentence)
{
	if (program.common.ready_fd >= 0)
		ready_send_usage(program.common.ready_fd, sentence);
	else
		say_error(sentence);
	return EXIT_USAGE;
}

void avoid_oom(void)
{
	int fd;

	if (program.common.ready_fd < 0)
		return;		/* in the foreground: a person's own affair */
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	dprintf(fd, "-1000");
	close(fd);
}

/*
 * Memory for the server must not be won by writing to the disk that it serves, and
 * the disk's users should die before the disk does. Both need privilege, and the
 * target works without: so no failure counts here.
 */
static void become_io_process(void)
{
	prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
	avoid_oom();
}

int serve(void)
{
	struct target *target = &program.target;
	struct option_error err = { "" };
	int r;

	become_io_process();
	r = target->type->prepare(target, &program.config, &err);
	if (!r) {
		r = ublk_serve(&program.config, &program.ops, target);
		snprintf(err.text, sizeof(err.text), "%s", ublk_last_error());
	}
	if (target->type->cleanup)
		target->type->cleanup(target);
	return r < 0 ? report_failure(r, err.text) : 0;
}

static void print_help(const struct option_table *tables)
{
	const struct target_type *type = program.target.type;

	printf("usage: ublk-%s %s%s[options]\n\n%s\n", type->name,
	       type->operands ? type->operands : "", type->operands ? " " : "", type->summary);
	options_print(tables, stdout);
	printf("\nServes in the foreground until the device is stopped; SIGTERM stops and "
	       "deletes it.\n"
	       "\"ublk add %s ...\" does the same in the background.\n"
	       "Exit status: 0 ended in order, 1 failed, 2 wrong command line, %d a server "
	       "thread died.\n",
	       type->name, LIBUBLK_EXIT_DIED);
}

/* Where it was, if it has been replaced since: the record is for later. */
static char *own_path(void)
{
	static const char gone[] = " (deleted)";
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len < 0)
		return NULL;
	path[len] = '\0';
	if (len > (ssize_t)sizeof(gone) && !strcmp(path + len - (sizeof(gone) - 1), gone))
		path[len - (ssize_t)(sizeof(gone) - 1)] = '\0';
	return strdup(path);
}

/* The command that would start this server again, from anywhere. */
static int build_argv(void)
{
	const struct options *opts = &program.options;
	int i, n = 0;

	program.argv = calloc((size_t)(opts->nr_rest + opts->nr_record) + 2, sizeof(char *));
	if (!program.argv)
		return -ENOMEM;
	program.argv[n++] = own_path();
	if (!program.argv[0])
		return -ENOMEM;
	for (i = 0; i < opts->nr_rest; i++)
		program.argv[n++] = opts->rest[i];
	for (i = 0; i < opts->nr_record; i++)
		program.argv[n++] = opts->record[i];
	program.config.argv = (const char *const *)program.argv;
	return 0;
}

static int check_operands(void)
{
	struct options *opts = &program.options;
	int wanted = program.target.type->operands ? 1 : 0;

	if (opts->nr_rest > wanted)
		return option_fail(&opts->err, "\"%s\" is one operand too many; see --help",
				   opts->rest[wanted]);
	return 0;
}

/* A wrapping type's operand decides which options there are, so it comes first. */
static int choose(int argc, char **argv)
{
	const struct target_type *type = program.target.type;
	struct options *opts = &program.options;

	if (!type->choose)
		return 0;
	if (argc < 1 || argv[0][0] == '-') {
		if (argc == 1 && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")))
			return 0;
		return option_fail(&opts->err, "the first word must be %s; see --help",
				   type->operands);
	}
	return type->choose(&program.target, argv[0], &opts->err);
}

static int parse(int argc, char **argv)
{
	const struct target *inner;
	struct option_table tables[] = {
		{ NULL, program.target.type->options, program.target.state },
		{ NULL, NULL, NULL },	/* the wrapped target's */
		{ "The device", target_device_options, &program.common },
		{ "The server", target_process_options, &program.common },
		{ NULL, NULL, NULL },
	};
	struct options *opts = &program.options;
	int r;

	r = choose(argc, argv);
	if (r < 0)
		return r;
	inner = program.target.inner;
	if (inner) {
		tables[1].defs = inner->type->options;
		tables[1].base = inner->state;
		program.common.usual_recovery = (int)inner->type->recovery;
	} else {
		memmove(&tables[1], &tables[2], sizeof(tables) - 2 * sizeof(tables[0]));
	}
	opts->tables = tables;
	r = options_parse(opts, argc, argv);
	if (!r && opts->help)
		print_help(tables);
	opts->tables = NULL;
	if (r || opts->help)
		return r;
	r = check_operands();
	if (!r)
		r = target_options_apply(&program.common, &program.config, &opts->err);
	return r ? r : build_argv();
}

static int run(int argc, char **argv)
{
	struct target *target = &program.target;
	int r = parse(argc, argv);

	if (program.options.help)
		return 0;
	if (r < 0)
		return report_usage(program.options.err.text);
	notify_init(program.common.ready_fd >= 0);
	if (program.common.ready_fd >= 0) {
		/* in the background: hold no file system that somebody wants to unmount */
		r = chdir("/");
		(void)r;
	}
	if (target->type->keep) {
		r = target->type->keep(target, &program.options.err);
		if (r < 0)
			return report_failure(r, program.options.err.text);
	}
	program.ops = *target_ops(target);
	program.ops.open = target_open;
	program.ops.started = target_started;
	program.ops.submit = target_submit;
	target->pulse = pulse_new();
	if (!target->pulse)
		return report_failure(-ENOMEM, "no memory");
	return program.common.is_supervised ? supervise() : serve();
}

int target_main(const struct target_type *type, int argc, char **argv)
{
	static const struct ublk_device_config defaults = UBLK_DEVICE_CONFIG_INIT;
	int status;

	program.target.type = type;
	program.target.state = calloc(1, type->state_size ? type->state_size : 1);
	if (!program.target.state)
		return EXIT_FAILED;
	program.config = defaults;
	target_options_init(&program.common, type->recovery);
	status = run(argc - 1, argv + 1);
	options_free(&program.options);
	if (program.argv)
		free(program.argv[0]);
	free(program.argv);
	if (program.target.inner)
		free(program.target.inner->state);
	free(program.target.state);
	return status;
}
