# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the oracle over a few kills of ublk-loop and ublk-mem: nothing lost, torn or rolled back
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/torture.sh"

requires ublk ublk-torture ublk-loop ublk-mem jq
img=$SCRATCH/torture.img
cleanup rm -f "$img"
truncate -s 4M "$img"

note "ublk-loop"
torture 0 --rounds 4 --area 4M --bs 512-32K --after 200 -- \
	ublk add loop --recovery reissue --file "$img" --id 0 --queues 2 --depth 16
json verdict.json '.kills == 4 and .counted >= 3 and .counted_by == "module"'
tally loop
ublk del 0

note "the same, one kill after the other"
torture 0 --rounds 2 --area 4M --after 100 --kills-in-a-row 3 -- \
	ublk add loop --recovery reissue --file "$img" --id 0 --queues 2 --depth 16
json verdict.json '.kills == 6 and .counted >= 2'
tally "loop, three in a row"
ublk del 0

note "ublk-mem, which comes back by itself"
torture 0 --rounds 3 --area 4M --after 200 --recover none -- \
	ublk add mem --recovery reissue --size 4M --id 0 --depth 32 --supervise
json verdict.json '.kills == 3 and .counted >= 2'
tally mem
ublk del 0
