# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: DEL waits for an opener of the disk: other control commands do not wait with it
# covers: B8
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

serve srv --id 0 --depth 4 --size 4M --recovery plain
exec 5</dev/ublkb0
ctl OK stop --id 0
wait_bg srv
run_bg del ublk-ctl del --id 0 --timeout 90 5<&-
wait_for 20 waits_in del ublk_ctrl_del
# a driver that waits with its global lock held answers none of these
ctl OK add --id 7 --timeout 20
ctl OK set-params --id 7 --size 4M --timeout 20
ctl OK info --id 7 --timeout 20
ctl OK del --id 7 --timeout 20
is_running del || fail "DEL did not wait"
exec 5<&-
ends_ok del
ctl ENODEV info --id 0
ok B8
