# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a logical volume over two devices (device mapper): kills, also while it is being suspended
# timeout: 180
# cpus: 4
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"
. "$UBLK_TESTS/vm/stack.sh"

requires dmsetup
leg 0
leg 1
# 8 MiB of each, as lvcreate would put them one behind the other
dmsetup create volume <<'EOT'
0 16384 linear /dev/ublkb0 2048
16384 16384 linear /dev/ublkb1 2048
EOT
cleanup dmsetup remove --retry volume
udev_settled
start_load /dev/mapper/volume --size 16M --depth 32 --jobs 2 --bs 16K

for id in 0 1; do
	moment 50 200
	leg_dies "$id"
	moment 50 100
	leg_again "$id"
done
note "both at once"
leg_dies 0
leg_dies 1
leg_again 1
leg_again 0

note "suspended while a server is dead: it waits for the requests that are parked"
leg_dies 0
run_bg suspend dmsetup suspend volume
moment 200 400
is_running suspend || fail "suspended with requests under way"
leg_again 0
wait_bg suspend
note "suspended: killed and replaced with nothing under way, then resumed"
leg_dies 1
leg_again 1
dmsetup resume volume
moment 100 200
stop_load
load_says errors 0
load_says wrong 0
dmsetup remove --retry volume
leg_ends 0
leg_ends 1
result "$KILLS kills below a logical volume: no error, no wrong data"
