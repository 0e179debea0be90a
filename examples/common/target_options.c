// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* The options that every target has, and what they mean for the device. */
#include "target_options.h"

#include <stddef.h>
#include <string.h>

#include "ready.h"

/* Indexes are LIBUBLK_RECOVERY_* and LIBUBLK_DATA_*. */
static const char *const recovery_names[] = { "off", "plain", "reissue", "fail-io", NULL };
static const char *const data_names[] = {
	"copy", "get-data", "user-copy", "registered", "auto-registered", "auto", NULL
};

#define AT(field) offsetof(struct target_options, field)

const struct option_def target_device_options[] = {
	{ .name = "id", .arg = "N", .type = OPTION_NUMBER, .offset = AT(id), .max = (1 << 20) - 1,
	  .help = "device number; default: the first free one" },
	{ .name = "queues", .arg = "N", .type = OPTION_NUMBER, .offset = AT(queues), .min = 1,
	  .max = LIBUBLK_MAX_QUEUES,
	  .help = "queues, each with a thread; at most one per CPU is granted (1)" },
	{ .name = "depth", .arg = "N", .type = OPTION_NUMBER, .offset = AT(depth), .min = 1,
	  .max = LIBUBLK_MAX_DEPTH, .help = "requests per queue (128)" },
	{ .name = "block-size", .arg = "BYTES", .type = OPTION_SIZE, .offset = AT(block_size),
	  .min = 512, .max = 4096, .help = "logical block; default: the target's choice" },
	{ .name = "max-io", .arg = "BYTES", .type = OPTION_SIZE, .offset = AT(max_io),
	  .min = 4096, .max = 32 << 20, .help = "largest request, whole pages (512K)" },
	{ .name = "read-only", .type = OPTION_FLAG, .offset = AT(is_read_only),
	  .help = "refuse writes" },
	{ .name = "recovery", .arg = "HOW", .type = OPTION_CHOICE, .offset = AT(recovery),
	  .choices = recovery_names,
	  .help = "when the server dies: off, plain, reissue or fail-io (see ublk add --help)" },
	{ .name = "data", .arg = "HOW", .type = OPTION_CHOICE, .offset = AT(data),
	  .choices = data_names,
	  .help = "copy, get-data, user-copy, registered, auto-registered, or auto: the best that "
		  "works here (copy)" },
	{ .name = "user", .type = OPTION_FLAG, .offset = AT(is_users),
	  .help = "a device of your own, without being root; it has no recovery" },
	{ .name = "uuid", .arg = "UUID", .type = OPTION_TEXT, .offset = AT(uuid),
	  .help = "identity: take this very device over if it exists; default: a new one" },
	{ .name = "name", .arg = "TEXT", .type = OPTION_TEXT, .offset = AT(name),
	  .help = "a label that ublk list shows" },
	{ .name = NULL },
};

const struct option_def target_process_options[] = {
	{ .name = "supervise", .type = OPTION_FLAG, .offset = AT(is_supervised),
	  .help = "a parent process starts the server again when it dies" },
	{ .name = "restarts", .arg = "N", .type = OPTION_NUMBER, .offset = AT(restarts),
	  .min = 1, .max = 1000,
	  .help = "with --supervise: so many within a minute, then the device waits (5)" },
	{ .name = "hang-timeout", .arg = "SECONDS", .type = OPTION_NUMBER,
	  .offset = AT(hang_timeout), .min = 1, .max = 86400,
	  .help = "kill the server if it has requests and answers none for so long (never)" },
	{ .name = "hand-over", .type = OPTION_FLAG, .offset = AT(is_hand_over),
	  .help = "on SIGTERM leave the device to the next server instead of deleting it" },
	{ .name = "fence-timeout", .arg = "MS", .type = OPTION_NUMBER,
	  .offset = AT(fence_timeout_ms), .min = 1, .max = INT32_MAX,
	  .help = "how long a takeover waits for the dead server's last writes (30000)" },
	{ .name = "force", .type = OPTION_FLAG, .flags = OPTION_LOCAL, .offset = AT(is_forced),
	  .help = "take over also with another backing than the device had" },
	{ .name = "latency", .type = OPTION_FLAG, .offset = AT(is_latency),
	  .help = "measure every request's latency for ublk top, not one in 16" },
	{ .name = "log", .arg = "FILE", .type = OPTION_PATH, .offset = AT(log),
	  .help = "append messages here once the device is live and in the background" },
	{ .name = "json", .type = OPTION_FLAG, .flags = OPTION_LOCAL, .offset = AT(is_json),
	  .help = "say as JSON which device it is" },
	{ .name = "foreground", .type = OPTION_FLAG, .flags = OPTION_LOCAL | OPTION_HIDDEN,
	  .offset = AT(is_foreground), .help = "" },
	{ .name = NULL },
};

void target_options_init(struct target_options *opts, uint32_t recovery)
{
	memset(opts, 0, sizeof(*opts));
	opts->id = -1;
	opts->recovery = -1;
	opts->usual_recovery = (int)recovery;
	opts->ready_fd = ready_fd_take();
}

static int recovery_of(const struct target_options *opts)
{
	if (opts->recovery >= 0)
		return opts->recovery;
	return opts->is_users ? LIBUBLK_RECOVERY_OFF : opts->usual_recovery;
}

static int apply_user(const struct target_options *opts, struct ublk_device_config *config,
		      struct option_error *err)
{
	if (!opts->is_users)
		return 0;
	if (recovery_of(opts) != LIBUBLK_RECOVERY_OFF || opts->is_supervised || opts->is_hand_over)
		return option_fail(err, "--user: the driver keeps no user's device for a next "
					"server, so it cannot have %s",
				   opts->is_supervised ? "--supervise" :
				   opts->is_hand_over ? "--hand-over" : "a --recovery but off");
	if (opts->data == LIBUBLK_DATA_USER_COPY)
		return option_fail(err, "--user: the driver grants user-copy to root only; take "
					"--data copy or get-data");
	config->features_required |= LIBUBLK_FEATURE_UNPRIVILEGED;
	return 0;
}

int target_options_apply(const struct target_options *opts, struct ublk_device_config *config,
			 struct option_error *err)
{
	int recovery = recovery_of(opts), r;

	r = apply_user(opts, config, err);
	if (r < 0)
		return r;
	if (opts->is_hand_over && recovery == LIBUBLK_RECOVERY_OFF)
		return option_fail(err, "--hand-over wants a recovery other than off, or there "
					"is nothing to hand over");
	if (opts->is_supervised && recovery == LIBUBLK_RECOVERY_OFF)
		return option_fail(err, "--supervise wants a recovery other than off, or there "
					"is nothing to restart for");
	config->id = (int32_t)opts->id;
	config->nr_queues = (uint16_t)opts->queues;
	config->queue_depth = (uint16_t)opts->depth;
	config->logical_block = (uint32_t)opts->block_size;
	config->max_io = (uint32_t)opts->max_io;
	config->recovery = (uint32_t)recovery;
	config->data_mode = (uint32_t)opts->data;
	config->fence_timeout_ms = (uint32_t)opts->fence_timeout_ms;
	config->latency_every = opts->is_latency ? 1 : 0;
	if (opts->is_read_only)
		config->attrs |= LIBUBLK_ATTR_READ_ONLY;
	if (opts->is_hand_over)
		config->flags |= LIBUBLK_HAND_OVER;
	if (opts->is_forced)
		config->flags |= LIBUBLK_ANY_BACKING;
	/* "ublk quiesce" is worth having on whatever driver has it */
	if (recovery != LIBUBLK_RECOVERY_OFF)
		config->features_wanted |= LIBUBLK_FEATURE_QUIESCE;
	r = opts->uuid ? ublk_uuid_parse(opts->uuid, &config->uuid) :
			 ublk_uuid_generate(&config->uuid);
	if (r < 0 && opts->uuid)
		return option_fail(err, "--uuid: \"%s\" is no UUID",
				   opts->uuid);
	return r;
}
