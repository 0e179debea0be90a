# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the crash path's steps in their order, recovery on, from the trace
# timeout: 240
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

for recovery in reissue plain fail-io; do
	rm -f stop backing
	trace_crash_path
	serve srv --id 0 --queues 2 --depth 8 --size 8M --file backing --recovery "$recovery"
	pids=$BG_srv
	run_bg io become_server io.out ublk-io --file /dev/ublkb0 --size 4M --jobs 2 --depth 8 \
		--allow-errors --until stop
	for round in 1 2 3; do
		saw io '^RUNNING'
		kill_server srv
		wait_state 0 "$([ "$recovery" = fail-io ] && echo FAIL_IO || echo QUIESCED)"
		serve srv --id 0 --takeover --file backing
		pids+=,$BG_srv
		wait_for 30 committed_more 0 50
	done
	touch stop
	wait_bg io
	cat io.out
	stop_ends 0
	wait_bg srv
	trace_off
	trace_save "$recovery.trace"
	judge "$recovery.trace" --need recovery=3 --need stop=1 --count-kills --pid "$pids"
done
