/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* What systemd is told of a server that runs as a service; nothing if it is none. */
#ifndef EXAMPLES_NOTIFY_H
#define EXAMPLES_NOTIFY_H

/*
 * Before all others. A server in the background is somebody else's child by now: the service
 * it was started in, if any, is none of its affair (@is_background).
 */
void notify_init(int is_background);

/* READY=1. */
void notify_live(int id);

/* One line for "systemctl status". */
void notify_status(const char *text);

/* WATCHDOG=1. */
void notify_alive(void);

/* How often at least notify_alive() is expected of this process; 0 = not at all. */
unsigned int notify_watchdog_ms(void);

#endif
