# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the server closes its ring and lives on: STOP and DEL end
# covers: A3
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 2000
serve srv --id 0 --depth 4 --recovery reissue --do close-ring@usr1
usr1 srv
saw srv '^RING_CLOSED'
run_bg stuck write_block 0 1
wait_for 20 in_flight 0
stop_ends 0
fails stuck
kill_server srv
