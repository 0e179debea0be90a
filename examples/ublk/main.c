// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* ublk: add, watch, stop and recover ublk devices. The table of its verbs. */
#include <stdio.h>
#include <string.h>

#include "command.h"

#define AT(field) offsetof(struct command_call, field)

#define OPTION_TIMEOUT(text)							\
	{ .name = "timeout", .arg = "SECONDS", .type = OPTION_NUMBER,		\
	  .offset = AT(timeout_s), .max = 1000000, .help = (text) }

static const struct option_def wait_options[] = {
	OPTION_TIMEOUT("how long at most (60); 0 only looks"),
	{ .name = NULL },
};

static const struct option_def stop_options[] = {
	{ .name = "kill", .type = OPTION_FLAG, .offset = AT(is_kill),
	  .help = "SIGKILL its server first, wait for its last write" },
	{ .name = "safe", .type = OPTION_FLAG, .offset = AT(is_if_unused),
	  .help = "only if nobody has the disk open" },
	{ .name = "if-unused", .type = OPTION_FLAG, .flags = OPTION_HIDDEN,
	  .offset = AT(is_if_unused), .help = "" },
	OPTION_TIMEOUT("how long each step may take (60)"),
	{ .name = NULL },
};

static const struct option_def bounded_options[] = {
	OPTION_TIMEOUT("how long it may take (60)"),
	{ .name = NULL },
};

static const struct option_def up_options[] = {
	{ .name = "check", .type = OPTION_FLAG, .offset = AT(is_check),
	  .help = "only read the file, and print the command" },
	{ .name = NULL },
};

static const struct option_def reap_options[] = {
	{ .name = "yes", .type = OPTION_FLAG, .offset = AT(is_yes), .help = "do not ask" },
	{ .name = "dry-run", .type = OPTION_FLAG, .offset = AT(is_dry_run),
	  .help = "only show what there is" },
	{ .name = "force", .arg = "ID", .type = OPTION_CALL, .call = reap_force,
	  .offset = AT(forced), .help = "this one also if it is in use; may repeat" },
	OPTION_TIMEOUT("how long each step may take (60)"),
	{ .name = NULL },
};

static const char *const top_keys[] = { "id", "iops", "bytes", "latency", "flight", NULL };

static const struct option_def top_options[] = {
	{ .name = "interval", .arg = "SECONDS", .type = OPTION_NUMBER, .offset = AT(interval_s),
	  .min = 1, .max = 3600, .help = "from one look to the next (1)" },
	{ .name = "count", .arg = "N", .type = OPTION_NUMBER, .offset = AT(count), .min = 1,
	  .max = 1000000000, .help = "so many tables, one below the other" },
	{ .name = "sort", .arg = "KEY", .type = OPTION_CHOICE, .offset = AT(sort),
	  .choices = top_keys, .help = "id, iops, bytes, latency or flight (id)" },
	{ .name = "prometheus", .type = OPTION_FLAG, .offset = AT(is_prometheus),
	  .help = "all counters as Prometheus' text, for a scraper" },
	{ .name = NULL },
};

static const struct option_def upgrade_options[] = {
	OPTION_TIMEOUT("for the old one to finish, and each start (60)"),
	{ .name = NULL },
};

static const struct option_def events_options[] = {
	{ .name = "count", .arg = "N", .type = OPTION_NUMBER, .offset = AT(count), .min = 1,
	  .max = 1000000000, .help = "end after so many" },
	OPTION_TIMEOUT("end then; status 6 if --count has not come"),
	{ .name = NULL },
};

const struct command commands[] = {
	{ .verb = "add", .operands = "TYPE", .run = verb_add, .is_raw = 1,
	  .summary = "Start a server; return when its device is live.",
	  .details =
"TYPE is loop, mem, null or fault: the program ublk-TYPE, which gets all further\n"
"arguments; \"ublk add TYPE --help\" lists them. Prints the device. The server is\n"
"in the background.\n\n"
"  --foreground  run the server here instead\n"
"  --user        a device of your own, without being root (see the manual)\n\n"
"  ublk add loop --file disk.img\n"
"  ublk add loop --file /dev/sdb --queues 4 --recovery reissue --supervise\n\n"
"What --recovery says happens when the server dies:\n"
"  off      the device goes, all I/O fails\n"
"  plain    it stays; what the server had fails, the rest waits for the next one\n"
"  reissue  it stays; all I/O waits and is given to the next one: nobody sees an\n"
"           error\n"
"  fail-io  it stays; all I/O fails until the next server" },
	{ .verb = "list", .operands = "", .run = verb_list,
	  .summary = "Show all devices." },
	{ .verb = "info", .operands = "ID", .run = verb_info,
	  .summary = "Show all there is to know about a device." },
	{ .verb = "top", .operands = "", .run = verb_top, .options = top_options,
	  .summary = "Show what all devices are doing.",
	  .details =
"On a terminal until q is pressed, else once. Per second, as the servers count:\n"
"requests, bytes, latency (of one request in 16, or of all with the server's\n"
"--latency), errors; and how often and how long a server was missing." },
	{ .verb = "events", .operands = "[ID]", .run = verb_events, .options = events_options,
	  .summary = "Follow the changes of state, a line each." },
	{ .verb = "wait", .operands = "ID STATE", .run = verb_wait, .options = wait_options,
	  .summary = "Wait until a device is in a state.",
	  .details = "STATE is live, dead, quiesced, fail-io or gone." },
	{ .verb = "stop", .operands = "ID", .run = verb_stop, .options = stop_options,
	  .summary = "End a device's disk; its id stays.",
	  .details = "What is buffered is written first, as long as the server works." },
	{ .verb = "del", .operands = "ID", .run = verb_del, .options = bounded_options,
	  .summary = "Stop a device, remove it and its record." },
	{ .verb = "recover", .operands = "ID [-- COMMAND...]", .run = verb_recover, .is_raw = 1,
	  .summary = "Give a device that lost its server a new one.",
	  .details =
"Runs the command in the device's record again (only if nobody but root or you\n"
"could have written that), or COMMAND; returns when the device is live. A failed\n"
"attempt changes nothing and can be repeated.\n\n"
"  --force  also with another backing (file or disk) than the device had" },
	{ .verb = "upgrade", .operands = "ID [-- COMMAND...]", .run = verb_upgrade, .is_raw = 1,
	  .options = upgrade_options,
	  .summary = "Replace a living server; I/O waits, none fails.",
	  .details =
"Has the server finish what it has, then starts the command in the device's\n"
"record again (a new version of the program, say), or COMMAND. If that is not\n"
"live in time it is killed and the old server comes back: the program as it was,\n"
"even if its file has been replaced." },
	{ .verb = "up", .operands = "ID", .run = verb_up, .options = up_options,
	  .summary = "Serve the device of /etc/ublk/ID.conf.",
	  .details =
"In the foreground, for ublk@ID.service. Makes the device, or takes it over if it\n"
"is there and has no server. In the file, one setting per line: \"target = loop\",\n"
"then the options of that target as \"key = value\" or \"key\" (those of\n"
"\"ublk add TYPE --help\"); \"oom-protect\" spares it when memory runs out. Only root\n"
"may be able to write the file and its folder." },
	{ .verb = "reap", .operands = "", .run = verb_reap, .options = reap_options,
	  .summary = "Remove what nobody needs any more; asks for each.",
	  .details =
"An orphan is a device without a living server that no supervisor or unit will\n"
"give a new one, or a record without its device. One that is in use (mounted,\n"
"open, part of another device, with I/O waiting) is only shown. The backing\n"
"stays as it is; what users of the disk still had to write is lost. To give an\n"
"orphan a server again: ublk recover." },
	{ .verb = "resize", .operands = "ID SIZE", .run = verb_resize,
	  .summary = "Change the capacity of a live disk.",
	  .details = "The backing must have it already." },
	{ .verb = "quiesce", .operands = "ID", .run = verb_quiesce, .options = bounded_options,
	  .summary = "Let a server finish what it has, for the next one." },
	{ .verb = "features", .operands = "", .run = verb_features,
	  .summary = "Show what the loaded driver can do." },
	{ .verb = "doctor", .operands = "", .run = verb_doctor,
	  .summary = "Find what is wrong on this host, and the remedy." },
	{ .verb = NULL },
};

static void print_help(FILE *out)
{
	const struct command *command;

	fprintf(out, "usage: ublk VERB [arguments]\n\n");
	for (command = commands; command->verb; command++)
		fprintf(out, "  %-8s %-18s %s\n", command->verb, command->operands,
			command->summary);
	fprintf(out, "\n\"ublk VERB --help\" says more. All take --json.\n\n"
"Exit status: 0 done, 1 failed, 2 wrong command line, 3 no such device, 4 no\n"
"permission, 5 busy, in the wrong state or somebody else's, 6 out of time, 7 no\n"
"driver or no io_uring, 8 doctor found something.\n");
}

int main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help(stdout);
		return STATUS_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("ublk %s\n", ublk_version());
		return STATUS_OK;
	}
	for (command = commands; command->verb; command++)
		if (!strcmp(command->verb, argv[1]))
			return command_run(command, argc - 2, argv + 2);
	fprintf(stderr, "ublk: there is no verb \"%s\"; ublk --help lists them\n", argv[1]);
	return STATUS_USAGE;
}
