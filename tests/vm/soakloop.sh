# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: counted kills over the whole crash matrix, for `./run soak`
# timeout: 3000
# cpus: 4
#
#	soakloop.sh COUNT SEED FIRST BATCH	so many kills that count, from the cell FIRST on,
#						BATCH in each
#
# Each cell's line comes at once, so that the host knows how far it got if the guest dies:
#	begin N CELL.. KIND seed=S
#	cell N CELL.. KIND seed=S kills=K counted=C deaths=D judged=J at=SECONDS
# It ends by itself after BUDGET seconds; the host goes on in a new boot.
. "$UBLK_TESTS/vm/lib.sh"

# After a failure: what the cell printed, which is in a file.
exec 8>&1
tell_cell()
{
	# run_cleanups has it
	[ "${status:-0}" = 0 ] || tail -n 60 cell.out >&8
}
cleanup tell_cell
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/cli.sh"
. "$UBLK_TESTS/vm/zc.sh"
. "$UBLK_TESTS/vm/matrix.sh"

COUNT=$1 SEED=$2 CELL_NR=$3 BATCH=$4
BUDGET=1200
mapfile -t ALL < <(all_cells)

while [ "$TOTAL_COUNTED" -lt "$COUNT" ] && [ "$SECONDS" -lt "$BUDGET" ]; do
	# 29 has no divisor in common with 48: all come, and neighbours are not alike
	read -r -a now <<<"${ALL[CELL_NR * 29 % ${#ALL[@]}]}"
	kind=${KINDS[(CELL_NR + CELL_NR / ${#ALL[@]}) % 3]}
	seed=$(((SEED + CELL_NR * 7919) % 32768)) judged=$TOTAL_JUDGED
	echo "begin $CELL_NR ${now[*]} $kind seed=$seed"
	cell "${now[@]}" "$BATCH" "$seed" "$kind" >cell.out 2>&1
	echo "cell $CELL_NR ${now[*]} $kind seed=$seed kills=$CELL_KILLS counted=$CELL_COUNTED" \
		"deaths=$CELL_DEATHS judged=$((TOTAL_JUDGED - judged)) at=$SECONDS"
	CELL_NR=$((CELL_NR + 1))
done
