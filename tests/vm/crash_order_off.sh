# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the crash path's steps in their order, recovery off, from the trace
# timeout: 240
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

trace_crash_path
for round in 1 2 3; do
	rm -f stop
	serve srv --id 0 --queues 2 --depth 8 --size 8M
	run_bg io become_server io.out ublk-io --file /dev/ublkb0 --size 4M --jobs 2 --depth 8 \
		--allow-errors --until stop
	saw io '^RUNNING'
	kill_server srv
	wait_state 0 DEAD
	touch stop
	# its device is gone, so reading back fails
	wait_bg io any
	del_ends 0
done
trace_off
trace_save off.trace
judge off.trace --need crash-stop=3 --count-kills
