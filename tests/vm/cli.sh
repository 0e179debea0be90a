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

# kill_under JOB MOST: the supervised server of device 0 is killed again and again while the job, a
# fio that writes fio.out, goes on; it sees no error, and three kills at least. KILLED: how many.
kill_under()
{
	local job=$1 most=$2 server
	KILLED=0
	while [ "$KILLED" -lt "$most" ] && [ -e "/proc/${BG_PID[$job]}" ]; do
		sleep "0.$((RANDOM % 4 + 2))"
		server=$(server_of 0)
		[ "$server" -gt 0 ] || continue
		kill -KILL "$server" 2>/dev/null || continue
		KILLED=$((KILLED + 1))
		wait_for 30 has_other_than "$server"
	done
	wait_bg "$job" || { cat fio.out; fail "fio saw errors"; }
	grep -q 'err= 0' fio.out || { cat fio.out; fail "fio saw errors"; }
	[ "$KILLED" -ge 3 ] || fail "only $KILLED kills: the load was over too soon"
}

has_other_than()
{
	local now
	now=$(server_of 0)
	[ "$now" -gt 0 ] && [ "$now" != "$1" ]
}
