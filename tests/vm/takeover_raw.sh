# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: raw takeover with REISSUE under load, with one queue and two, in each data mode
# timeout: 240
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

for how in "copy 1" "copy 2" "get-data 2" "user-copy 2"; do
	read -r mode queues <<<"$how"
	rm -f backing stop
	serve old --id 0 --queues "$queues" --depth 16 --size 16M --file backing \
		--recovery reissue --mode "$mode"
	info_is 0 nr_hw_queues "$queues" || fail "not $queues queues"
	run_bg io become_server io.out ublk-io --file /dev/ublkb0 --size 8M --jobs 2 --depth 16 \
		--bs 32K --until stop
	for round in 1 2; do
		saw io '^RUNNING'
		committed=$(counter 0 committed)
		wait_for 30 committed_more 0 $((committed + 100))
		kill_server old
		wait_state 0 QUIESCED
		serve old --id 0 --takeover --file backing
		wait_for 30 committed_more 0 100
	done
	touch stop
	wait_bg io
	cat io.out
	stop_ends 0
	wait_bg old
done
