/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Names of features, states and recovery policies; the one place where they are spelled. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

static const struct {
	uint64_t ours, kernel;
	const char *name;
} features[] = {
	{ LIBUBLK_FEATURE_ZERO_COPY,	UBLK_F_SUPPORT_ZERO_COPY,	"ZERO_COPY" },
	{ UINT64_C(1) << 1,		UBLK_F_URING_CMD_COMP_IN_TASK,	"COMP_IN_TASK" },
	{ LIBUBLK_FEATURE_GET_DATA,	UBLK_F_NEED_GET_DATA,		"GET_DATA" },
	{ LIBUBLK_FEATURE_RECOVERY,	UBLK_F_USER_RECOVERY,		"RECOVERY" },
	{ LIBUBLK_FEATURE_REISSUE,	UBLK_F_USER_RECOVERY_REISSUE,	"REISSUE" },
	{ LIBUBLK_FEATURE_UNPRIVILEGED,	UBLK_F_UNPRIVILEGED_DEV,	"UNPRIVILEGED" },
	{ LIBUBLK_FEATURE_IOCTL_ENCODE,	UBLK_F_CMD_IOCTL_ENCODE,	"IOCTL_ENCODE" },
	{ LIBUBLK_FEATURE_USER_COPY,	UBLK_F_USER_COPY,		"USER_COPY" },
	{ LIBUBLK_FEATURE_ZONED,	UBLK_F_ZONED,			"ZONED" },
	{ LIBUBLK_FEATURE_FAIL_IO,	UBLK_F_USER_RECOVERY_FAIL_IO,	"FAIL_IO" },
	{ LIBUBLK_FEATURE_UPDATE_SIZE,	UBLK_F_UPDATE_SIZE,		"UPDATE_SIZE" },
	{ LIBUBLK_FEATURE_AUTO_BUF_REG,	UBLK_F_AUTO_BUF_REG,		"AUTO_BUF_REG" },
	{ LIBUBLK_FEATURE_QUIESCE,	UBLK_F_QUIESCE,			"QUIESCE" },
	{ LIBUBLK_FEATURE_PER_IO_DAEMON, UBLK_F_PER_IO_DAEMON,		"PER_IO_DAEMON" },
	{ LIBUBLK_FEATURE_BUF_REG_OFF_DAEMON, UBLK_F_BUF_REG_OFF_DAEMON, "BUF_REG_OFF_DAEMON" },
	{ LIBUBLK_FEATURE_BATCH_IO,	UBLK_F_BATCH_IO,		"BATCH_IO" },
	{ LIBUBLK_FEATURE_INTEGRITY,	UBLK_F_INTEGRITY,		"INTEGRITY" },
	{ LIBUBLK_FEATURE_SAFE_STOP,	UBLK_F_SAFE_STOP_DEV,		"SAFE_STOP" },
	{ LIBUBLK_FEATURE_NO_PART_SCAN,	UBLK_F_NO_AUTO_PART_SCAN,	"NO_PART_SCAN" },
	{ LIBUBLK_FEATURE_SHMEM_ZC,	UBLK_F_SHMEM_ZC,		"SHMEM_ZC" },
	{ LIBUBLK_FEATURE_IO_DESC_SIZE,	UBLK_F_IO_DESC_SIZE,		"IO_DESC_SIZE" },
};

/* The header promises the kernel's bits, so that masks need no translation. */
/* NOLINTBEGIN(misc-redundant-expression): that both sides are the same is what is claimed */
_Static_assert(LIBUBLK_FEATURE_REISSUE == UBLK_F_USER_RECOVERY_REISSUE &&
	       LIBUBLK_FEATURE_IO_DESC_SIZE == UBLK_F_IO_DESC_SIZE, "feature bits");
_Static_assert(LIBUBLK_ATTR_READ_ONLY == UBLK_ATTR_READ_ONLY &&
	       LIBUBLK_ATTR_FUA == UBLK_ATTR_FUA, "attribute bits");
_Static_assert(LIBUBLK_OP_WRITE_ZEROES == UBLK_IO_OP_WRITE_ZEROES &&
	       LIBUBLK_IO_FUA == UBLK_IO_F_FUA && LIBUBLK_IO_NOUNMAP == UBLK_IO_F_NOUNMAP,
	       "operations");
_Static_assert(LIBUBLK_STATE_DEAD == UBLK_S_DEV_DEAD && LIBUBLK_STATE_LIVE == UBLK_S_DEV_LIVE &&
	       LIBUBLK_STATE_QUIESCED == UBLK_S_DEV_QUIESCED &&
	       LIBUBLK_STATE_FAIL_IO == UBLK_S_DEV_FAIL_IO, "states");
/* NOLINTEND(misc-redundant-expression) */

UBLK_EXPORT const char *ublk_feature_name(unsigned bit)
{
	size_t i;

	for (i = 0; bit < 64 && i < ARRAY_SIZE(features); i++) {
		if (features[i].ours == UINT64_C(1) << bit)
			return features[i].name;
	}
	return NULL;
}

int ublk_features_refuse(uint64_t missing, const char *what)
{
	char list[160] = "";
	unsigned bit;

	for (bit = 0; bit < 64; bit++) {
		const char *name = ublk_feature_name(bit);
		size_t used = strlen(list);

		if (!(missing & UINT64_C(1) << bit))
			continue;
		if (name)
			snprintf(list + used, sizeof(list) - used, " %s", name);
		else
			snprintf(list + used, sizeof(list) - used, " bit %u", bit);
	}
	return ublk_set_error(EOPNOTSUPP, "%s lacks%s: leave it out, or use a newer driver "
			      "('ublk features' lists what this one has)", what, list);
}

UBLK_EXPORT const char *ublk_state_name(int state)
{
	switch (state) {
	case LIBUBLK_STATE_GONE:
		return "GONE";
	case LIBUBLK_STATE_DEAD:
		return "DEAD";
	case LIBUBLK_STATE_LIVE:
		return "LIVE";
	case LIBUBLK_STATE_QUIESCED:
		return "QUIESCED";
	case LIBUBLK_STATE_FAIL_IO:
		return "FAIL_IO";
	default:
		return "UNKNOWN";
	}
}

static const char *const recovery_names[] = {
	[LIBUBLK_RECOVERY_OFF] = "off",
	[LIBUBLK_RECOVERY_PLAIN] = "plain",
	[LIBUBLK_RECOVERY_REISSUE] = "reissue",
	[LIBUBLK_RECOVERY_FAIL_IO] = "fail-io",
};

UBLK_EXPORT const char *ublk_recovery_name(uint32_t recovery)
{
	return recovery < ARRAY_SIZE(recovery_names) ? recovery_names[recovery] : "unknown";
}

UBLK_EXPORT int ublk_recovery_parse(const char *name)
{
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(recovery_names); i++) {
		if (!strcmp(name, recovery_names[i]))
			return (int)i;
	}
	return ublk_set_error(EINVAL, "recovery '%.32s' is none of off, plain, reissue, fail-io",
			      name ? name : "");
}
