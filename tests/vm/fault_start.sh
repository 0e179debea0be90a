# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: faults in open, FETCH, START and STOP of a server: the device can be stopped, and used anew
# timeout: 900
# only: kasan
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/fault.sh"

SERVER=(--id 0 --depth 8 --size 8M --recovery reissue --flags no-part-scan)

# Whatever has become of it, STOP and DEL put it away.
put_away()
{
	ctl OK stop --id 0
	ctl OK del --id 0
}

# The server lives on after a FETCH that failed; nobody starts it.
faulty_bring_up()
{
	run_bg srv become_server srv.out ublk-raw-server "${SERVER[@]}" --no-start \
		--fail-nth "$2:$1"
	wait_for 60 eval 'has_line srv "^FETCHED" || ! is_running srv'
	put_away
	server_ends srv
}

faulty_start()
{
	local res
	run_bg srv become_server srv.out ublk-raw-server "${SERVER[@]}" --fail-nth "live:$1"
	wait_for 60 eval 'has_line srv "^(NOT_)?READY" || ! is_running srv'
	if has_line srv '^READY'; then
		bounded 60 dd if=/dev/zero of=/dev/ublkb0 bs=4k count=4 oflag=direct status=none
	else
		res=$(sed -n 's/^START .*errno=//p' srv.out)
		is_honest "$res" || fail "START, fault $1: $res"
		[ ! -e /sys/block/ublkb0 ] || fail "a disk after a START that failed"
	fi
	put_away
	server_ends srv
}

# with a device that serves: whatever the answer, STOP ends it
faulty_live()
{
	local n=$1
	shift
	serve srv "${SERVER[@]}"
	faulty "$n" "$@" --id 0
	local hit=$HIT
	put_away
	server_ends srv
	HIT=$hit
}

each_fault faulty_bring_up open
each_fault faulty_bring_up fetch
each_fault faulty_start
each_fault faulty_live stop
each_fault faulty_live try-stop
each_fault faulty_live update-size --sectors 8192
each_fault faulty_live quiesce
serve srv "${SERVER[@]}"
stop_ends 0
wait_bg srv
result "$FAULTS allocations and copies failed"
