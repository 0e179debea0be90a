# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a guest that does not go down is ended and reported as 124
# timeout: 10
# expect: timeout
# tier: full
# init: systemd
# reboots: 1
. "$UBLK_TESTS/vm/lib.sh"

[ "$UBLK_PHASE" = 1 ] || fail "it went down"
reboot_guest true
