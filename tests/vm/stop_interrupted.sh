# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a STOP that is interrupted goes on by itself
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 4000
serve srv --id 0 --depth 4 --recovery reissue --do stall@usr1
usr1 srv
run_bg held write_block 0 1
saw srv '^HELD'
status=0
ublk-ctl stop --id 0 --timeout 1 >stop.out 2>&1 || status=$?
[ "$status" = 124 ] || fail "STOP of a stuck server ended with status $status within 1 s"
grep -q '^errno=EINTR' stop.out || fail "$(cat stop.out)"
fails held
wait_state 0 DEAD
del_ends 0
kill_server srv
