# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: md RAID 1 on two devices whose servers die: not degraded with REISSUE, degraded with FAIL_IO
# timeout: 240
# cpus: 4
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"
. "$UBLK_TESTS/vm/stack.sh"

requires mdadm
MD=/sys/block/md9/md
is_whole() { [ "$(cat "$MD/degraded")" = 0 ] && [ "$(cat "$MD/sync_action")" = idle ]; }
md_stops() { mdadm -q --stop /dev/md9; }

# udev puts an array together again as soon as it sees a part of it that is free
mkdir -p /run/udev/rules.d
ln -sf /dev/null /run/udev/rules.d/64-md-raid-assembly.rules
cleanup udevadm control --reload
cleanup rm -f /run/udev/rules.d/64-md-raid-assembly.rules
udevadm control --reload

leg 0 --recovery reissue
leg 1 --recovery fail-io
# no initial copy: both legs are zeros
mdadm -q --create /dev/md9 --run --assume-clean --level=1 --raid-devices=2 --metadata=1.0 \
	--bitmap=internal --homehost=any /dev/ublkb0 /dev/ublkb1 </dev/null
cleanup mdadm -q --stop /dev/md9
udev_settled
start_load /dev/md9 --size 8M --depth 16 --bs 16K

note "a leg with REISSUE: the array waits, and stays whole"
for _ in 1 2 3; do
	moment 50 200
	leg_dies 0
	moment 50 200
	[ "$(cat "$MD/degraded")" = 0 ] || fail "the array lost a leg"
	leg_again 0
	wait_for 30 committed_more 0 10
done
is_whole || fail "the array is not whole: $(cat /proc/mdstat)"

note "a leg with FAIL_IO: the array goes on without it, and takes it back"
leg_dies 1 FAIL_IO
degraded() { [ "$(cat "$MD/degraded")" = 1 ]; }
wait_for 30 degraded
moment 100 200
leg_again 1
mdadm -q /dev/md9 --remove /dev/ublkb1
mdadm -q /dev/md9 --re-add /dev/ublkb1 || mdadm -q /dev/md9 --add /dev/ublkb1
wait_for 90 is_whole

note "and the one with REISSUE alone once more, now with both"
leg_dies 0
leg_again 0
stop_load
load_says errors 0
load_says wrong 0

note "both legs hold the same"
echo check >"$MD/sync_action"
wait_for 60 is_whole
[ "$(cat "$MD/mismatch_cnt")" = 0 ] || fail "$(cat "$MD/mismatch_cnt") sectors differ"
md_stops
leg_ends 0
leg_ends 1
result "$KILLS kills below an array: no error, no wrong data, no difference between its legs"
