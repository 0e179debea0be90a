/* SPDX-License-Identifier: MIT OR LGPL-2.1-or-later */
/* A server without a supervisor looks after itself, as far as that goes. */
#ifndef EXAMPLES_HEALTH_H
#define EXAMPLES_HEALTH_H

#include <stdint.h>

#include "pulse.h"

int64_t health_now_ms(void);

/**
 * health_start() - begin a thread that feels the pulse of its own process
 * @limit_ms: 0 = however long a request takes
 *
 * It tells systemd's watchdog that the process runs, and kills the process (SIGKILL) if that
 * hangs: then whoever started it may start it again. Without a limit and a watchdog there is
 * no thread. A process that is stopped as a whole is the watchdog's to notice, or a
 * supervisor's.
 */
void health_start(const struct pulse *pulse, int64_t limit_ms);

#endif
