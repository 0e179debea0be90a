# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: crash matrix, all 48 cells: recovery x data x queues x scheduler, counted kills in each
# timeout: 1500
# cpus: 4
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/zc.sh"
. "$UBLK_TESTS/vm/matrix.sh"

seed=${1:-$((SRANDOM % 32768))}
note "seed $seed"
while read -r recovery data queues scheduler; do
	sum=0
	for kind in "${KINDS[@]}"; do
		cell "$recovery" "$data" "$queues" "$scheduler" 3 $((seed++ % 32768)) "$kind"
		sum=$((sum + CELL_COUNTED))
	done
	note "$recovery $data $queues $scheduler: $sum of 9 kills count"
	[ "$sum" -ge 5 ] || fail "too few kills of the cell found a request in flight"
done < <(all_cells)
cells_report
