// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A complete target: 64 MB of memory as a disk. The README shows this file. */
#include <stdio.h>
#include <string.h>
#include <ublk.h>

static char memory[64 << 20];

static int tiny_submit(struct ublk_io *io, void *user)
{
	char *at = memory + ublk_io_offset(io);

	(void)user;
	switch (ublk_io_op(io)) {
	case LIBUBLK_OP_READ:
		memcpy(ublk_io_buffer(io), at, ublk_io_length(io));
		break;
	case LIBUBLK_OP_WRITE:
		memcpy(at, ublk_io_buffer(io), ublk_io_length(io));
		break;
	default:
		return -EOPNOTSUPP;	/* the library completes the request with it */
	}
	ublk_io_complete(io, 0);
	return 0;
}

static const struct ublk_target_ops tiny_ops = {
	.size = UBLK_TARGET_OPS_SIZE, .name = "tiny", .submit = tiny_submit,
};

int main(void)
{
	struct ublk_device_config config = UBLK_DEVICE_CONFIG_INIT;
	int r;

	config.capacity = sizeof(memory);
	r = ublk_serve(&config, &tiny_ops, NULL);
	if (r < 0)
		fprintf(stderr, "tiny: %s\n", ublk_last_error());
	return r < 0;
}
