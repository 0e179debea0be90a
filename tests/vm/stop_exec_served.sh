# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the server exec()s with all slots in its hands, with and without its descriptors
# covers: B1
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 2000
for inherit in "" --inherit; do
	serve srv --id 0 --depth 2 --recovery reissue --do stall@usr1 --do exec@usr2 $inherit
	usr1 srv
	run_bg one write_block 0 1
	run_bg two write_block 0 2
	saw_lines srv 2 '^HELD'
	kill_bg srv USR2
	wait_for 30 is_sleep "$BG_srv"
	wait_state 0 QUIESCED
	# a new server gets what the old one had
	serve new --id 0 --takeover
	wait_bg one
	wait_bg two
	stop_ends 0
	wait_bg new
	kill_server srv
done
