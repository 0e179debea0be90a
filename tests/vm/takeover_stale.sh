# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: descriptor and mapping of a former server get ENODEV and harm nothing
# timeout: 150
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

for mode in copy user-copy; do
	rm -f backing stop
	serve old --id 0 --depth 8 --file backing --recovery reissue --mode "$mode" --do fork@ready
	saw old '^CHILD'
	child=$(child_of old)
	cleanup kill -KILL "$child"
	kill_server old
	wait_state 0 QUIESCED

	# while nobody has the device
	kill -USR1 "$child"
	saw_lines old 1 '^STALE done'
	serve new --id 0 --takeover --file backing
	run_bg io become_server io.out ublk-io --file /dev/ublkb0 --size 4M --depth 8 --until stop
	saw io '^RUNNING'
	# and while the new server is at work
	kill -USR1 "$child"
	saw_lines old 2 '^STALE done'
	touch stop
	wait_bg io

	grep '^STALE' old.out
	for op in commit get-data fetch pread pwrite mmap; do
		grep -q "^STALE op=$op " old.out || fail "$op was not tried"
		grep "^STALE op=$op " old.out | grep -qv 'res=-19$' && fail "$op was not refused with ENODEV"
	done
	has_lines old 2 '^STALE op=map-read res=0' || fail "the old mapping cannot be read any more"
	[ "$(counter 0 late_commits)" -gt 0 ] || fail "refused commands were not counted"
	stop_ends 0
	wait_bg new
	kill -KILL "$child"
done
