# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: CPUs go off- and online under load and while QUIESCED; kills in between, data judged
# timeout: 240
# cpus: 4
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"
. "$UBLK_TESTS/vm/during.sh"

img=$SCRATCH/cpu.img
truncate -s 16M "$img"
cleanup rm -f "$img"

cpu() { echo "$2" >"/sys/devices/system/cpu/cpu$1/online"; }
all_online()
{
	local n
	for n in 1 2 3; do
		cpu $n 1
	done
}
cleanup all_online

server_is ublk-loop --file "$img" --queues 4 --depth 16
start_load /dev/ublkb0 --size 8M --depth 16 --jobs 4 --bs 16K
for n in 1 2 3; do
	note "CPU $n off under load"
	bounded 60 cpu "$n" 0
	moment 50 200
	kill_server srv
	KILLS=$((KILLS + 1))
	wait_state 0 QUIESCED
	note "  while QUIESCED: $n on, $((n % 3 + 1)) off"
	bounded 60 cpu "$n" 1
	# The last CPU of a queue must not wait for what is parked there: it would hold a lock that every
	# new io_uring, and so the next server and STOP, want first.
	bounded 60 cpu $((n % 3 + 1)) 0
	[ "$(counter 0 parked_now)" -gt 0 ] || fail "nothing is parked: nothing could have waited"
	moment 300 600
	server_starts
	wait_for 30 committed_more 0 100
	note "  and with that CPU still off: killed again"
	kill_server srv
	KILLS=$((KILLS + 1))
	wait_state 0 QUIESCED
	server_starts
	wait_for 30 committed_more 0 100
	bounded 60 all_online
done
stop_load
load_says errors 0
load_says wrong 0
server_ends
result "$KILLS kills; no CPU waited for parked requests when it went off"
