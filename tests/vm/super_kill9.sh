# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: SIGKILL of the supervisor, of both, of the supervisor during recovery: recoverable, one server
# timeout: 200
# kernels: 7.3
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop ublk-fault jq
img=$SCRATCH/super.img
head -c 16M /dev/urandom >data
cp data "$img"
cleanup rm -f "$img" "$SCRATCH/once"

parent_of() { ps -o ppid= -p "$1" | tr -d ' '; }
is_whole() { bounded 60 dd if=/dev/ublkb0 bs=1M iflag=direct status=none | cmp - data; }
has_other_server() { [ "$(server_of 0)" != "$server" ] && state_is 0 LIVE; }

# Who has the device's node open, besides this moment's commands.
servers()
{
	local fd
	for fd in /proc/[0-9]*/fd/*; do
		[ "$(readlink "$fd")" != /dev/ublkc0 ] || cut -d/ -f3 <<<"$fd"
	done | sort -u
}

one_server()
{
	local n
	n=$(servers | grep -c . || true)
	[ "$n" -le 1 ] || fail "$n servers at once: $(servers | xargs)"
}

start()
{
	ublk add "$@" --file "$img" --id 0 --supervise --log "$PWD/log" --recovery reissue
	server=$(server_of 0)
	supervisor=$(parent_of "$server")
	[ "$(cat "/proc/$supervisor/comm")" = "$(cat "/proc/$server/comm")" ] || fail "no supervisor"
}

note "the supervisor: its server goes on, and without it nobody comes"
start loop
kill -KILL "$supervisor"
wait_for 20 server_gone "$supervisor"
is_whole
[ "$(server_of 0)" = "$server" ] || fail "the server is another one"
expect 5 "has a living server" ublk recover 0
kill -KILL "$server"
ublk wait 0 quiesced --timeout 30

note "by hand, and that is supervised again"
ublk recover 0
is_whole
server=$(server_of 0)
supervisor=$(parent_of "$server")
kill -KILL "$server"
wait_for 60 has_other_server
one_server
is_whole

note "both at once, under load"
server=$(server_of 0)
run_bg reader dd if=/dev/ublkb0 of=read.out bs=4k iflag=direct status=none
sleep 0.3
kill -KILL "$supervisor" "$server"
ublk wait 0 quiesced --timeout 30
[ "$(ublk list --json | jq -r '.devices[0].state')" = QUIESCED ] || fail "list does not say so"
[ -z "$(servers)" ] || fail "somebody serves: $(servers)"
ublk recover 0
wait_bg reader
cmp read.out data
ublk del 0

note "the supervisor, while its server is in the middle of a takeover"
rm -f "$SCRATCH/once"
start fault loop --fault "stop,at=after-start-recovery,once=$SCRATCH/once"
run_bg reader dd if=/dev/ublkb0 of=read.out bs=4k iflag=direct status=none
kill -KILL "$server"
wait_for 60 test -e "$SCRATCH/once"
is_stopped() { worker=$(pgrep -P "$supervisor") && grep -q '^State:.T' "/proc/$worker/status"; }
wait_for 30 is_stopped
kill -KILL "$supervisor"
wait_for 20 server_gone "$supervisor"
note "a second one beside the half-done first: there is never more than one"
bounded 60 ublk recover 0 -- ublk-loop --file "$img" --fence-timeout 3000 >second.out 2>&1 ||
	note "refused: $(cat second.out)"
one_server
kill -CONT "$worker" 2>/dev/null || true
wait_for 60 state_is 0 LIVE
one_server
wait_bg reader
cmp read.out data
is_whole

note "given up after the limit: the device waits, and nothing was deleted"
ublk del 0
start loop --restarts 2
for _ in 1 2; do
	server=$(server_of 0)
	kill -KILL "$server"
	wait_for 60 has_other_server
done
kill -KILL "$(server_of 0)"
wait_for 30 server_gone "$supervisor"
ublk wait 0 quiesced --timeout 30
grep -q 'gave up after 3 starts; device 0 waits for "ublk recover 0"' log ||
	fail "the log does not tell: $(cat log)"
[ "$(ublk list | awk '$1 == 0 { print $2, $6 }')" = "QUIESCED -" ] || fail "$(ublk list)"
ublk recover 0
is_whole
ublk del 0
