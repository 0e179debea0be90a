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
waited=0
for n in 1 2 3; do
	note "CPU $n off under load"
	bounded 60 cpu "$n" 0
	moment 50 200
	kill_server srv
	KILLS=$((KILLS + 1))
	wait_state 0 QUIESCED
	note "  while QUIESCED: $n on, $((n % 3 + 1)) off"
	bounded 60 cpu "$n" 1
	# The kernel lets the last CPU of a queue go when that queue's requests have ended. They are
	# parked: so it may wait for the next server, but no longer.
	run_bg offline cpu $((n % 3 + 1)) 0
	moment 300 600
	! is_running offline || waited=$((waited + 1))
	server_starts
	wait_bg offline
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
result "$KILLS kills; $waited of 3 CPUs that went off while QUIESCED waited for the next server"
