# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a server dies, its I/O on the backing does not: the request waits until its pages are free
# covers: B6
# timeout: 240
# tier: full
# kernels: 7.2 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/zc.sh"
needs_zero_copy
unwatched

head -c 4096 /dev/urandom >data
# Below: a disk that keeps each request until it is told to go on, and takes the data only then.
below()
{
	serve below --id 1 --depth 8 --size 16M --file "$PWD/below.img" --flags no-part-scan \
		--do stall@usr1 --do resume@usr2 --mode user-copy
}

write_data() { exec dd if=data of=/dev/ublkb0 bs=4k count=1 seek=3 oflag=direct conv=nocreat status=none; }
# its place in what is below
landed() { cmp -s <(dd if=below.img bs=4k skip=3 count=1 status=none) data; }

for mode in registered auto; do
	note "$mode, reissue"
	rm -f below.img
	below
	serve above --id 0 --depth 4 --size 16M --file /dev/ublkb1 --direct \
		--mode "$mode" --recovery reissue --flags no-part-scan
	usr1 below
	run_bg write write_data
	saw below '^HELD .* op=1'
	kill_server above
	wait_state 0 QUIESCED
	detained 0 1 || fail "$(counter 0 detained_now) detained: $(cat "$DEBUG/0/counters")"
	[ "$(counter 0 parked_now)" = 0 ] || fail "the request was parked with its pages in use"
	# the next server lives, and does not get it
	serve_until '^READY' above --id 0 --takeover --size 16M --file /dev/ublkb1 \
		--direct --do resume@usr1
	usr1 above
	has_lines above 1 '^STATS .* requests=0 ' || fail "$(cat above.out)"
	detained 0 1 || fail "taking over ended the wait"
	is_running write || fail "the write ended while its page was in use below"
	# the page is let go, the request comes to the next server, and again below
	usr2 below
	wait_bg write
	nothing_detained 0 || fail "$(counter 0 detained_now) detained"
	usr1 above
	has_lines above 1 '^STATS .* requests=1 ' || fail "$(cat above.out)"
	landed || fail "the data is not below"
	stop_ends 0
	wait_bg above
	stop_ends 1
	wait_bg below

	note "$mode, recovery off: teardown waits by reference, and nobody else for it"
	below
	serve above --id 0 --depth 4 --size 16M --file /dev/ublkb1 --direct \
		--mode "$mode" --flags no-part-scan
	usr1 below
	run_bg write write_data
	saw below '^HELD .* op=1'
	kill_server above
	wait_for 20 detained 0 1
	is_running write || fail "the write ended while its page was in use below"
	# interruptible, and other devices do not notice
	ublk-ctl stop --id 0 --timeout 2 >stop.out 2>&1 || true
	grep -q '^errno=EINTR' stop.out || fail "STOP was not interrupted: $(cat stop.out)"
	ctl OK add --id 7
	ctl OK del --id 7
	[ "$(cat /sys/block/ublkb0/size 2>/dev/null || echo 0)" = 0 ] || fail "capacity is not 0"
	usr2 below
	fails write
	wait_state 0 DEAD
	wait_for 20 test ! -e /sys/block/ublkb0
	ctl OK del --id 0 --timeout 20
	stop_ends 1
	wait_bg below
done
result "B6 ok: a request outlives its dead server until its pages are free"
