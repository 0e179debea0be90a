# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: quiesce, resize, wait and stop (safe, kill) say in JSON what they did
# timeout: 90
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop jq
img=$SCRATCH/verbs.img
truncate -s 64M "$img"
cleanup rm -f "$img"
says() { "${@:2}" >says.json; json says.json "$1"; }

ublk add loop --file "$img" --id 0 >/dev/null
note "quiesce: the server goes when it has finished, the next one comes"
server=$(ublk info 0 --json | jq .server_pid)
says '.state == "QUIESCED"' ublk quiesce 0 --json
wait_for 20 server_gone "$server"
says '.state == "QUIESCED"' ublk wait 0 quiesced --json
expect 6 '"kind": "timeout"' ublk wait 0 live --timeout 1 --json
says '.state == "LIVE" and .restarts == 1' ublk recover 0 --json

note "resize: smaller and back"
says '.capacity == 33554432' ublk resize 0 32M --json
[ "$(blockdev --getsize64 /dev/ublkb0)" = 33554432 ] || fail "the disk is not 32 MiB"
says '.capacity == 67108864' ublk resize 0 64M --json
expect 1 '"error"' ublk resize 0 1000 --json

note "stop --safe: not while somebody has it open, and nothing changes"
exec 7</dev/ublkb0
expect 5 '"kind": "busy"' ublk stop 0 --safe --json
json <(ublk info 0 --json) '.state == "LIVE" and .server_alive'
exec 7<&-
says '.state == "DEAD" and (.killed | not)' ublk stop 0 --safe --json
expect 2 "exclude each other" ublk stop 0 --safe --kill
ublk del 0 >/dev/null

note "stop --kill: of a server that does not move"
ublk add loop --file "$img" --id 0 >/dev/null
kill -STOP "$(ublk info 0 --json | jq .server_pid)"
says '.state == "DEAD" and .killed and .fence_free' ublk stop 0 --kill --json
says '.state == "GONE"' ublk del 0 --json
