# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: zoned parameters' errnos; the server dies, stalls or lies while START asks for the zones
# timeout: 150
# tier: full
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/raw.sh"

zones=(--types 9 --size 16M --param chunk_sectors=2048 --param max_zone_append_sectors=64)

note "errnos"
ctl EINVAL add --id 0 --flags zoned
ctl OK add --id 0 --flags zoned,user-copy
ctl EINVAL set-params --id 0 --types 1 --size 16M
ctl EINVAL set-params --id 0 "${zones[@]}" --param chunk_sectors=0
ctl EINVAL set-params --id 0 "${zones[@]}" --param chunk_sectors=2047
ctl EINVAL set-params --id 0 "${zones[@]}" --param dev_sectors=2049
ctl EINVAL set-params --id 0 "${zones[@]}" --param dev_sectors=0
ctl EINVAL set-params --id 0 "${zones[@]}" --param max_zone_append_sectors=0
ctl EINVAL set-params --id 0 "${zones[@]}" --param max_open_zones=17
ctl EINVAL set-params --id 0 "${zones[@]}" --param max_active_zones=17
ctl EINVAL set-params --id 0 "${zones[@]}" --param max_open_zones=3 --param max_active_zones=2
ctl OK set-params --id 0 "${zones[@]}"
ctl ENODEV update-size --id 0 --sectors 2048
ctl OK del --id 0
ctl OK add --id 0 --flags user-copy
ctl EINVAL set-params --id 0 "${zones[@]}"
ctl OK del --id 0

# asked ID FLAGS ARG..: START waits for a server that has been asked for its zones
asked()
{
	local id=$1 flags=$2
	shift 2
	ctl OK add --id "$id" --flags "zoned,user-copy$flags" --depth 4
	ctl OK set-params --id "$id" "${zones[@]}"
	serve_until '^FETCHED' "srv$id" --id "$id" --no-add --no-start --mode user-copy \
		--do stall@request:1 "$@"
	local pid=BG_srv$id
	run_bg "start$id" become_server "start$id.out" ublk-ctl start --id "$id" --pid "${!pid}" \
		--timeout 90
	wait_for 30 eval "[ \"\$(slots $id SERVER)\" = 1 ]"
	[ "$(state_of "$id")" = LIVE ] || fail "the device is $(state_of "$id")"
}

# started ID ERRNO: what START ends with, soon
started()
{
	wait_for 30 eval "! is_running start$1"
	wait_bg "start$1" any
	grep -qx "errno=$2" "start$1.out" || fail "START: $(cat "start$1.out"), not $2"
	[ ! -e "/sys/block/ublkb$1" ] || fail "there is a disk"
}

note "the server dies, recovery off: the monitor stops the device, START ends"
asked 0 ""
kill_server srv0
started 0 EBUSY
wait_state 0 DEAD
del_ends 0

note "the server dies, recovery on: START waits for the next one, STOP ends both"
asked 0 ,recovery,reissue
kill_server srv0
wait_state 0 QUIESCED
is_running start0 || fail "START gave up: $(cat start0.out)"
[ "$(counter 0 parked_now)" = 1 ] || fail "the report is not parked"
ctl EEXIST start --id 0 --pid $$
ctl OK stop --id 0 --timeout 20
started 0 EBUSY
del_ends 0

note "the next server is asked instead; it has no answer, so there is no disk"
asked 0 ,recovery,reissue
kill_server srv0
wait_state 0 QUIESCED
serve_until '^READY' next --id 0 --takeover --mode user-copy
started 0 EOPNOTSUPP
wait_state 0 DEAD
wait_bg next any
del_ends 0

note "plain recovery: what the server had been asked fails, and so does START"
asked 0 ,recovery
kill_server srv0
started 0 EIO
del_ends 0

note "a server that does not answer: STOP does not wait for it, START can be interrupted"
param stop_timeout_ms 600000
asked 0 ,recovery,reissue
asked 1 ""
ctl OK stop --id 0 --timeout 20
started 0 EBUSY
kill_server srv0
del_ends 0
kill_bg start1 TERM
wait_bg start1 any
wait_state 1 DEAD
[ ! -e /sys/block/ublkb1 ] || fail "there is a disk"
kill_server srv1
del_ends 1

note "a server that says nothing, and calls it an answer"
ctl OK add --id 0 --flags zoned,user-copy --depth 4
ctl OK set-params --id 0 "${zones[@]}"
serve_until '^FETCHED' srv --id 0 --no-add --no-start --mode user-copy --result 1024
ctl ENODEV start --id 0 --pid "$BG_srv" --timeout 30
wait_state 0 DEAD
wait_bg srv any
del_ends 0
