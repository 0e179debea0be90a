# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: KCSAN was on and watched in this boot (added to every boot with KCSAN)
# timeout: 60
# only: kcsan
. "$UBLK_TESTS/vm/lib.sh"

set_up=$(sed -n 's/^setup_watchpoints: *//p' /sys/kernel/debug/kcsan)
grep -qx 'enabled: 1' /sys/kernel/debug/kcsan || fail "KCSAN is off"
[ "$set_up" -gt 0 ] || fail "KCSAN set up no watchpoint"
result "KCSAN: $set_up watchpoints, $(dmesg | grep -c 'BUG: KCSAN') races of others and ours"
