# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a new server that dies at any point, twice in a row each: the next one takes over
# covers: A6
# timeout: 240
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

serve old --id 0 --queues 2 --depth 8 --file backing --recovery reissue --do stall@usr1
usr1 old
run_bg held write_block 0 1
saw old '^HELD'
kill_server old
wait_state 0 QUIESCED
for point in added opened between-fetches fetched; do
	for attempt in 1 2; do
		run_bg new become_server new.out ublk-raw-server --id 0 --takeover \
			--file backing --do "die@$point"
		wait_bg new 137
		has_line new '^READY' && fail "it died too late"
		# the device waits on, with its I/O
		state_is 0 QUIESCED || fail "$point: the device is $(state_of 0)"
	done
done
is_running held || fail "the parked write ended"
# and one that dies with the first request that it is given
run_bg new become_server new.out ublk-raw-server --id 0 --takeover --file backing --do die@request:1
wait_bg new 137
wait_state 0 QUIESCED
serve new --id 0 --takeover --file backing
wait_bg held
stop_ends 0
wait_bg new
