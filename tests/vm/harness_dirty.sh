# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a line in the kernel log is found although the script passed
# timeout: 20
# expect: dirty
. "$UBLK_TESTS/vm/lib.sh"

echo "WARNING: CPU: 0 PID: 1 at nowhere (harness selftest)" >/dev/kmsg
