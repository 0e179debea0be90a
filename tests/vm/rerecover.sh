#!/bin/bash
# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# ublk recover 0, but now and then servers before the last one die while they take over, each at a
# named point of the library (lib/point.h): a second and a third crash in a row.
#
#	rerecover.sh SEED [-- COMMAND..]	a line in the file "deaths" for each
set -eu

TAKING_OVER=(before-start-recovery after-start-recovery after-open before-fence after-fence
	before-record after-rename after-record before-fetch between-fetches fetches-prepared
	after-fetch before-end-recovery end-sent)

RANDOM=$((($1 + 31 * $(cat recoveries 2>/dev/null || echo 0)) % 32768))
echo $(($(cat recoveries 2>/dev/null || echo 0) + 1)) >recoveries
shift
n=0
[ $((RANDOM % 4)) != 0 ] || n=$((1 + RANDOM % 2))
while [ "$n" -gt 0 ]; do
	point=${TAKING_OVER[RANDOM % ${#TAKING_OVER[@]}]}
	if UBLK_KILL_AT=$point ublk recover 0 "$@"; then
		echo "rerecover: a server that was to die at $point lives" >&2
		exit 1
	fi
	echo "$point" >>deaths
	n=$((n - 1))
done
exec ublk recover 0 "$@"
