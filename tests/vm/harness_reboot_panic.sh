# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a guest that dies on its way down has not gone down
# timeout: 60
# expect: dirty
# tier: full
# init: systemd
# reboots: 1
. "$UBLK_TESTS/vm/lib.sh"

[ "$UBLK_PHASE" = 1 ] || fail "it was taken for a reboot"
reboot_guest sh -c 'echo c >/proc/sysrq-trigger'
