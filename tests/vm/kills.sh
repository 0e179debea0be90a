# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# SIGKILL under load, again and again, and what the trace says of each. Sourced after raw.sh.

KILL_EVENTS=(ublk_state ublk_session ublk_slot signal:signal_generate)
# all that the order is judged by
ALL_EVENTS=(ublk_state ublk_session ublk_slot ublk_abort ublk_requeue
	ublk_cmd_done ublk_step signal:signal_generate)

KILLS=0			# so far
SERVERS=()		# pids of this slice
COUNTED=0 FULL=0 WITH_QUEUED=0
ORDER=()		# or --no-order, if not all events are recorded
: >kills.list

# moment MIN_MS MAX_MS: let the load run for a random while. This is no wait for anything: when
# the kill comes is what is to be random.
moment() { sleep "$(printf '0.%03d' $(($1 + RANDOM % ($2 - $1))))"; }

# start_load FILE [OPTION..]: verified load on FILE until stop_load; returns when it runs
start_load()
{
	rm -f over
	run_bg load become_server load.out ublk-io --file "$1" --until "$PWD/over" "${@:2}"
	saw load '^RUNNING'
}

# stop_load [any]: its status has to be good, and its report is shown
stop_load()
{
	local status=0 end=$((SECONDS + 90 * SLOW))
	touch over
	while is_running load; do
		[ "$SECONDS" -lt "$end" ] || {
			grep -r . "$DEBUG" || true
			fail "the load does not end: a request is lost"
		}
		sleep 0.05
	done
	wait "${BG_PID[load]}" || status=$?
	BG_DONE[load]=1
	# with the disk gone every block is missed
	grep -v '^wrong: .* cannot be read back' load.out | tail -n 20
	[ "$status" = 0 ] || [ "${1:-}" = any ] || fail "the load ended with status $status"
}

# load_says KEY VALUE
load_says()
{
	grep -qE "(^| )$1=$2( |\$)" load.out || fail "load: not $1=$2: $(tail -n 1 load.out)"
}

# kill_and_take_over ID OPTION..: of takeover's server; leaves the device LIVE
kill_and_take_over()
{
	local id=$1
	shift
	SERVERS+=("$BG_srv")
	kill_server srv
	KILLS=$((KILLS + 1))
	wait_state "$id" QUIESCED
	[ "${#SERVERS[@]}" -lt "${SLICE:-25}" ] || end_slice
	serve srv --id "$id" --takeover "$@"
}

# end_slice: judge the trace so far and begin a new one. Only while nobody serves, so that the
# next trace begins with a session's birth.
end_slice()
{
	local line
	[ "${#SERVERS[@]}" -gt 0 ] || return 0
	echo 0 >"$TRACING/tracing_on"
	trace_save trace
	ublk-trace-check "${ORDER[@]}" --count-kills --pid "$(IFS=,; echo "${SERVERS[*]}")" trace \
		>slice.out || {
		cp trace "$SCRATCH/trace.bad"
		tail -n 30 slice.out
		fail "ublk-trace-check rejects the trace"
	}
	grep '^kill ' slice.out >>kills.list || true
	line=$(grep '^kills=' slice.out)
	[[ $line =~ kills=([0-9]+)\ counted=([0-9]+)\ full_depth=([0-9]+)\ with_queued=([0-9]+) ]]
	[ "${BASH_REMATCH[1]}" = "${#SERVERS[@]}" ] ||
		fail "${BASH_REMATCH[1]} kills in the trace, ${#SERVERS[@]} were done"
	COUNTED=$((COUNTED + BASH_REMATCH[2]))
	FULL=$((FULL + BASH_REMATCH[3]))
	WITH_QUEUED=$((WITH_QUEUED + BASH_REMATCH[4]))
	SERVERS=()
	: >"$TRACING/trace"
	echo 1 >"$TRACING/tracing_on"
}

# spread FIELD [DIVISOR]: min/median/max of a field over all kills
spread()
{
	sed -n "s/.* $1=\([0-9]*\).*/\1/p" kills.list | sort -n | awk -v d="${2:-1}" '
		{ v[NR] = $1 / d }
		END { printf "%g/%g/%g", v[1], v[int((NR + 1) / 2)], v[NR] }'
}

# kills_report: the result line, and what a run of kills has to show to be worth something
kills_report()
{
	result "$KILLS kills, $COUNTED count, $FULL at full depth, $WITH_QUEUED with a QUEUED slot;" \
		"min/median/max: queued $(spread queued), with the server $(spread server)"
}
