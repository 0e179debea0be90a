# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: the kill loop of `./run bench kills`, for our module or for mainline's
# timeout: 3000
#
#   killloop.sh ours|mainline ROUNDS FIRST
#
# Nothing here needs more than the interface of mainline 6.5: the server is the raw one, the state
# is asked for by GET_DEV_INFO. Each round's line comes at once, so that the host knows how far it
# got if the guest dies:
#   round N MODE us=N       SIGKILL to QUIESCED
#   load MODE ios=.. errors=.. wrong=..
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"

MODULE=$1 ROUNDS=$2 ROUND=$3
MODES=(read-qd1 write-qd1 read-qd32 write-qd32)
ARGS=(--queues 1 --depth 32 --size 32M --recovery reissue)

[ "$MODULE" != mainline ] || load_mainline

# a mode for a quarter of all rounds, counted over all boots
quarter() { echo $(((ROUND * 4) / ROUNDS)); }

one_mode()
{
	local mode=${MODES[$1]} depth=1 writes=0 file=$SCRATCH/killloop.$1
	case $mode in *qd32) depth=32 ;; esac
	case $mode in write*) writes=100 ;; esac
	rm -f "$file"
	serve_until '^READY ' srv --id 0 "${ARGS[@]}" --file "$file"
	start_load /dev/ublkb0 --depth "$depth" --bs 4K --size 16M --writes "$writes" --allow-errors
	while [ "$ROUND" -lt "$ROUNDS" ] && [ "$(quarter)" = "$1" ]; do
		moment 20 120
		echo "round $ROUND $mode $(ublk-kill --id 0 --pid "${BG_PID[srv]}" --timeout 60)"
		wait_bg srv 137
		serve_until '^READY ' srv --id 0 --takeover "${ARGS[@]}" --file "$file"
		ROUND=$((ROUND + 1))
	done
	stop_load any >/dev/null
	echo "load $mode $(grep '^ios=' load.out)"
	ctl OK stop --id 0 --timeout 60
	ctl OK del --id 0 --timeout 60
	wait_bg srv any
	rm -f "$file"
}

while [ "$ROUND" -lt "$ROUNDS" ]; do
	one_mode "$(quarter)"
done
echo "rounds done"
