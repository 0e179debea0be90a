# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # RESULTS, MATRIX.. are the other parts'
# Two guests side by side: an emulated one keeps little more than one core busy.

# lanes: how many guests at once. One if all output is to be shown as it comes.
lanes()
{
	local cores free
	cores=$(nproc)
	free=$(awk '$1 == "MemAvailable:" { print int($2 / 1048576) }' /proc/meminfo)
	if [ -n "$LIVE" ] || [ "$cores" -lt 2 ] || [ "$free" -lt 6 ]; then
		say 1
	else
		say "${UBLK_LANES:-2}"
	fi
}

# lane DIR FUNCTION ARG..: run it, leave in DIR what it printed and what it counted.
lane()
{
	local dir=$1
	shift
	PASSED=0 FAILED=0 SKIPPED=0 RESULTS=() MATRIX=() CHILDREN=()
	"$@" >"$dir/output" 2>&1
	declare -p PASSED FAILED SKIPPED RESULTS MATRIX | sed 's/^declare -[-a]* /lane_/' >"$dir/counts"
}

# lane_end DIR NAME STATUS: take over what the lane did.
lane_end()
{
	local lane_PASSED=0 lane_FAILED=0 lane_SKIPPED=0 lane_RESULTS=() lane_MATRIX=() entry
	cat "$1/output"
	if [ "$3" != 0 ] || [ ! -s "$1/counts" ]; then
		count failed "$2" 0 "its part of the harness ended with status $3"
		return
	fi
	# shellcheck source=/dev/null
	. "$1/counts"
	PASSED=$((PASSED + lane_PASSED))
	FAILED=$((FAILED + lane_FAILED))
	SKIPPED=$((SKIPPED + lane_SKIPPED))
	RESULTS+=("${lane_RESULTS[@]}")
	for entry in "${lane_MATRIX[@]}"; do
		booted "$entry"
	done
}

# in_lanes COUNT FUNCTION ITEM..: FUNCTION ITEM for each, COUNT of them at a time. The part of an
# item before a colon is its name.
in_lanes()
{
	local count=$1 function=$2 item pid running=0 status dir beat=$SECONDS
	local -A item_of=() dir_of=()
	shift 2
	while [ $# -gt 0 ] || [ "$running" -gt 0 ]; do
		if [ $# -gt 0 ] && [ "$running" -lt "$count" ]; then
			dir=$(mktemp -d "$TMP/lane.XXXXXX")
			lane "$dir" "$function" "$1" </dev/null &
			pid=$!
			child_started "$pid"
			item_of[$pid]=${1%%:*} dir_of[$pid]=$dir
			running=$((running + 1))
			shift
			continue
		fi
		for pid in "${!item_of[@]}"; do
			! kill -0 "$pid" 2>/dev/null || continue
			status=0
			wait "$pid" || status=$?
			child_gone "$pid"
			lane_end "${dir_of[$pid]}" "${item_of[$pid]}" "$status"
			unset "item_of[$pid]" "dir_of[$pid]"
			running=$((running - 1)) beat=$SECONDS
		done
		if [ $((SECONDS - beat)) -ge 60 ]; then
			say "   ... still running: $(join_words "${item_of[@]}")"
			beat=$SECONDS
		fi
		sleep 0.5
	done
}
