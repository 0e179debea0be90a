# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: somebody has the disk open with I/O in flight when the server goes; DEL waits only for them
# covers: B8
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 2000
serve srv --id 0 --depth 4 --do stall@usr1
exec 5<>/dev/ublkb0
usr1 srv
run_bg reader read_block 0 100
saw srv '^HELD'
kill_server srv
fails reader
wait_state 0 DEAD
ctl OK stop --id 0
# the disk is held by the descriptor: DEL waits for it, and can be interrupted
status=0
ublk-ctl del --id 0 --timeout 2 >del.out 2>&1 || status=$?
[ "$status" = 124 ] || fail "DEL did not wait for the opener: status $status"
grep -q '^errno=EINTR' del.out || fail "$(cat del.out)"
# not with the disk open itself
run_bg del ublk-ctl del --id 0 --timeout 60 5>&-
exec 5>&-
# with the opener gone the first DEL may have been enough: ENODEV then
status=0
wait "$BG_del" || status=$?
BG_DONE[del]=1
[ "$status" != 124 ] || fail "DEL waits though nobody has the disk open"
ctl ENODEV info --id 0
ctl OK add --id 0 --timeout 20
ctl OK del --id 0
