# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: malformed control and I/O commands get clear errors, and the device still serves
# covers: C1 C2 C4 C5 C7
# timeout: 300
. "$UBLK_TESTS/vm/lib.sh"

ublk-badinput --rounds 5 --random 200 | tee bad.out
result "$(tail -n 1 bad.out), $(head -n 1 bad.out)"
