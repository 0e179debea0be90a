# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the oracle over 500 kills that count of a supervised ublk-loop; nobody gives a command
# timeout: 1500
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/torture.sh"

requires ublk ublk-torture ublk-loop jq
WANTED=${WANTED:-500}
img=$SCRATCH/torture_supervised.img
cleanup rm -f "$img"
truncate -s 4M "$img"
kills=0 counted=0 judged=0
while [ "$counted" -lt "$WANTED" ]; do
	[ "$kills" -lt $((3 * WANTED)) ] || fail "of $kills kills only $counted count"
	torture 0 --rounds 25 --area 4M --bs 512-32K --after 300 --recover none -- \
		ublk add loop --recovery reissue --file "$img" --id 0 --queues 2 --depth 16 \
		--supervise --restarts 1000
	json verdict.json '.kills == 25 and .counted_by == "module"'
	kills=$((kills + $(says .kills))) counted=$((counted + $(says .counted)))
	judged=$((judged + $(says .blocks_judged)))
	note "$kills kills, $counted count, seed $(says .seed)"
	ublk del 0
done
result "supervised: $kills kills, $counted count, $judged blocks judged, 0 violations"
