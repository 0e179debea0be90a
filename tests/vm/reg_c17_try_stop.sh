# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: TRY_STOP refused leaves the disk as it was; one that succeeds does not outlast its disk
# covers: C17
# timeout: 100
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

opens() { exec 6</dev/ublkb0 && exec 6<&-; }
stopped() { ublk-ctl try-stop --id 0 >try.out; }

serve srv --id 0 --depth 4 --size 4M --recovery plain
exec 5</dev/ublkb0
ctl EBUSY try-stop --id 0
(opens) || fail "after a TRY_STOP that was refused nobody can open the disk"
(read_block 0 1)
exec 5<&-
# udev may have it open for a moment
wait_for 20 stopped
ctl OK info --id 0
[ "$(answer state_name)" = DEAD ] || fail "$(answer state_name) after TRY_STOP"
wait_bg srv
# the next disk of the device can be opened: that nobody may was said of the last one
serve srv --id 0 --no-add --size 4M
(opens) || fail "the disk of the next START cannot be opened"
(read_block 0 1)
ctl OK stop --id 0
wait_bg srv
ctl OK del --id 0
ok C17
