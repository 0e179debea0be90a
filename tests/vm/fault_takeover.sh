# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: faults in each step of a takeover: the device waits on with its I/O, and the next one succeeds
# timeout: 900
# only: kasan
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/fault.sh"

SERVER=(--id 0 --depth 8 --size 8M --file "$PWD/backing" --flags no-part-scan)

faulty_takeover()
{
	local res step=$2
	run_bg held write_block 0 1
	wait_for 30 parked_some 0
	run_bg new become_server new.out ublk-raw-server --takeover "${SERVER[@]}" --timeout 10 \
		--fail-nth "$step:$1"
	wait_for 60 eval 'has_line new "^(NOT_)?READY" || ! is_running new'
	if ! has_line new '^READY'; then
		res=$(sed -n 's/^\(START\|END\)_RECOVERY .*errno=//p' new.out)
		is_honest "${res:-OK}" || fail "$step, fault $1: $res"
		is_running held || fail "the parked write ended"
		! is_running new || kill_bg new KILL
		server_ends new
		local hit=$HIT
		wait_state 0 QUIESCED
		serve new --takeover "${SERVER[@]}"
		HIT=$hit
	else
		HIT=1
		! has_line new '^FAULT .* hit=0' || HIT=0
	fi
	wait_bg held
	kill_server new
	wait_state 0 QUIESCED
}

unwatched
serve old "${SERVER[@]}" --recovery reissue
kill_server old
wait_state 0 QUIESCED
for step in start-recovery open fetch live; do
	each_fault faulty_takeover "$step"
done
stop_ends 0
result "$FAULTS allocations and copies failed"
