# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: ublk-fault does each of its wrongs, on the request it was told, and nothing else
# timeout: 120
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-fault jq
img=$SCRATCH/fault.img
truncate -s 8M "$img"
cleanup rm -f "$img"
head -c 4096 /dev/urandom >block

# start RULE..: device 0, faulty
start()
{
	local rule args=()
	for rule in "$@"; do
		args+=(--fault "$rule")
	done
	ublk add fault loop --file "$img" --id 0 --depth 16 "${args[@]}"
}

put() { dd if=block of=/dev/ublkb0 bs=4096 seek="$1" oflag=direct status=none; }
get() { dd if=/dev/ublkb0 bs=4096 skip="$1" count=1 iflag=direct status=none; }
server() { ublk info 0 --json | jq .server_pid; }
in_file() { cmp -s block <(dd if="$img" bs=4096 skip="$1" count=1 status=none); }

# are_in_file BLOCK..: these writes were applied
are_in_file()
{
	local block
	for block in "$@"; do
		in_file "$block" || fail "block $block is not in the file"
	done
}
now_ms() { date +%s%3N; }

note "fail: the third write, and only that"
start fail,op=write,nth=3,errno=ENOSPC
put 0
put 1
! put 2 2>err || fail "the third write went well"
grep -q "No space left" err || fail "$(cat err)"
put 3
are_in_file 0 1 3
! in_file 2 || fail "the failed write was applied"
ublk del 0

note "drop: acknowledged, not there"
start drop,op=write,nth=2
put 10
put 11
put 12
are_in_file 10 12
! in_file 11 || fail "the dropped write was applied"
ublk del 0

note "delay and hold: late, but whole"
start delay,op=write,ms=300,nth=1 hold,op=write,ms=300,nth=2
before=$(now_ms)
put 20
put 21
[ $(($(now_ms) - before)) -ge 600 ] || fail "nothing was late"
are_in_file 20 21
ublk del 0

note "stall: never answered; stop --kill ends it"
start stall,op=write,nth=1
run_bg writer dd if=block of=/dev/ublkb0 bs=4096 seek=30 oflag=direct status=none
wait_for 10 grep -q SERVER /sys/kernel/debug/ublk/0/slots
ublk stop 0 --kill
wait_bg writer 1
! in_file 30 || fail "the stalled write was applied"
ublk del 0

note "kill: before applying and after"
for when in before after; do
	start "kill,op=write,nth=2,when=$when,once=$PWD/once.$when"
	put 40
	run_bg writer dd if=block of=/dev/ublkb0 bs=4096 seek=41 oflag=direct status=none
	ublk wait 0 quiesced --timeout 30
	if [ $when = before ]; then
		! in_file 41 || fail "applied before it died"
	else
		in_file 41 || fail "not applied before it died"
	fi
	ublk recover 0
	wait_bg writer
	in_file 41 || fail "the write is lost"
	ublk del 0
	dd if=/dev/zero of="$img" bs=4096 seek=40 count=2 conv=notrunc status=none
done

note "stop: frozen at a named point, found and ended from outside"
run_bg adder ublk add fault loop --file "$img" --id 0 --fault stop,at=before-start
is_frozen() { grep -qs "^State:.T" "/proc/$(pgrep -x ublk-fault)/status"; }
wait_for 20 is_frozen
ublk info 0 --json >info.json
json info.json '.state == "DEAD" and .server_alive'
[ "$(jq .server_pid info.json)" = "$(pgrep -x ublk-fault)" ] || fail "$(cat info.json)"
ublk stop 0 --kill
wait_bg adder 1
ublk del 0

note "a faulty server's device can be taken over by a sound one"
start fail,op=read
! get 0 >/dev/null 2>&1 || fail "the read went well"
kill -KILL "$(server)"
ublk wait 0 quiesced --timeout 30
ublk recover 0 -- ublk-loop --file "$img"
get 0 | cmp - <(dd if="$img" bs=4096 count=1 status=none)
ublk del 0

note "around null and mem"
ublk add fault null --id 0 --fault fail,op=write,nth=2
put 0
! put 0 2>err || fail "the second write went well"
ublk del 0
ublk add fault mem --size 4M --id 0 --fault drop,op=write,nth=1
put 0
put 1
get 0 | cmp - <(head -c 4096 /dev/zero)
get 1 | cmp - block
ublk del 0
