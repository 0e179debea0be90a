# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: END waits for all fetches, and gives up when it is cancelled; the device stays QUIESCED
# covers: B7 B9
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve old --id 0 --depth 8 --recovery reissue
kill_server old
wait_state 0 QUIESCED
serve_until '^FETCHED' half --id 0 --takeover --fetch-only 3 --no-start
status=0
ublk-ctl end-recovery --id 0 --pid "$BG_half" --timeout 2 >end.out || status=$?
[ "$status" = 124 ] && grep -q '^errno=EINTR' end.out || fail "END: $status, $(cat end.out)"
state_is 0 QUIESCED || fail "the device is $(state_of 0)"
kill_server half
serve new --id 0 --takeover
# a wrong process is refused
kill_server new
wait_state 0 QUIESCED
serve_until '^FETCHED' other --id 0 --takeover --no-start
ctl EINVAL end-recovery --id 0 --pid $$ --timeout 20
ctl OK end-recovery --id 0 --pid "$BG_other" --timeout 20
state_is 0 LIVE || fail "the device is $(state_of 0)"
stop_ends 0
wait_bg other
