# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk add loop, list, info, wait, resize, stop, del: what they say and how they end
# timeout: 120
# kernels: all
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop jq
img=$SCRATCH/loop.img
truncate -s 64M "$img"
cleanup rm -f "$img" "$img.2"

note "add: answers when the disk is there"
ublk add loop --file "$img" --id 5 --queues 1 --depth 64 --name mydisk --json >add.json
json add.json '.id == 5 and .state == "LIVE" and .disk == "/dev/ublkb5"'
json add.json '.capacity == 67108864 and .depth == 64 and .queues == 1 and .name == "mydisk"'
json add.json '.recovery == "reissue" and .fenced and .server_alive and .record == "good"'
json add.json '.volatile_cache and .fua and (.read_only | not) and .max_discard > 0'
[ -b /dev/ublkb5 ] || fail "no /dev/ublkb5"
[ "$(blockdev --getsize64 /dev/ublkb5)" = 67108864 ] || fail "wrong size"
server=$(jq .server_pid add.json)

note "the server: nothing of ours is open in it, the record can be read by people"
[ "$(readlink "/proc/$server/fd/0")" = /dev/null ] || fail "stdin is not /dev/null"
[ "$(readlink "/proc/$server/fd/1")" = /dev/null ] || fail "stdout is not /dev/null"
[ "$(readlink "/proc/$server/fd/2")" = /dev/null ] || fail "stderr is not /dev/null"
[ "$(readlink "/proc/$server/cwd")" = / ] || fail "the server sits in $(readlink "/proc/$server/cwd")"
json add.json ".argv | index(\"--file=$img\") and index(\"--name=mydisk\")"

note "list and info agree"
ublk list --json >list.json
json list.json '.devices | length == 1 and .[0].id == 5 and .[0].state == "LIVE"'
ublk list | grep -qE '^ *5 +LIVE +64 MiB +1x64 +[0-9]+ +0 +0 +0\.0s +reissue +loop +fenced +mydisk' ||
	fail "list says: $(ublk list)"
ublk info 5 --json >info.json
moving='del(.state_ms, .in_flight, .in_server)'
[ "$(jq -S "$moving" info.json)" = "$(jq -S ".devices[0] | $moving" list.json)" ] ||
	fail "info and list differ"
ublk info /dev/ublkb5 | grep -q '^state  *LIVE$' || fail "info says: $(ublk info 5)"

note "what cannot be added is refused, with the reason"
expect 5 "is locked" ublk add loop --file "$img"
expect 5 "5" ublk add loop --file "$img" --id 5
ls -A "${UBLK_RUN_DIR:-/run/ublk}" >records # its record and its counters
[ "$(xargs <records)" = "5 5.stats" ] || fail "records: $(cat records)"

note "wait"
ublk wait 5 live --timeout 0
expect 6 "5" ublk wait 5 quiesced --timeout 1
expect 3 "6" ublk wait 6 live --timeout 1
ublk wait 6 gone --timeout 0

note "resize"
truncate -s 96M "$img"
ublk resize 5 96M --json >resize.json
json resize.json '.capacity == 100663296'
[ "$(blockdev --getsize64 /dev/ublkb5)" = 100663296 ] || fail "not resized"
expect 1 "5" ublk resize 5 1000
expect 3 "6" ublk resize 6 1M

note "stop: if-unused, then for real; the id stays"
exec 9</dev/ublkb5
expect 5 "5" ublk stop 5 --if-unused
exec 9<&-
ublk stop 5 --json >stop.json
json stop.json '.id == 5 and .state == "DEAD" and (.killed | not) and .fence_free'
[ ! -b /dev/ublkb5 ] || fail "the disk is still there"
wait_for 10 server_gone "$server"
ublk info 5 --json >info.json
json info.json '.state == "DEAD" and (.server_alive | not) and .disk == null'

note "recover starts a stopped device again, del removes it and its record"
ublk recover 5 --json >again.json
json again.json '.state == "LIVE" and .capacity == 100663296'
ublk del 5 --json >del.json
json del.json '.id == 5 and .state == "GONE"'
[ ! -e "${UBLK_RUN_DIR:-/run/ublk}/5" ] || fail "the record is still there"
expect 3 "5" ublk info 5
expect 3 "5" ublk del 5
expect 3 "5" ublk stop 5
ublk list --json >list.json
json list.json '.devices == []'

note "quiesce: the server finishes and goes, the next one takes over"
ublk add loop --file "$img" --id 5 --json >add.json
server=$(jq .server_pid add.json)
ublk quiesce 5
wait_for 20 server_gone "$server"
ublk wait 5 quiesced --timeout 30
ublk recover 5
ublk del 5

note "null forgets, also with buffers that others wrote from"
ublk add null --id 1 --size 1M --depth 1
for bs in 16k 64k 4k; do
	dd if=/dev/urandom of=/dev/ublkb1 bs="$bs" count=1 oflag=direct status=none
	cmp <(dd if=/dev/ublkb1 bs=256k iflag=direct status=none) <(head -c 1M /dev/zero)
done
ublk del 1

note "null and mem without buffers: the data is copied by request"
ublk add null --id 1 --size 1M --data user-copy
cmp <(dd if=/dev/ublkb1 bs=256k iflag=direct status=none) <(head -c 1M /dev/zero)
ublk del 1
ublk add mem --id 1 --size 4M --data user-copy
head -c 4M /dev/urandom >data
dd if=data of=/dev/ublkb1 bs=256k oflag=direct status=none
cmp data <(dd if=/dev/ublkb1 bs=1M iflag=direct status=none)
ublk del 1
expect 1 "cannot serve data mode user-copy" ublk add loop --file "$img" --data user-copy

note "the same file at once again, as something else"
ublk add loop --file "$img" --read-only --block-size 4096 --recovery off --json >ro.json
id=$(jq .id ro.json)
json ro.json '.read_only and .logical_block == 4096 and .recovery == "off" and .max_discard == 0'
! dd if=/dev/zero of="/dev/ublkb$id" bs=4k count=1 oflag=direct 2>/dev/null ||
	fail "a read-only disk was written"
ublk del "$id"
