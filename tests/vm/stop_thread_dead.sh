# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: one thread of the server is dead, the process lives: STOP is not held up
# covers: B4 C20
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

# a server that is alive as a whole would get stop_timeout_ms, the dead thread's slots do not
param stop_timeout_ms 100000
for ring in "" --defer-taskrun; do
	serve srv --id 0 --queues 2 --depth 4 --recovery reissue --do stall@usr1 \
		--do thread-die=0@usr2 $ring
	usr1 srv
	# which CPU's requests queue 0 takes differs from kernel to kernel
	cpu=$(sed 's/,.*//' /sys/block/ublkb0/mq/0/cpu_list)
	run_bg held taskset -c "$cpu" dd if=/dev/zero of=/dev/ublkb0 bs=4k count=1 oflag=direct \
		status=none
	saw srv '^HELD'
	has_line srv '^HELD q=0 ' || fail "the request went to another queue: $(cat srv.out)"
	usr2 srv
	saw srv '^THREAD_GONE'
	state_is 0 LIVE || fail "the device is $(state_of 0)"
	stop_ends 0 60
	fails held
	kill_server srv
done
