# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: one thread only, SIGSTOP then SIGKILL, three crashes in a row, the wrong identity in between
# timeout: 240
# cpus: 4
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop jq
POINTS=$UBLK_TESTS/points
ARGS=(--queues 2 --depth 8 --size 16M --file "$PWD/raw.img" --recovery reissue)

# on_queue Q NAME FILE: a write by a CPU whose requests go to that queue
on_queue()
{
	local cpu
	cpu=$(sed 's/,.*//' "/sys/block/ublkb0/mq/$1/cpu_list")
	run_bg "$2" become_server "$2.out" taskset -c "$cpu" dd if="$3" of=/dev/ublkb0 bs=4k \
		count=1 seek=$((16 * $1)) oflag=direct conv=fsync status=none
}

note "one thread: its queue waits, the other one serves, and the device stays LIVE"
head -c 4096 /dev/urandom >a
head -c 4096 /dev/urandom >b
serve srv --id 0 "${ARGS[@]}" --do thread-die=0@usr2
udev_settled
usr2 srv
saw srv '^THREAD_GONE worker=0'
on_queue 0 waits a
on_queue 1 goes b
# fsync of a disk without a cache sends nothing
wait_bg goes
wait_for 20 parked_some 0
state_is 0 LIVE || fail "the device is $(state_of 0)"
is_running waits || fail "the write of the dead thread's queue is over"
ctl EBUSY start-recovery --id 0
note "  then the process: recovery goes on, and what waited is done"
kill_server srv
wait_state 0 QUIESCED
is_running waits || fail "the write did not wait: $(cat waits.out)"
serve srv --id 0 --takeover "${ARGS[@]}"
wait_bg waits
cmp -n 4096 a <(dd if=/dev/ublkb0 bs=4k count=1 iflag=direct status=none)
cmp -n 4096 b <(dd if=/dev/ublkb0 bs=4k count=1 skip=16 iflag=direct status=none)
stop_ends 0
wait_bg srv

note "SIGSTOP, and SIGKILL with all that it holds; then two more die while they take over"
img=$PWD/img
truncate -s 16M "$img"
UUID=$(cat /proc/sys/kernel/random/uuid)

# start [VAR=VALUE..]: the library's server
start()
{
	rm -f srv.out
	run_bg srv become_server srv.out env "$@" ublk-loop --file "$img" --id 0 --uuid "$UUID" \
		--queues 2 --depth 16
}

is_stopped() { ! grep -h '^State:' "/proc/$1"/task/*/status | grep -qv stopped; }
holds_some() { [ $(($(slots 0 SERVER) + $(slots 0 QUEUED))) -gt 0 ]; }

start UBLK_KILL_AT=
saw srv '^ublk 0 is' 60
start_load /dev/ublkb0 --size 8M --depth 32 --jobs 2 --bs 16K
for chain in 'after-start-recovery end-sent' 'before-record between-fetches' 'after-fence commit-prepared'; do
	kill_bg srv STOP
	wait_for 20 is_stopped "${BG_PID[srv]}"
	wait_for 20 holds_some
	kill_server srv
	wait_state 0 QUIESCED

	note "  the wrong identity is refused, and changes nothing ($chain)"
	expect 1 "not ours" ublk-loop --file "$img" --id 0 --uuid "$(cat /proc/sys/kernel/random/uuid)"
	expect 1 "not ours" ublk-mem --size 16M --id 0
	expect 5 "of target loop" ublk recover 0 -- ublk-mem --size 16M
	state_is 0 QUIESCED || fail "the device is $(state_of 0)"

	for point in $chain; do
		start LD_LIBRARY_PATH="$POINTS" UBLK_KILL_AT="$point"
		wait_bg srv 137
		wait_state 0 QUIESCED
	done
	start UBLK_KILL_AT=
	saw srv '^ublk 0 is' 60
done
stop_load
load_says errors 0
kill_bg srv TERM
wait_bg srv
