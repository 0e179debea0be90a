# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a dead server with recovery on: STOP lets parked I/O fail
# covers: A4
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

for recovery in plain reissue; do
	serve srv --id 0 --depth 4 --recovery "$recovery" --do stall@usr1
	usr1 srv
	run_bg held write_block 0 1
	saw srv '^HELD'
	kill_server srv
	wait_state 0 QUIESCED
	run_bg parked write_block 0 2
	wait_for 20 parked_some 0
	stop_ends 0
	fails held
	fails parked
done
