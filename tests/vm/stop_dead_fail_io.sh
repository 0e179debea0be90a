# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a dead server with FAIL_IO: new I/O fails at once, then STOP
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve srv --id 0 --depth 4 --recovery fail-io --do stall@usr1
usr1 srv
run_bg held write_block 0 1
saw srv '^HELD'
kill_server srv
wait_state 0 FAIL_IO
fails held
status=0
bounded 20 dd if=/dev/zero of=/dev/ublkb0 bs=4k count=1 oflag=direct status=none || status=$?
[ "$status" = 1 ] || fail "a write while FAIL_IO ended with status $status"
stop_ends 0
