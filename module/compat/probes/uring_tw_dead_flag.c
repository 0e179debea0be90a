// SPDX-License-Identifier: GPL-2.0-only
// since: 6.13 (and 6.12.y), until 6.18.  Task work that runs for a dead task is told so by
// an issue flag; later by its token, before not at all.
#include "uring_api.h"

int probe = IO_URING_F_TASK_DEAD;
