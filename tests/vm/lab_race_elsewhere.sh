# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a data race of Linux's own is not held against us
# timeout: 60
# only: kcsan
. "$UBLK_TESTS/vm/lib.sh"

echo "BUG: KCSAN: data-race in jiffies_update / somewhere_else" >/dev/kmsg
