# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the server dies or stalls while the partition table is read; START, STOP and DEL end
# covers: B10
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

param stop_timeout_ms 2000
for recovery in off reissue; do
	# dies with the first request, which is the scan's
	run_bg srv become_server srv.out ublk-raw-server --id 0 --depth 4 --recovery "$recovery" \
		--do die@request:1
	wait_bg srv 137
	stop_ends 0
	# does not answer it
	run_bg srv become_server srv.out ublk-raw-server --id 0 --depth 4 --recovery "$recovery" \
		--do stall@request:1
	saw srv '^HELD'
	stop_ends 0
	kill_server srv
done
