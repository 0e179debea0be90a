# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: servers are killed and succeeded under load, with the pages of requests registered
# timeout: 300
# tier: full
# kernels: 7.2 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/zc.sh"
needs_zero_copy

for how in "registered 2" "auto 1" "auto 2"; do
	read -r mode queues <<<"$how"
	note "$mode, $queues queues"
	rm -f backing stop
	serve old --id 0 --queues "$queues" --depth 16 --size 16M --file backing --direct \
		--recovery reissue --mode "$mode"
	run_bg io become_server io.out ublk-io --file /dev/ublkb0 --size 8M --jobs 2 --depth 16 \
		--bs 32K --until stop
	for round in 1 2 3; do
		saw io '^RUNNING'
		committed=$(counter 0 committed)
		wait_for 30 committed_more 0 $((committed + 100))
		kill_server old
		wait_state 0 QUIESCED
		serve old --id 0 --takeover --file backing --direct
		wait_for 30 committed_more 0 100
	done
	result "$mode, $queues queues: $(counter 0 reissued) requests sent again"
	# all of them at once in the server's hands: registered, and nothing under way
	touch stop
	wait_bg io
	cat io.out
	nothing_detained 0 || fail "$(counter 0 detained_now) requests detained"
	stop_ends 0
	wait_bg old
done

# held by the server, not in flight: its ring goes with it, and the next one gets them
for mode in registered auto; do
	rm -f backing
	serve old --id 0 --depth 4 --file backing --recovery reissue --mode "$mode" \
		--flags no-part-scan --do stall@usr1
	usr1 old
	for n in 1 2 3 4; do run_bg "w$n" write_block 0 "$n"; done
	saw_lines old 4 '^HELD'
	kill_server old
	wait_state 0 QUIESCED
	wait_for 20 nothing_detained 0
	serve_until '^READY' old --id 0 --takeover --file backing
	for n in 1 2 3 4; do wait_bg "w$n"; done
	[ "$(counter 0 reissued)" = 4 ] || fail "$(counter 0 reissued) of 4 sent again"
	stop_ends 0
	wait_bg old
done
