# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# Several servers, for what stands on their devices. Sourced after raw.sh and kills.sh.
#
#	leg 0 OPTION..		a loop server of device 0 on a file of its own (32M)
#	leg_dies 0 [STATE]	SIGKILL; the device is QUIESCED then, or STATE
#	leg_again 0		the same command again

declare -A LEG=()

leg()
{
	local id=$1
	shift
	rm -f "$SCRATCH/leg.$id"
	truncate -s 32M "$SCRATCH/leg.$id"
	cleanup rm -f "$SCRATCH/leg.$id"
	leg_on "$id" "$SCRATCH/leg.$id" "$@"
}

# leg_on ID FILE OPTION..: on something that is there
leg_on()
{
	local id=$1
	LEG[$id]="ublk-loop --file $2 --id $id --depth 16 --uuid $(cat /proc/sys/kernel/random/uuid)"
	shift 2
	LEG[$id]+=" $*"
	leg_again "$id"
}

leg_again()
{
	rm -f "leg$1.out"
	# shellcheck disable=SC2086 # words
	run_bg "leg$1" become_server "leg$1.out" ${LEG[$1]}
	saw "leg$1" '^ublk [0-9]+ is' 60
}

leg_dies()
{
	kill_server "leg$1"
	KILLS=$((KILLS + 1))
	wait_state "$1" "${2:-QUIESCED}"
}

leg_ends()
{
	kill_bg "leg$1" TERM
	wait_bg "leg$1"
}
