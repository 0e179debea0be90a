// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* A program of somebody else's: the target that README shows, against an installed library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ublk.h>

static int mem_submit(struct ublk_io *io, void *user)
{
	char *at = (char *)user + ublk_io_offset(io);

	switch (ublk_io_op(io)) {
	case LIBUBLK_OP_READ:
		memcpy(ublk_io_buffer(io), at, ublk_io_length(io));
		break;
	case LIBUBLK_OP_WRITE:
		memcpy(at, ublk_io_buffer(io), ublk_io_length(io));
		break;
	case LIBUBLK_OP_FLUSH:
		break;
	default:
		return -EOPNOTSUPP;
	}
	ublk_io_complete(io, 0);
	return 0;
}

static const struct ublk_target_ops mem_ops = {
	.size = UBLK_TARGET_OPS_SIZE, .name = "mem", .submit = mem_submit,
};

int main(int argc, char **argv)
{
	struct ublk_device_config cfg = UBLK_DEVICE_CONFIG_INIT;
	int r;

	cfg.capacity = 64 << 20;
	/* Without an argument only its start is tested: no device is to appear on this machine. */
	r = ublk_device_config_check(&cfg);
	printf("libublk %s\n", ublk_version());
	if (!r && argc > 1 && !strcmp(argv[1], "serve"))
		r = ublk_serve(&cfg, &mem_ops, calloc(1, cfg.capacity));
	if (r < 0)
		fprintf(stderr, "mem: %s\n", ublk_last_error());
	return r < 0;
}
