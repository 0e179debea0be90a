// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/*
 * One raw control command per call: every field of header and payload can be
 * given, right or wrong, and the kernel's answer is printed as it came.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fields.h"
#include "raw.h"

enum payload { PAYLOAD_NONE, PAYLOAD_INFO, PAYLOAD_PARAMS, PAYLOAD_CPUS, PAYLOAD_FEATURES };

static const struct verb {
	const char *name;
	uint32_t op;
	enum payload payload;
	bool is_output;		/* print the payload after success */
} verbs[] = {
	{ "add", UBLK_U_CMD_ADD_DEV, PAYLOAD_INFO, true },
	{ "del", UBLK_U_CMD_DEL_DEV, PAYLOAD_NONE, false },
	{ "del-async", UBLK_U_CMD_DEL_DEV_ASYNC, PAYLOAD_NONE, false },
	{ "start", UBLK_U_CMD_START_DEV, PAYLOAD_NONE, false },
	{ "stop", UBLK_U_CMD_STOP_DEV, PAYLOAD_NONE, false },
	{ "try-stop", UBLK_U_CMD_TRY_STOP_DEV, PAYLOAD_NONE, false },
	{ "set-params", UBLK_U_CMD_SET_PARAMS, PAYLOAD_PARAMS, false },
	{ "get-params", UBLK_U_CMD_GET_PARAMS, PAYLOAD_PARAMS, true },
	{ "info", UBLK_U_CMD_GET_DEV_INFO, PAYLOAD_INFO, true },
	{ "info2", UBLK_U_CMD_GET_DEV_INFO2, PAYLOAD_INFO, true },
	{ "affinity", UBLK_U_CMD_GET_QUEUE_AFFINITY, PAYLOAD_CPUS, true },
	{ "features", UBLK_U_CMD_GET_FEATURES, PAYLOAD_FEATURES, true },
	{ "start-recovery", UBLK_U_CMD_START_USER_RECOVERY, PAYLOAD_NONE, false },
	{ "end-recovery", UBLK_U_CMD_END_USER_RECOVERY, PAYLOAD_NONE, false },
	{ "quiesce", UBLK_U_CMD_QUIESCE_DEV, PAYLOAD_NONE, false },
	{ "update-size", UBLK_U_CMD_UPDATE_SIZE, PAYLOAD_NONE, false },
	{ "raw", 0, PAYLOAD_NONE, false },
};

static const char usage_text[] =
"usage: ublk-ctl VERB [OPTION..]\n"
"verbs: add del del-async start stop try-stop set-params get-params info info2\n"
"       affinity features start-recovery end-recovery quiesce update-size raw\n"
"  --id N                  device (add: default -1, any)\n"
"  --queues N --depth N --buf BYTES --flags NAME|N,..   of add\n"
"  --size BYTES --bs-shift N --types MASK               of set-params\n"
"  --pid N                 of start, end-recovery\n"
"  --wait-ms N             of quiesce: 0 = no limit\n"
"  --sectors N             of update-size\n"
"  --queue N               of affinity\n"
"  --info FIELD=N --param FIELD=N --header FIELD=N      any field, may be repeated\n"
"  --addr N --len N --queue-id N --data N               override the header\n"
"  --path PATH             prefix the payload with it, as unprivileged devices want\n"
"  --legacy                bare command numbers\n"
"  --raw-op N              another command number\n"
"  --timeout S             cancel after that time (default 60, 0 = never), exit 124\n"
"  --fail-nth N            have the N-th allocation or copy of the command fail; prints\n"
"                          fault=1 if it came to that, else fault=0\n"
"prints res=N errno=NAME and key=value lines; exit 0 if res >= 0, 1 if not, 2 usage\n";

/* what the options say */
struct request {
	const struct verb *verb;
	struct raw_ctrl ctrl;
	struct ublksrv_ctrl_cmd cmd;
	struct ublksrv_ctrl_dev_info info;
	struct ublk_params params;
	const char *path;
	const char *addr, *len;
	const char *late_header[16];	/* applied after everything else */
	unsigned int nr_late;
	uint32_t op;
	unsigned int timeout_ms, fail_nth;
	bool legacy;
	/* path and payload as they are sent */
	unsigned char buffer[8192];
};

enum {
	OPT_ID = 256, OPT_QUEUES, OPT_DEPTH, OPT_BUF, OPT_FLAGS, OPT_SIZE, OPT_BS_SHIFT,
	OPT_TYPES, OPT_DATA, OPT_INFO, OPT_PARAM, OPT_HEADER, OPT_ADDR, OPT_LEN, OPT_QUEUE_ID,
	OPT_PATH, OPT_LEGACY, OPT_RAW_OP, OPT_TIMEOUT, OPT_FAIL_NTH, OPT_HELP,
};

static const struct option options[] = {
	{ "id", required_argument, NULL, OPT_ID },
	{ "queues", required_argument, NULL, OPT_QUEUES },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "buf", required_argument, NULL, OPT_BUF },
	{ "flags", required_argument, NULL, OPT_FLAGS },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "bs-shift", required_argument, NULL, OPT_BS_SHIFT },
	{ "types", required_argument, NULL, OPT_TYPES },
	{ "pid", required_argument, NULL, OPT_DATA },
	{ "wait-ms", required_argument, NULL, OPT_DATA },
	{ "sectors", required_argument, NULL, OPT_DATA },
	{ "queue", required_argument, NULL, OPT_DATA },
	{ "data", required_argument, NULL, OPT_DATA },
	{ "info", required_argument, NULL, OPT_INFO },
	{ "param", required_argument, NULL, OPT_PARAM },
	{ "header", required_argument, NULL, OPT_HEADER },
	{ "addr", required_argument, NULL, OPT_ADDR },
	{ "len", required_argument, NULL, OPT_LEN },
	{ "queue-id", required_argument, NULL, OPT_QUEUE_ID },
	{ "path", required_argument, NULL, OPT_PATH },
	{ "legacy", no_argument, NULL, OPT_LEGACY },
	{ "raw-op", required_argument, NULL, OPT_RAW_OP },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "fail-nth", required_argument, NULL, OPT_FAIL_NTH },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static void set_id(struct request *req, const char *text)
{
	req->cmd.dev_id = (uint32_t)raw_signed(text, "--id");
	req->info.dev_id = req->cmd.dev_id;
}

static void set_size(struct request *req, const char *text)
{
	req->params.basic.dev_sectors = raw_number(text, "--size") >> 9;
}

static void set_bs_shift(struct request *req, const char *text)
{
	req->params.basic.logical_bs_shift = raw_number(text, "--bs-shift");
	req->params.basic.io_min_shift = req->params.basic.logical_bs_shift;
	if (req->params.basic.logical_bs_shift > req->params.basic.physical_bs_shift)
		req->params.basic.physical_bs_shift = req->params.basic.logical_bs_shift;
}

static void parse_flags(struct request *req, const char *text)
{
	uint64_t flags;

	if (!raw_parse_flags(text, &flags))
		raw_die(RAW_EXIT_USAGE, "--flags: '%s'?", text);
	req->info.flags = flags;
}

static void add_header(struct request *req, const char *text)
{
	if (req->nr_late == raw_array_size(req->late_header))
		raw_die(RAW_EXIT_USAGE, "too many --header");
	req->late_header[req->nr_late++] = text;
}

static void parse_option(struct request *req, int option, const char *arg)
{
	switch (option) {
	case OPT_ID: set_id(req, arg); break;
	case OPT_QUEUES: req->info.nr_hw_queues = raw_number(arg, "--queues"); break;
	case OPT_DEPTH: req->info.queue_depth = raw_number(arg, "--depth"); break;
	case OPT_BUF: req->info.max_io_buf_bytes = raw_number(arg, "--buf"); break;
	case OPT_FLAGS: parse_flags(req, arg); break;
	case OPT_SIZE: set_size(req, arg); break;
	case OPT_BS_SHIFT: set_bs_shift(req, arg); break;
	case OPT_TYPES: req->params.types = raw_number(arg, "--types"); break;
	case OPT_DATA: req->cmd.data[0] = (uint64_t)raw_signed(arg, "number"); break;
	case OPT_INFO: field_set(info_fields, &req->info, arg); break;
	case OPT_PARAM: field_set(param_fields, &req->params, arg); break;
	case OPT_HEADER: add_header(req, arg); break;
	case OPT_ADDR: req->addr = arg; break;
	case OPT_LEN: req->len = arg; break;
	case OPT_QUEUE_ID: req->cmd.queue_id = raw_signed(arg, "--queue-id"); break;
	case OPT_PATH: req->path = arg; break;
	case OPT_LEGACY: req->legacy = true; break;
	case OPT_RAW_OP: req->op = raw_number(arg, "--raw-op"); break;
	case OPT_TIMEOUT: req->timeout_ms = 1000 * raw_number(arg, "--timeout"); break;
	case OPT_FAIL_NTH: req->fail_nth = raw_number(arg, "--fail-nth"); break;
	case OPT_HELP:
		fputs(usage_text, stdout);
		exit(0);
	default:
		fputs(usage_text, stderr);
		exit(RAW_EXIT_USAGE);
	}
}

static void parse(struct request *req, int argc, char **argv)
{
	int option;
	size_t i;

	if (argc < 2 || !strcmp(argv[1], "--help"))
		parse_option(req, argc < 2 ? '?' : OPT_HELP, NULL);
	for (i = 0; i < raw_array_size(verbs); i++)
		if (!strcmp(argv[1], verbs[i].name))
			req->verb = &verbs[i];
	if (!req->verb)
		raw_die(RAW_EXIT_USAGE, "no verb '%s'", argv[1]);
	req->op = req->verb->op;

	optind = 2;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_option(req, option, optarg);
	if (optind != argc)
		raw_die(RAW_EXIT_USAGE, "what is '%s'?", argv[optind]);
}

/* [path and its NUL][payload] in the buffer; the header says so unless told otherwise */
static void *compose(struct request *req)
{
	size_t path_len = req->path ? strlen(req->path) + 1 : 0;
	unsigned char *payload = req->buffer + path_len;
	size_t len = 0;
	unsigned int i;

	if (path_len > 5000)
		raw_die(RAW_EXIT_USAGE, "--path is too long for this tool");
	if (path_len)
		memcpy(req->buffer, req->path, path_len);
	switch (req->verb->payload) {
	case PAYLOAD_INFO:
		len = sizeof(req->info);
		memcpy(payload, &req->info, len);
		break;
	case PAYLOAD_PARAMS:
		len = sizeof(req->params);
		memcpy(payload, &req->params, len);
		break;
	case PAYLOAD_CPUS:
		len = 128;
		break;
	case PAYLOAD_FEATURES:
		len = UBLK_FEATURES_LEN;
		break;
	case PAYLOAD_NONE:
		break;
	}
	if (path_len + len) {
		req->cmd.addr = (uintptr_t)req->buffer;
		req->cmd.len = path_len + len;
		req->cmd.dev_path_len = path_len;
	}
	if (req->addr)
		req->cmd.addr = raw_number(req->addr, "--addr");
	if (req->len)
		req->cmd.len = raw_number(req->len, "--len");
	for (i = 0; i < req->nr_late; i++)
		field_set(header_fields, &req->cmd, req->late_header[i]);
	return payload;
}

static void print_cpus(const unsigned char *mask)
{
	const char *comma = "";
	unsigned int cpu;

	printf("cpus=");
	for (cpu = 0; cpu < 128 * 8; cpu++) {
		if (mask[cpu / 8] >> (cpu % 8) & 1) {
			printf("%s%u", comma, cpu);
			comma = ",";
		}
	}
	printf("\n");
}

static void print_payload(const struct verb *verb, const void *payload)
{
	struct ublksrv_ctrl_dev_info info;
	struct ublk_params params;
	uint64_t features;

	switch (verb->payload) {
	case PAYLOAD_INFO:
		memcpy(&info, payload, sizeof(info));
		field_print(info_fields, &info);
		printf("state_name=%s\npid=%d\n", raw_state_name(info.state), info.ublksrv_pid);
		raw_print_flags("dev_flags", info.flags);
		break;
	case PAYLOAD_PARAMS:
		memcpy(&params, payload, sizeof(params));
		field_print(param_fields, &params);
		break;
	case PAYLOAD_CPUS:
		print_cpus(payload);
		break;
	case PAYLOAD_FEATURES:
		memcpy(&features, payload, sizeof(features));
		raw_print_flags("features", features);
		break;
	case PAYLOAD_NONE:
		break;
	}
}

int main(int argc, char **argv)
{
	static struct request req;
	void *payload;
	int res;

	req.timeout_ms = 60000;
	req.cmd.queue_id = 0xffff;
	req.cmd.dev_id = (uint32_t)-1;
	req.info.dev_id = (uint32_t)-1;
	req.info.nr_hw_queues = 1;
	req.info.queue_depth = 32;
	req.info.max_io_buf_bytes = 512 << 10;
	raw_basic_params(&req.params, 64 << 20, 12, req.info.max_io_buf_bytes);
	parse(&req, argc, argv);
	payload = compose(&req);

	raw_ctrl_open(&req.ctrl);
	req.ctrl.timeout_ms = req.timeout_ms;
	req.ctrl.legacy = req.legacy;
	req.ctrl.fail_nth = req.fail_nth;
	res = raw_ctrl_issue(&req.ctrl, req.op, &req.cmd);

	printf("res=%d\nerrno=%s\n", res, raw_errno_name(res));
	if (req.fail_nth)
		printf("fault=%d\n", req.ctrl.failed_nth);
	if (res >= 0 && req.verb->is_output && !req.addr)
		print_payload(req.verb, payload);
	fflush(stdout);
	if (req.ctrl.timed_out || res == RAW_NO_ANSWER) {
		fprintf(stderr, "ublk-ctl: %s: no answer within %u ms%s\n", req.verb->name,
			req.timeout_ms, res == RAW_NO_ANSWER ? ", cancel had no effect" : "");
		/* not exit(): nothing may wait for the ring */
		_exit(RAW_EXIT_TIMEOUT);
	}
	return res < 0 ? RAW_EXIT_FAIL : 0;
}
