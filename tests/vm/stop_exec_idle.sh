# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the server exec()s with all slots idle
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 2000
for act in exec exec-worker; do
	serve srv --id 0 --depth 4 --recovery reissue --do "$act@usr1"
	kill_bg srv USR1
	saw srv "^DO $act"
	# the program is another one now, so the server is gone
	wait_for 30 is_sleep "$BG_srv"
	wait_state 0 QUIESCED
	stop_ends 0
	kill_server srv
done
