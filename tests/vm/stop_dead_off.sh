# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a dead server with recovery off: the device stops by itself
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve srv --id 0 --depth 4 --do stall@usr1
usr1 srv
run_bg held write_block 0 1
saw srv '^HELD'
kill_server srv
fails held
wait_state 0 DEAD
wait_for 20 test ! -e /sys/block/ublkb0
stop_ends 0
