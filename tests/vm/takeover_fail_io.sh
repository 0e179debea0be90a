# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: takeover with FAIL_IO: I/O fails until it, and goes on after it
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve old --id 0 --depth 4 --file backing --recovery fail-io
kill_server old
wait_state 0 FAIL_IO
run_bg failing write_block 0 1
fails failing
serve new --id 0 --takeover --file backing
state_is 0 LIVE || fail "the device is $(state_of 0)"
run_bg good write_block 0 1
wait_bg good
stop_ends 0
wait_bg new
