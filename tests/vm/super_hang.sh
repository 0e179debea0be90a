# SPDX-License-Identifier: MIT OR LGPL-2.1-or-later
# shellcheck shell=bash
# desc: --hang-timeout: a server that answers nothing is killed and recovered; an idle one is not
# timeout: 180
. "$UBLK_TESTS/vm/lib.sh"
. "$UBLK_TESTS/vm/cli.sh"

requires ublk ublk-loop ublk-fault jq
img=$SCRATCH/hang.img
head -c 16M /dev/urandom >data
cp data "$img"
cleanup rm -f "$img" "$SCRATCH/once"

is_whole() { bounded 90 dd if=/dev/ublkb0 bs=1M iflag=direct status=none | cmp - data; }

# hangs HOW: with this fault, the tenth read is not answered; the next server is fine.
hangs()
{
	note "$1"
	rm -f "$SCRATCH/once" log
	ublk add fault loop --file "$img" --id 0 --supervise --recovery reissue \
		--hang-timeout 2 --log "$PWD/log" --fault "$1,op=read,nth=10,once=$SCRATCH/once"
	server=$(server_of 0)
	is_whole
	[ -e "$SCRATCH/once" ] || fail "it never hung"
	[ "$(server_of 0)" != "$server" ] || fail "it was not replaced"
	grep -q "answered none for 2 s: killed" log || fail "the log does not tell: $(cat log)"
	grep -q "killed by signal 9" log || fail "the log does not tell: $(cat log)"
	ublk del 0
}

hangs stall
hangs stop

note "stopped while it has nothing to do: noticed when there is something"
ublk add loop --file "$img" --id 0 --supervise --recovery reissue --hang-timeout 2 --log "$PWD/log2"
udev_settled
server=$(server_of 0)

note "idle for more than twice as long: the same server"
sleep 5
[ "$(server_of 0)" = "$server" ] || fail "an idle server was killed: $(cat log2)"
kill -STOP "$server"
sleep 5
[ "$(server_of 0)" = "$server" ] || fail "a server that nobody waits for was killed: $(cat log2)"
is_whole
[ "$(server_of 0)" != "$server" ] || fail "it was not replaced"

note "without a supervisor it ends itself, if it can"
ublk del 0
rm -f "$SCRATCH/once"
ublk add fault loop --file "$img" --id 0 --recovery reissue --hang-timeout 2 --log "$PWD/log3" \
	--fault "stall,op=read,nth=10,once=$SCRATCH/once"
run_bg reader dd if=/dev/ublkb0 of=read.out bs=1M iflag=direct status=none
ublk wait 0 quiesced --timeout 60
grep -q "answers none: killed" log3 || fail "the log does not tell: $(cat log3)"
ublk recover 0
wait_bg reader
cmp read.out data

note "and without the option it may take as long as it likes"
ublk del 0
rm -f "$SCRATCH/once"
ublk add fault loop --file "$img" --id 0 --recovery reissue --supervise \
	--fault "hold,op=read,nth=10,ms=6000,once=$SCRATCH/once"
server=$(server_of 0)
is_whole
[ -e "$SCRATCH/once" ] || fail "it held nothing"
[ "$(server_of 0)" = "$server" ] || fail "it was replaced"
ublk del 0
