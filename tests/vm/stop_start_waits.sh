# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a START that waits is not for the server that comes after a STOP: it gets EBUSY
# covers: A9 B21
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

starts() { grep -qs ublk_ctrl_start /proc/"$BG_start"/task/*/stack; }

serve_until '^FETCHED' first --id 0 --depth 8 --recovery reissue --fetch-only 3 --no-start
run_bg start become_server start.out ublk-ctl start --id 0 --pid "$BG_first" --timeout 90
wait_for 30 starts
ctl OK stop --id 0
wait_bg start any
grep -qx 'errno=EBUSY' start.out || fail "START after a STOP: $(cat start.out)"
[ "$(state_of 0)" = DEAD ] || fail "the device is $(state_of 0)"
saw first '^ENDED .* aborted=3 errors=0'
wait_bg first any

# and the device can be started by the next one
serve next --id 0 --depth 8 --no-add
stop_ends 0
wait_bg next
