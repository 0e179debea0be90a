# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: what one dead thread leaves waiting goes on with the next server; the other queue serves
# covers: B22
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/reg.sh"

unwatched
serve old --id 0 --queues 2 --depth 4 --size 4M --recovery plain --flags no-part-scan \
	--do thread-die=0@usr1
usr1 old
saw old '^THREAD_GONE'
mine=$(sed 's/,.*//' /sys/block/ublkb0/mq/0/cpu_list)
other=$(sed 's/,.*//' /sys/block/ublkb0/mq/1/cpu_list)
run_bg parked taskset -c "$mine" dd if=/dev/zero of=/dev/ublkb0 bs=4k count=1 oflag=direct \
	conv=nocreat status=none
wait_for 20 parked_some 0
bounded 20 taskset -c "$other" dd if=/dev/zero of=/dev/ublkb0 bs=4k count=1 seek=64 oflag=direct \
	conv=nocreat status=none || fail "the other queue does not serve"
is_running parked || fail "the request of the dead thread ended"
kill_server old
wait_state 0 QUIESCED
serve_until '^READY ' new --id 0 --takeover
ends_ok parked
[ "$(counter 0 parked_now)" = 0 ] || fail "$(counter 0 parked_now) requests still wait"
stop_ends 0
wait_bg new
ok B22
