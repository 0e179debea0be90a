// SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
/* What systemd is told of a server that runs as a service. */
#include "notify.h"

#include <stdint.h>
#include <stdlib.h>
#ifdef UBLK_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

void notify_init(int is_background)
{
	if (!is_background)
		return;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

#ifdef UBLK_SYSTEMD

void notify_live(int id)
{
	sd_notifyf(0, "READY=1\nSTATUS=serving /dev/ublkb%d", id);
}

void notify_status(const char *text)
{
	sd_notifyf(0, "STATUS=%s", text);
}

void notify_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

unsigned int notify_watchdog_ms(void)
{
	uint64_t usec = 0;

	if (sd_watchdog_enabled(0, &usec) <= 0)
		return 0;
	if (usec > UINT64_C(1000) * 3600000)
		return 3600000;
	return usec >= 2000 ? (unsigned int)(usec / 1000) : 2;
}

#else

void notify_live(int id)
{
	(void)id;
}

void notify_status(const char *text)
{
	(void)text;
}

void notify_alive(void)
{
}

unsigned int notify_watchdog_ms(void)
{
	return 0;
}

#endif
