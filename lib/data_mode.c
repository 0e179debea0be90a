/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* How data travels: the modes by name, what each asks of the driver, and which one `auto` takes. */
#include <liburing.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* Pages that are registered can still be copied from and to: copy_in and copy_out do. */
#define REGISTERED	(UBLK_F_SUPPORT_ZERO_COPY | UBLK_F_USER_COPY)

static const struct {
	const char *name;
	uint64_t flags;			/* what it asks ADD_DEV for */
} modes[] = {
	[LIBUBLK_DATA_COPY]		= { "copy", 0 },
	[LIBUBLK_DATA_GET_DATA]		= { "get-data", UBLK_F_NEED_GET_DATA },
	[LIBUBLK_DATA_USER_COPY]	= { "user-copy", UBLK_F_USER_COPY },
	[LIBUBLK_DATA_REGISTERED]	= { "registered", REGISTERED },
	[LIBUBLK_DATA_AUTO_REGISTERED]	= { "auto-registered", REGISTERED | UBLK_F_AUTO_BUF_REG },
	[LIBUBLK_DATA_AUTO]		= { "auto", 0 },
};

/* From the best on. The last one is there always: nothing has to be granted for it. */
static const uint32_t ladder[] = {
	LIBUBLK_DATA_AUTO_REGISTERED, LIBUBLK_DATA_REGISTERED, LIBUBLK_DATA_USER_COPY,
	LIBUBLK_DATA_COPY,
};

UBLK_EXPORT const char *ublk_data_mode_name(uint32_t mode)
{
	return mode < ARRAY_SIZE(modes) ? modes[mode].name : "unknown";
}

UBLK_EXPORT int ublk_data_mode_parse(const char *name)
{
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(modes); i++) {
		if (!strcmp(name, modes[i].name))
			return (int)i;
	}
	return ublk_set_error(EINVAL, "data mode '%.32s' is none of copy, get-data, user-copy, "
			      "registered, auto-registered, auto", name ? name : "");
}

uint64_t ublk_data_mode_flags(uint32_t mode)
{
	return mode < ARRAY_SIZE(modes) ? modes[mode].flags : 0;
}

UBLK_EXPORT uint32_t ublk_data_mode_of(uint64_t features)
{
	if (features & UBLK_F_AUTO_BUF_REG)
		return LIBUBLK_DATA_AUTO_REGISTERED;
	if (features & UBLK_F_SUPPORT_ZERO_COPY)
		return LIBUBLK_DATA_REGISTERED;
	if (features & UBLK_F_USER_COPY)
		return LIBUBLK_DATA_USER_COPY;
	return features & UBLK_F_NEED_GET_DATA ? LIBUBLK_DATA_GET_DATA : LIBUBLK_DATA_COPY;
}

bool ublk_data_mode_is_registered(uint32_t mode)
{
	return mode == LIBUBLK_DATA_REGISTERED || mode == LIBUBLK_DATA_AUTO_REGISTERED;
}

static bool target_can(const struct ublk_device *dev, uint32_t mode)
{
	return !dev->ops.data_modes || dev->ops.data_modes & LIBUBLK_DATA_BIT(mode);
}

/* A target that says nothing may count on ublk_io_buffer(), and only copy mode has that. */
static bool auto_may_take(const struct ublk_device *dev, uint32_t mode)
{
	return dev->ops.data_modes ? target_can(dev, mode) : mode == LIBUBLK_DATA_COPY;
}

/* Said now, and not when a request is there. */
static int check(const struct ublk_device *dev, uint32_t mode)
{
	if (target_can(dev, mode))
		return 0;
	return ublk_set_error(EOPNOTSUPP, "target %s cannot serve data mode %s: use another one "
			      "(--data)", dev->name, ublk_data_mode_name(mode));
}

static void __attribute__((format(printf, 2, 3))) add_reason(struct ublk_device *dev,
							     const char *format, ...)
{
	size_t used = strlen(dev->data_reason);
	va_list ap;

	va_start(ap, format);
	vsnprintf(dev->data_reason + used, sizeof(dev->data_reason) - used, format, ap);
	va_end(ap);
}

static void add_lacks(struct ublk_device *dev, uint64_t missing)
{
	const char *between = "";
	unsigned bit;

	add_reason(dev, "the driver lacks ");
	for (bit = 0; bit < 64; bit++) {
		if (!(missing & UINT64_C(1) << bit))
			continue;
		add_reason(dev, "%s%s", between, ublk_feature_name(bit));
		between = ", ";
	}
}

/* LIBUBLK_DATA_AUTO becomes the best mode that driver and target have. @known: the driver's. */
int ublk_data_mode_choose(struct ublk_device *dev, uint64_t known)
{
	uint32_t mode = LIBUBLK_DATA_COPY;
	size_t i;

	dev->data_reason[0] = '\0';
	if (dev->config.data_mode != LIBUBLK_DATA_AUTO) {
		add_reason(dev, "asked for");
		return check(dev, dev->config.data_mode);
	}
	for (i = 0; i < ARRAY_SIZE(ladder); i++) {
		uint64_t missing = modes[ladder[i]].flags & ~known;

		mode = ladder[i];
		if (!missing && auto_may_take(dev, mode))
			break;
		add_reason(dev, "%snot %s: ", i ? "; " : "", modes[mode].name);
		if (missing)
			add_lacks(dev, missing);
		else if (dev->ops.data_modes)
			add_reason(dev, "target %s cannot", dev->name);
		else
			add_reason(dev, "target %s does not ask for it", dev->name);
	}
	if (!dev->data_reason[0])
		add_reason(dev, "the best there is");
	dev->config.data_mode = mode;
	/* a driver that lacks them is refused for that, later */
	if (dev->config.metadata_size && known & UBLK_F_INTEGRITY &&
	    !(ublk_data_mode_flags(mode) & UBLK_F_USER_COPY))
		return ublk_set_error(EOPNOTSUPP, "target %s cannot serve metadata here: they need "
				      "data mode user-copy, registered or auto-registered",
				      dev->name);
	return check(dev, mode);
}

int ublk_data_mode_adopt(struct ublk_device *dev)
{
	dev->data_reason[0] = '\0';
	add_reason(dev, "the device has it");
	return check(dev, dev->config.data_mode);
}

UBLK_EXPORT const char *ublk_device_data_reason(const struct ublk_device *dev)
{
	return dev->data_reason;
}

UBLK_EXPORT int ublk_io_buffer_index(const struct ublk_io *io)
{
	unsigned op = ublk_io_op(io);

	if ((op != LIBUBLK_OP_READ && op != LIBUBLK_OP_WRITE) || ublk_is_in_memory(io) ||
	    !ublk_data_mode_is_registered(io->q->dev->config.data_mode))
		return -1;
	return io->tag;
}

UBLK_EXPORT int ublk_io_prep_rw(const struct ublk_io *io, struct io_uring_sqe *sqe, int fd,
				uint64_t at, uint32_t len, uint64_t offset)
{
	bool is_read = ublk_io_op(io) == LIBUBLK_OP_READ;
	uint64_t data = sqe->user_data;
	int index = ublk_io_buffer_index(io);
	char *buffer = ublk_io_buffer(io);

	if (at > ublk_io_length(io) || len > ublk_io_length(io) - at)
		return ublk_set_error(EINVAL, "%u bytes at %llu of a request of %llu", len,
				      (unsigned long long)at,
				      (unsigned long long)ublk_io_length(io));
	/* A registered buffer of the driver begins at address 0. */
	if (index >= 0)
		buffer = NULL;
	else if (!buffer)
		return ublk_set_error(EOPNOTSUPP, "the request has no data in memory: use "
				      "ublk_io_copy_in() and ublk_io_copy_out()");
	io_uring_prep_rw(is_read ? IORING_OP_READ : IORING_OP_WRITE, sqe, fd, NULL, len, offset);
	sqe->addr = (uintptr_t)buffer + at;
	if (index >= 0) {
		sqe->opcode = is_read ? IORING_OP_READ_FIXED : IORING_OP_WRITE_FIXED;
		sqe->buf_index = (uint16_t)index;
	}
	sqe->user_data = data;
	return 0;
}
