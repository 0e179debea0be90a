# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: two STOPs and a DEL at once: all of them end
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 3000
serve srv --id 0 --depth 4 --recovery reissue --do stall@usr1
usr1 srv
run_bg held write_block 0 1
saw srv '^HELD'
run_bg one ublk-ctl stop --id 0 --timeout 60
run_bg two ublk-ctl stop --id 0 --timeout 60
run_bg three ublk-ctl del --id 0 --timeout 60
wait_bg one any
wait_bg two any
wait_bg three
fails held
ctl ENODEV info --id 0
kill_server srv
