# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: takeover without REISSUE: what the server had fails, what was parked goes on
# covers: B22
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

unwatched
serve old --id 0 --depth 4 --file backing --recovery plain --do stall@usr1
usr1 old
run_bg held write_block 0 1
saw old '^HELD'
kill_server old
wait_state 0 QUIESCED
fails held
run_bg parked write_block 0 2
wait_for 20 parked_some 0
serve new --id 0 --takeover --file backing
wait_bg parked
stop_ends 0
wait_bg new
