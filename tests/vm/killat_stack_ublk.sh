# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk on ublk: the server above, the one below, both, in each order; data judged
# timeout: 180
# cpus: 4
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"
. "$UBLK_TESTS/vm/stack.sh"
. "$UBLK_TESTS/vm/cli.sh"

leg 0
settle_disk 0
leg_on 1 /dev/ublkb0
start_load /dev/ublkb1 --size 8M --depth 32 --jobs 2 --bs 16K

note "below: the one above has requests stuck there"
moment 50 200
leg_dies 0
moment 50 200
state_is 1 LIVE || fail "the device above is $(state_of 1)"
leg_again 0

note "above"
moment 50 200
leg_dies 1
leg_again 1

note "both, first above: its requests below still hold the disk, so its successor has to wait"
moment 50 200
leg_dies 1
leg_dies 0
leg_again 0
leg_again 1

note "both, first below: a successor above cannot have the disk while requests are stuck there"
moment 50 200
leg_dies 0
moment 100 200
leg_dies 1
# shellcheck disable=SC2086 # words
expect 1 "in use" ${LEG[1]}
state_is 1 QUIESCED || fail "the device above is $(state_of 1)"
leg_again 0
leg_again 1
moment 50 200
stop_load
load_says errors 0
load_says wrong 0
leg_ends 1
leg_ends 0
result "$KILLS kills: no error, no wrong data"
