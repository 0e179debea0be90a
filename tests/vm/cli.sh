# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts about the ublk command share; sourced after lib.sh.

# json FILE FILTER: the jq filter holds for the file.
json()
{
	jq -e "$2" "$1" >/dev/null || fail "$2 does not hold: $(cat "$1")"
}

# expect STATUS TEXT COMMAND...: it ends with STATUS and says TEXT, on whatever stream.
expect()
{
	local wanted=$1 text=$2 status=0
	shift 2
	bounded 60 "$@" >expect.out 2>&1 </dev/null || status=$?
	[ "$status" -eq "$wanted" ] || fail "$*: status $status, not $wanted: $(cat expect.out)"
	grep -qF -e "$text" expect.out || fail "$*: does not say \"$text\": $(cat expect.out)"
}

# server_of ID: its server's pid; -1: nobody
server_of() { ublk info "$1" --json | jq .server_pid; }

# server_gone PID: no such process, or nothing but its exit status is left.
server_gone()
{
	local state
	state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) || true
	[ -z "$state" ] || [ "$state" = Z ]
}
