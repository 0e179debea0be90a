# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a history judged again from its file says the same, and a failing run can be repeated
# timeout: 200
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/torture.sh"

requires ublk ublk-torture ublk-fault jq
img=$SCRATCH/replay.img
cleanup rm -f "$img" "$SCRATCH/good.log" "$SCRATCH/bad.log"
rm -f "$SCRATCH/good.log" "$SCRATCH/bad.log"
truncate -s 1M "$img"
SMALL=(--area 1M --bs 4K-16K --depth 16 --after 150)

note "a good run, and its history against the device and the file behind it"
torture 0 "${SMALL[@]}" --rounds 2 --seed 77 --log "$SCRATCH/good.log" -- \
	ublk add loop --recovery reissue --file "$img" --id 0 --queues 2 --depth 16
json verdict.json '.seed == "77" and .kills == 2'
torture 0 --judge "$SCRATCH/good.log"
json verdict.json '.kills == 2'
torture 0 --judge "$SCRATCH/good.log" --device /dev/ublkb0
ublk del 0
torture 0 --judge "$SCRATCH/good.log" --device "$img"

note "one old block in the file is found, with nobody there but the history"
dd if="$img" of=old bs=4096 skip=5 count=1 status=none
dd if=old of="$img" bs=4096 seek=9 conv=notrunc status=none
torture 1 --judge "$SCRATCH/good.log" --device "$img"
json verdict.json '.violations | has("wrong_block")'

note "the log is not overwritten"
torture 2 "${SMALL[@]}" --rounds 0 --seconds 1 --log "$SCRATCH/good.log" -- \
	ublk add loop --recovery reissue --file "$img" --id 0
ublk del 0

note "a bad run, judged again without any device, and repeated"
torture 1 "${SMALL[@]}" --rounds 2 --log "$SCRATCH/bad.log" -- \
	ublk add fault loop --file "$img" --id 0 --depth 16 --fault drop,op=write,every=40
seed=$(says .seed)
says '.violations' >live
ublk del 0
torture 1 --judge "$SCRATCH/bad.log"
says '.violations' >again
cmp live again || fail "$(cat live) is now $(cat again)"
torture 1 --replay "$SCRATCH/bad.log"
json verdict.json ".seed == \"$seed\" and .kills == 2 and .violations.lost_write >= 1"
ublk del 0
