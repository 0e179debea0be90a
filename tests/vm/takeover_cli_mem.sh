# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: a memory disk: refused without its memory, whole again if somebody kept it
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-mem jq
head -c 8M /dev/urandom >data

fill()
{
	dd if=data of="/dev/ublkb$1" bs=1M oflag=direct status=none
}

is_whole()
{
	bounded 60 dd if="/dev/ublkb$1" bs=1M count=8 iflag=direct status=none | cmp - data
}

note "nobody keeps the memory: the takeover is refused with a reason, again and again"
ublk add mem --size 16M --id 0 --recovery reissue
fill 0
kill -KILL "$(server_of 0)"
ublk wait 0 quiesced --timeout 30
for _ in 1 2; do
	expect 1 "the memory of device 0 died with its server" ublk recover 0
	state_is 0 QUIESCED || fail "the device is $(state_of 0)"
done
ublk del 0

note "the caller keeps it and hands it in"
: >/dev/shm/kept
cleanup rm -f /dev/shm/kept /dev/shm/other
exec 7<>/dev/shm/kept
ublk add mem --size 16M --id 0 --recovery reissue --memory-fd 7
fill 0
kill -KILL "$(server_of 0)"
ublk wait 0 quiesced --timeout 30
expect 1 "died with its server" ublk recover 0
ublk recover 0 -- ublk-mem --size 16M --memory-fd 7
is_whole 0

note "somebody else's memory is not taken"
exec 8<>/dev/shm/other
ublk add mem --size 16M --id 1 --memory-fd 8
kill -KILL "$(server_of 0)"
ublk wait 0 quiesced --timeout 30
ublk del 1
expect 5 "belongs to another device" ublk recover 0 -- ublk-mem --size 16M --memory-fd 8
exec 8<&-
ublk recover 0 -- ublk-mem --size 16M --memory-fd 7
is_whole 0
ublk del 0
exec 7<&-

note "a parent keeps it: back by itself, each time"
ublk add mem --size 16M --id 0 --recovery reissue --supervise
fill 0
for _ in 1 2 3; do
	server=$(server_of 0)
	kill -KILL "$server"
	is_whole 0
	wait_for 20 eval '[ "$(server_of 0)" != "$server" ]'
done
parent=$(ps -o ppid= -p "$(server_of 0)" | tr -d ' ')
[ "$(cat "/proc/$parent/comm")" = ublk-mem ] || fail "no supervisor"
ublk del 0
wait_for 20 server_gone "$parent"
