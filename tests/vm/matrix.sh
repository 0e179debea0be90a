# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by others
# The crash matrix: a cell is one way of recovery, data, queues and I/O scheduler, and is killed so
# often under ublk-torture, which judges every block after each kill. Sourced after raw.sh, cli.sh,
# zc.sh.
#
#	cell reissue copy 4 none KILLS SEED KIND
#
# KIND is how the kills come:
#	random	at any moment, and now and then the next servers die while they take over
#	stopped	SIGSTOP, and SIGKILL a moment later
#	point	at a named moment of serving (lib/point.h), which the server brings on itself
#
# Only kills count that caught a request QUEUED or with the server: the module's counter "taken" says
# so; of a kill at a point, where the server is at a request by definition, ublk-torture's own I/O. A
# violation, a hang and a cell in which too little counted fail the script.

POINTS=$UBLK_TESTS/points
RECOVERIES=(reissue plain fail-io off)
DATAS=(copy get-data user-copy)
# where io_uring takes the pages of requests
! has_zero_copy || DATAS+=(registered auto-registered)
KINDS=(random stopped point)
SERVING=(before-commit commit-prepared after-submit delivered)
declare -A SERVING_OF=(
	[copy]='before-io-sqe after-io-sqe'
	[get-data]='before-io-sqe after-io-sqe get-data-prepared'
	[user-copy]='before-copy after-copy'
	[registered]='before-io-sqe after-io-sqe'
	[auto-registered]='before-io-sqe after-io-sqe'
)
AREA=2M

IMG=$SCRATCH/matrix.img
TOTAL_COUNTED=0 TOTAL_KILLS=0 TOTAL_DEATHS=0 TOTAL_JUDGED=0

# all_cells: one per line
all_cells()
{
	local recovery data
	for recovery in "${RECOVERIES[@]}"; do
		for data in "${DATAS[@]}"; do
			printf '%s\n' "$recovery $data "{1,4}" "{none,mq-deadline}
		done
	done
}

# one_of WORD..: a random one
one_of() { local words=("$@"); printf '%s\n' "${words[RANDOM % ${#words[@]}]}"; }

# cell_options RECOVERY DATA KIND: sets OPTIONS
cell_options()
{
	OPTIONS=(--mode "$1" --area "$AREA" --bs 4K-32K --depth 32 --after 60)
	case $3 in
	stopped)
		OPTIONS+=(--stop-first) ;;
	point)	# not the first one: that is the partition scan's
		# shellcheck disable=SC2086 # words
		OPTIONS+=(--kill-at "$(one_of "${SERVING[@]}" ${SERVING_OF[$2]}):$((150 + RANDOM % 100))") ;;
	esac
}

# cell RECOVERY DATA QUEUES SCHEDULER KILLS SEED KIND
cell()
{
	local recovery=$1 data=$2 queues=$3 scheduler=$4 kills=$5 seed=$6 kind=$7 add recover status=0
	RANDOM=$seed
	rm -f "$IMG" /dev/shm/matrix recoveries
	: >deaths
	truncate -s "$AREA" "$IMG"
	exec 7<>/dev/shm/matrix
	recover="bash $UBLK_TESTS/vm/rerecover.sh $seed"
	[ "$kind" = random ] || recover="ublk recover 0"
	add="loop --file $IMG"
	if [ "$data" = user-copy ]; then
		add="mem --size $AREA --memory-fd 7"
		recover+=" -- ublk-mem --size $AREA --memory-fd 7"
	fi
	add="ublk add $add --id 0 --queues $queues --depth 16 --recovery $recovery --data $data"
	cell_options "$recovery" "$data" "$kind"
	LD_LIBRARY_PATH=$POINTS bounded $((120 + 30 * kills)) ublk-torture --json --rounds "$kills" \
		--seed "$seed" "${OPTIONS[@]}" --recover "$recover" -- \
		sh -c "$add && echo $scheduler >/sys/block/ublkb0/queue/scheduler" \
		>verdict.json 2>torture.err || status=$?
	CELL_COUNTED=$(jq .counted verdict.json) CELL_KILLS=$(jq .kills verdict.json)
	CELL_DEATHS=$(wc -l <deaths)
	if [ "$status" != 0 ]; then
		tail -n 40 torture.err verdict.json
		fail "status $status: cell $* (again: ublk-torture ${OPTIONS[*]})"
	fi
	exec 7<&-
	ublk del 0 >/dev/null
	rm -f "$IMG" /dev/shm/matrix
	TOTAL_COUNTED=$((TOTAL_COUNTED + CELL_COUNTED)) TOTAL_KILLS=$((TOTAL_KILLS + CELL_KILLS))
	TOTAL_DEATHS=$((TOTAL_DEATHS + CELL_DEATHS))
	TOTAL_JUDGED=$((TOTAL_JUDGED + $(jq .blocks_judged verdict.json)))
}

# cells SEED: of those that are read, one a line, each is killed three times, in one kind after the
# other
cells()
{
	local seed=$1 recovery data queues scheduler kind n=0
	note "seed $seed"
	while read -r recovery data queues scheduler; do
		kind=${KINDS[n++ % 3]}
		cell "$recovery" "$data" "$queues" "$scheduler" 3 $((seed++ % 32768)) "$kind"
		note "$recovery $data $queues $scheduler, $kind: $CELL_COUNTED of $CELL_KILLS" \
			"kills count"
		[ "$CELL_COUNTED" -gt 0 ] || fail "no kill of the cell found a request in flight"
	done
}

# cells_report: what a run of them has to say
cells_report()
{
	result "$TOTAL_KILLS kills, $TOTAL_COUNTED count, $TOTAL_DEATHS more servers died while they" \
		"took over; $TOTAL_JUDGED blocks judged, no violation"
}
