# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server in D state on a second ublk device whose server is stopped
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 2000
serve below --id 1 --depth 4 --recovery reissue --size 16M
serve above --id 0 --depth 4 --recovery reissue --size 16M --file /dev/ublkb1
kill_bg below STOP
run_bg stuck read_block 0 100
wait_for 20 worker_in_d "$BG_above" 'folio_wait_bit_common'
stop_ends 0
fails stuck
# the sick device below is still there, and gives in to STOP as well
stop_ends 1
kill_bg below CONT
wait_bg below
# its thread got an error from below and found its own device gone
wait_bg above any
