# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: crash after crash under load: before END, between FETCHes, at the moment of going live
# covers: A5 A6
# timeout: 200
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"
. "$UBLK_TESTS/vm/kills.sh"

ARGS=(--queues 2 --depth 16 --size 16M --file "$SCRATCH/crash_twice" --recovery reissue)
rm -f "$SCRATCH/crash_twice"
cleanup rm -f "$SCRATCH/crash_twice"

# a server that takes over and dies at that moment
dies_at()
{
	run_bg srv become_server srv.out ublk-raw-server --id 0 --takeover "${ARGS[@]}" \
		--do "die@$1"
	wait_bg srv 137
	wait_state 0 QUIESCED
}

trace_on "${ALL_EVENTS[@]}"
serve srv --id 0 "${ARGS[@]}"
start_load /dev/ublkb0 --depth 32 --jobs 2 --bs 16K --size 8M

for chain in 'ready ready' 'request:1 request:40 commit:1' 'added opened between-fetches fetched' \
	'fetched fetched fetched' 'between-fetches ready between-fetches'; do
	note "$chain"
	moment 50 150
	kill_server srv
	wait_state 0 QUIESCED
	for when in $chain; do
		dies_at "$when"
	done
	serve srv --id 0 --takeover "${ARGS[@]}"
	state_is 0 LIVE || fail "$(state_of 0) after all"
done

note "killed while somebody else's END waits for it"
kill_server srv
wait_state 0 QUIESCED
serve_until '^ADDED ' srv --id 0 --takeover "${ARGS[@]}" --no-start --fetch-only 3
run_bg end become_server end.out ublk-ctl end-recovery --id 0 --pid "$BG_srv" --timeout 60
bring_up() { [ "$(sed -n 's/^ready: //p' "$DEBUG/0/device")" = 6 ]; }
wait_for 30 bring_up
is_running end || fail "END did not wait: $(cat end.out)"
kill_server srv
state_is 0 QUIESCED || fail "$(state_of 0) when a server died before END"
# that END is for a server that is no more: the next one's is the one that counts
serve srv --id 0 --takeover "${ARGS[@]}"
state_is 0 LIVE || fail "$(state_of 0) after all"
wait_bg end any
! grep -q '^res=0' end.out || fail "END succeeded for a dead server"

trace_off
trace_save trace
stop_load
load_says errors 0
load_says wrong 0
stop_ends 0
wait_bg srv
ublk-trace-check --need recovery=12 trace >check.out || {
	tail -n 30 check.out
	fail "ublk-trace-check rejects the trace"
}
# nine more sessions ended before they were LIVE
grep -q " retired=21 " check.out || fail "$(cat check.out)"
