# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a supervised loop server comes back by itself, gives up when it must, ends when told
# timeout: 180
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop ublk-fault jq
img=$SCRATCH/supervised.img
truncate -s 32M "$img"
cleanup rm -f "$img"
head -c 32M /dev/urandom >data

note "killed three times while it is written to: nobody notices"
ublk add loop --file "$img" --id 0 --supervise --log "$PWD/log"
supervisor=$(ps -o ppid= -p "$(server_of 0)" | tr -d ' ')
run_bg writer dd if=data of=/dev/ublkb0 bs=64k oflag=direct conv=fsync status=none
for _ in 1 2 3; do
	server=$(server_of 0)
	kill -KILL "$server"
	wait_for 30 eval '[ "$(server_of 0)" != "$server" ] && state_is 0 LIVE'
done
wait_bg writer
cmp data "$img"
grep -q "killed by signal 9" log || fail "the log does not tell: $(cat log)"

note "stop from outside ends supervisor and server"
ublk stop 0
wait_for 20 server_gone "$supervisor"
ublk del 0

note "stop --kill of a server that does not move; it is not brought back"
ublk add loop --file "$img" --id 0 --supervise
server=$(server_of 0)
supervisor=$(ps -o ppid= -p "$server" | tr -d ' ')
kill -STOP "$server"
ublk stop 0 --kill --timeout 60 --json >stop.json
json stop.json '.state == "DEAD" and .killed and .fence_free'
wait_for 20 server_gone "$supervisor"
json <(ublk info 0 --json) '.state == "DEAD"'
ublk del 0

note "SIGTERM to the supervisor: an orderly end, device and record gone"
ublk add loop --file "$img" --id 0 --supervise
supervisor=$(ps -o ppid= -p "$(server_of 0)" | tr -d ' ')
kill -TERM "$supervisor"
wait_for 30 server_gone "$supervisor"
ublk wait 0 gone --timeout 10
[ ! -e "${UBLK_RUN_DIR:-/run/ublk}/0" ] || fail "the record is still there"

note "a server that dies at every start: given up, the device waits"
ublk add fault loop --file "$img" --id 0 --supervise --log "$PWD/log2" \
	--fault kill,op=read,nth=100
supervisor=$(ps -o ppid= -p "$(server_of 0)" | tr -d ' ')
run_bg reader dd if=/dev/ublkb0 of=read.out bs=4k count=4096 iflag=direct status=none
wait_for 90 server_gone "$supervisor"
grep -q "gave up" log2 || fail "the log does not tell: $(cat log2)"
ublk wait 0 quiesced --timeout 30
ublk recover 0 -- ublk-loop --file "$img"
wait_bg reader
cmp -n 16777216 read.out data
ublk del 0

note "hand-over: SIGTERM leaves the device to the next one"
ublk add loop --file "$img" --id 0 --hand-over
server=$(server_of 0)
kill -TERM "$server"
wait_for 30 server_gone "$server"
ublk wait 0 quiesced --timeout 30
ublk recover 0
dd if=/dev/ublkb0 bs=1M iflag=direct status=none | cmp - data
ublk del 0
