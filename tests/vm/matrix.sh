# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # what is set here is used by others
# The crash matrix: a cell is one way of recovery, data, queues and I/O scheduler, and is killed so
# often. Sourced after raw.sh and kills.sh.
#
#	cell reissue copy 4 none	sets CELL_COUNTED, CELL_KILLS; a violation fails the script
#
# Only kills count that caught a request QUEUED or with the server: the module says so itself, an
# event ublk_abort for each request that it takes from a dead session. One device serves the whole
# cell; the writer is a process of its own, and what it knows outlives it (--save, --load).

POINTS=$UBLK_TESTS/points
RECOVERIES=(reissue plain fail-io off)
DATAS=(copy get-data user-copy)
# moments of serving, by data mode, and of a takeover
SERVING=(before-commit commit-prepared after-submit delivered)
declare -A SERVING_OF=(
	[copy]='before-io-sqe after-io-sqe'
	[get-data]='before-io-sqe after-io-sqe get-data-prepared'
	[user-copy]='before-copy after-copy'
)
TAKING_OVER=(before-start-recovery after-start-recovery after-open before-fence after-fence in-record
	after-rename after-record before-fetch between-fetches fetches-prepared after-fetch
	before-end-recovery end-sent)

IMG=$SCRATCH/matrix.img
TOTAL_COUNTED=0 TOTAL_KILLS=0 TOTAL_DEAD_STARTS=0

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

# cell_server [VAR=VALUE..]: a server of this cell, which finds out itself what there is to do
cell_server()
{
	local recovery=${CELL[0]} data=${CELL[1]} queues=${CELL[2]}
	local target=(ublk-loop --file "$IMG")
	[ "$data" != user-copy ] || target=(ublk-mem --size 16M --memory-fd 7)
	rm -f srv.out
	run_bg srv become_server srv.out env "$@" "${target[@]}" --id 0 --uuid "$CELL_UUID" \
		--queues "$queues" --depth 16 --recovery "$recovery" --data "$data"
}

with_points() { cell_server LD_LIBRARY_PATH="$POINTS" UBLK_KILL_AT="$1"; }

is_over() { ! is_running "$1"; }

# reap_server: it was killed, by itself or by us
reap_server()
{
	wait_for 60 is_over srv
	wait_bg srv 137
}

# cell_live [POINT]: a server serves, which will die at POINT
cell_live()
{
	if [ $# = 0 ]; then cell_server; else with_points "$1"; fi
	# it may be dead again before anybody looks
	until has_line srv '^ublk 0 is' || state_is 0 LIVE; do
		is_running srv || [ $# -gt 0 ] || { cat srv.out; fail "no server came up"; }
		is_running srv || break
		sleep 0.02
	done
	[ "${CELL[0]}" != off ] || HAS_SCHEDULER=
	[ -n "$HAS_SCHEDULER" ] || use_scheduler
}

use_scheduler()
{
	echo "${CELL[3]}" >/sys/block/ublkb0/queue/scheduler 2>/dev/null && HAS_SCHEDULER=1 ||
		[ "${CELL[0]}" = off ] || fail "no scheduler ${CELL[3]}"
}

after_death()
{
	case ${CELL[0]} in
	off)		echo DEAD ;;
	fail-io)	echo FAIL_IO ;;
	*)		echo QUIESCED ;;
	esac
}

# cell_load: verified load on the device; goes on from what it knew when it ended last
cell_load()
{
	local options=(--size 8M --depth 32 --jobs 2 --bs 16K --seed "$CELL_SEED" --save model)
	[ ! -e model ] || options+=(--load model)
	[ "${CELL[0]}" = reissue ] || options+=(--allow-errors)
	start_load /dev/ublkb0 "${options[@]}"
}

# cell_load_ends [gone]: and nothing it read was wrong; if the disk is gone, it cannot read back
cell_load_ends()
{
	stop_load any >load.end
	if grep '^wrong: ' load.out | grep -qv 'cannot be read back'; then
		cat load.out
		fail "wrong data: cell ${CELL[*]} seed $CELL_SEED"
	fi
	[ "${1:-}" = gone ] || load_says wrong 0
	[ "${CELL[0]}" != reissue ] || load_says errors 0
}

# one_kill: of a serving server, at a random moment, stopped first, or at a named one; leaves the
# device without a server
one_kill()
{
	case $1 in
	*:*)	# at a named moment: it comes by itself, or the load does not reach it
		wait_for 20 is_over srv ;;
	stopped)
		moment 5 60
		kill_bg srv STOP
		moment 5 40
		kill_bg srv KILL ;;
	*)	moment 5 60
		kill_bg srv KILL ;;
	esac
	reap_server
	wait_state 0 "$(after_death)"
	TOTAL_KILLS=$((TOTAL_KILLS + 1))
}

# a server that dies while it takes over, so that there is a second and third crash in a row
dead_starts()
{
	local n=$1 point
	while [ "$n" -gt 0 ]; do
		point=$(one_of "${TAKING_OVER[@]}")
		with_points "$point"
		reap_server
		state_is 0 "$(after_death)" || fail "$(state_of 0) after a death at $point"
		TOTAL_DEAD_STARTS=$((TOTAL_DEAD_STARTS + 1))
		n=$((n - 1))
	done
}

# counted: kills of this cell so far that caught something: sessions that requests were taken from
counted()
{
	grep -oE 'ublk_abort: dev=0 session=[0-9]+ .*from=(QUEUED|SERVER|GETDATA)' \
		"$TRACING/trace" | sed 's/.*session=\([0-9]*\) .*/\1/' | sort -u | wc -l
}

# kill_kind N: how the Nth kill is to come. A named moment is for the server that is started next.
kill_kind()
{
	local least=1
	# a disk that goes for good has to be there until the load has opened it
	[ "${CELL[0]}" != off ] || least=300
	case $(($1 % 3)) in
	0)	echo random ;;
	1)	echo stopped ;;
	2)	# shellcheck disable=SC2086 # words
		echo "$(one_of "${SERVING[@]}" ${SERVING_OF[${CELL[1]}]}):$((least + RANDOM % 60))" ;;
	esac
}

cell_begins()
{
	rm -f model "$IMG" /dev/shm/matrix
	truncate -s 16M "$IMG"
	exec 7<>/dev/shm/matrix
	: >"$TRACING/trace"
	cell_live
	cell_load
}

cell_ends()
{
	cell_load_ends
	exec 7<&-
	ctl OK stop --id 0 --timeout 60
	ctl OK del --id 0 --timeout 60
	wait_bg srv any
	rm -f "$IMG" /dev/shm/matrix
}

# cell RECOVERY DATA QUEUES SCHEDULER KILLS SEED
cell()
{
	local kills=$5 n how=random
	CELL=("$@") CELL_SEED=$6 HAS_SCHEDULER=''
	CELL_UUID=$(cat /proc/sys/kernel/random/uuid)
	RANDOM=$((CELL_SEED % 32768))
	cell_begins
	for ((n = 1; n <= kills; n++)); do
		one_kill "$how"
		[ "$1" != off ] || cell_load_ends gone
		[ "$1" = off ] || [ $((RANDOM % 4)) != 0 ] || dead_starts $((1 + RANDOM % 2))
		how=$(kill_kind "$n")
		[ "$n" != "$kills" ] || how=none
		case $how in
		*:*)	cell_live "$how" ;;
		*)	cell_live ;;
		esac
		[ "$1" != off ] || cell_load
	done
	CELL_KILLS=$kills CELL_COUNTED=$(counted)
	TOTAL_COUNTED=$((TOTAL_COUNTED + CELL_COUNTED))
	cell_ends
}

# cells_report: what a run of them has to say
cells_report()
{
	result "$TOTAL_KILLS kills, $TOTAL_COUNTED count, $TOTAL_DEAD_STARTS more servers died while" \
		"they took over; no violation"
}
