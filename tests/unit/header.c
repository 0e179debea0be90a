/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* Compiled as C99, C11 and C++11, pedantic: ublk.h first and twice, then beside the kernel's. */
#include <ublk.h>
#include <ublk.h>
#ifdef WITH_UAPI
#include <uapi/ublk_cmd.h>
#endif

static struct ublk_device_config config = UBLK_DEVICE_CONFIG_INIT;
static struct ublk_supervisor_config supervisor = UBLK_SUPERVISOR_CONFIG_INIT;

int main(void)
{
	/* The last field but one of each initializer: a slip in counting its zeros shows here. */
	if (config.id != -1 || config.attach_timeout_ms || supervisor.stop_fd != -1)
		return 1;
	return (int)(sizeof(struct ublk_target_ops) + sizeof(struct ublk_device_info) +
		     sizeof(struct ublk_queue_stats)) < 0;
}
