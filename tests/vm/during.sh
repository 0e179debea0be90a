# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# Killing a server again and again while one command runs. Sourced after raw.sh and kills.sh.
#
#	server_is ublk-loop --file F ..	starts it as device 0
#	during NAME COMMAND..		the server is killed while COMMAND runs, and replaced each
#					time; COMMAND has to succeed
#	during_report			says how many kills it were; of each command at least one has to
#					have hit a request

DURING_KILLS=0 DURING_ALL=0

server_starts()
{
	rm -f srv.out
	run_bg srv become_server srv.out "${SERVER[@]}" --id 0
	saw srv '^ublk [0-9]+ is' 60
}

server_is()
{
	SERVER=("$@" --uuid "$(cat /proc/sys/kernel/random/uuid)")
	server_starts
}

# requests that were taken from dead servers so far
taken() { counter 0 taken; }

# in_command CMD..: what it says is shown if the script fails
in_command() { "$@" >command.out 2>&1; }

during()
{
	local name=$1 kills=0 before i
	shift
	before=$(taken)
	# what is cached needs no server
	echo 3 >/proc/sys/vm/drop_caches
	# what runs fast is over before the first kill: so the server is stopped first, and the command
	# is made to wait for it
	for i in 1 2 3; do
		[ "$i" = 1 ] || is_running command || break
		kill_bg srv STOP
		wait_for 20 is_stopped "${BG_PID[srv]}"
		[ "$i" != 1 ] || run_bg command in_command "$@"
		wait_for 20 held_or_over
		kill_server srv
		kills=$((kills + 1))
		wait_state 0 QUIESCED
		server_starts
		! is_running command || moment 5 200
	done
	touch enough
	wait_bg command
	rm -f enough
	DURING_KILLS=$((DURING_KILLS + kills))
	DURING_ALL=$((DURING_ALL + 1))
	note "$name: $kills kills, $(($(taken) - before)) requests taken from dead servers"
	[ "$(taken)" -gt "$before" ] || fail "$name: no kill found a request of it in flight"
}

is_stopped() { ! grep -h '^State:' "/proc/$1"/task/*/status | grep -qv stopped; }

# the stopped server has a request of the command, or the command is over
held_or_over()
{
	! is_running command ||
		[ $(($(slots 0 SERVER) + $(slots 0 QUEUED) + $(slots 0 GETDATA))) -gt 0 ]
}

server_ends()
{
	kill_bg srv TERM
	wait_bg srv
}

during_report()
{
	result "$DURING_KILLS kills during $DURING_ALL commands, each hit with a request in flight;" \
		"each succeeded"
}
