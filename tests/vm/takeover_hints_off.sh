# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: without hints the monitor's period alone finds the death (monitor_period_ms)
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

load_module hints=0 monitor_period_ms=500
for ring in "" --sqpoll --defer-taskrun; do
	serve old --id 0 --depth 4 --recovery reissue --do stall@usr1 $ring
	usr1 old
	run_bg held write_block 0 1
	saw old '^HELD'
	kill_server old
	wait_state 0 QUIESCED 30
	serve new --id 0 --takeover
	wait_bg held
	stop_ends 0
	wait_bg new
done
